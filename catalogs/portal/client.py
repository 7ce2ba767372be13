"""The portal as the rest of the project sees it: list pairs, read a manifest, fetch a file."""

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import sleep

from catalogs.portal import patience
from catalogs.portal.added_source import AddedSource
from catalogs.portal.answers import read_page
from catalogs.portal.fetch import FetchedFile, fetch_file
from catalogs.portal.folder import (
    find_delay_file,
    find_frame_file,
    is_folder_url,
    list_folder,
    read_folder,
)
from catalogs.portal.listing import PairEntry, is_cut, parse_pairs
from catalogs.portal.manifest import file_address, find_delay, parse_manifest
from catalogs.portal.roots import Root
from catalogs.portal.session import PortalSession
from catalogs.portal.union import PairListing, RootAnswer, RootMemory, RootState, ShortMemory, unite
from catalogs.records import FrameId, FrameRaster, Product, RemoteFile, RemoteFrameFile
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError

__all__ = ["PairListing", "Portal"]

logger = logging.getLogger(__name__)


class Portal:
    """The LiCSAR portal behind one or more roots.

    A root may also be a folder of this machine, or a source that another package adds.

    Parameters
    ----------
    roots : sequence of str
        Addresses of the folder that holds the track folders, or paths of folders, in the order in
        which to prefer them.
    session : PortalSession
        Made by `make_session`; the caller closes it. It may ask the hosts of the roots from now
        on.
    memory : RootMemory, optional
        Remembers the root that won for a frame, which is then preferred.

    Raises
    ------
    BadInputError
        If there is no root, or one is none that `Root.parse` knows.
    """

    def __init__(
        self, roots: Sequence[str], session: PortalSession, memory: RootMemory | None = None
    ) -> None:
        if not roots:
            message = "the portal has no roots: give at least one address or folder"
            raise BadInputError(message)
        self._roots = tuple(Root.parse(root) for root in roots)
        self.roots = tuple(root.text for root in self._roots)
        self._added = {root.text: AddedSource(root.text) for root in self._roots if root.is_added}
        for root in self._roots:
            if root.is_address:
                session.allowed.add_root(root.text)
        self.session = session
        self.memory = ShortMemory() if memory is None else memory

    def list_pairs(self, frame: FrameId, *, everywhere: bool = True) -> PairListing:
        """Return the pairs of `frame` from all roots.

        Each root is asked once, and once more if its listing is empty or cut: the server may be
        writing it. A root that gives no answer is noted in the listing and passed over. The
        transition tree is asked only if no root before it lists the frame.

        Parameters
        ----------
        frame : FrameId
            Which frame.
        everywhere : bool
            If False, the root that won last time is asked alone, with one request, and the others
            only if it gives no listing or has fallen behind: what a run every night needs.

        Raises
        ------
        SourceUnavailableError
            If no root has the frame and at least one of them gave no answer.
        MissingProductError
            If all roots answer that they have no such frame.
        """
        answers: list[RootAnswer] = []
        all_asked = True
        for root in self._in_order(frame):
            if not everywhere and answers and answers[0].is_recent():
                all_asked = False
                break
            if root.layout.is_fallback and any(answer.entries for answer in answers):
                continue
            answers.append(self._ask_root(root, frame))
        answers = self._ask_again(frame, answers)
        if not any(answer.state is RootState.LISTED for answer in answers):
            raise _no_listing(frame, answers)
        listing = unite(answers)
        is_complete = all_asked and not (listing.unavailable or listing.cut)
        listing = replace(listing, is_complete=is_complete)
        for answer in listing.stale:
            logger.warning("%s is behind with %s: its newest pair is %s",
                           answer.root, frame, answer.newest)  # fmt: skip
        if listing.entries and self.memory.recall(frame) != listing.root:
            self.memory.remember(frame, listing.root)
        return listing

    def read_manifest(
        self,
        frame: FrameId,
        entry: PairEntry,
        needed: Collection[Product] = Product.DIFF_PHA.needed,
    ) -> Mapping[Product, RemoteFile]:
        """Return where the products of a listed pair lie; products that it lacks are not in it.

        One request, unless the pair lacks a needed product there and is listed elsewhere too.

        Raises
        ------
        MissingProductError
            If the pair was listed but is not there (404): a stale entry.
        SourceUnavailableError
            If there is no answer after all repetitions.
        """
        found: dict[Product, RemoteFile] = {}
        refusals: list[MissingProductError | SourceUnavailableError] = []
        urls = (entry.url, *entry.elsewhere)
        for url in urls:
            try:
                files = self._read_pair(url, frame, entry, needed)
            except (MissingProductError, SourceUnavailableError) as error:
                logger.warning("%s %s: %s", frame, entry.pair, error)
                refusals.append(error)
                continue
            found = {**files, **found}
            if found.keys() >= {*needed}:
                break
        if len(refusals) == len(urls):
            # Silence is not taken for absence: what gave no answer may have it.
            silent = (e for e in refusals if isinstance(e, SourceUnavailableError))
            raise next(silent, refusals[0])
        return found

    def frame_files(self, frame: FrameId, raster: FrameRaster) -> tuple[RemoteFrameFile, ...]:
        """Return where a raster of the frame's metadata may be, in the order to ask; no request.

        Metadata has no manifest: in every tree it lies in a folder of the frame. Of folders of this
        machine, only those that hold it are named.
        """
        urls = (self._frame_file(root, frame, raster) for root in self._in_order(frame))
        return tuple(RemoteFrameFile(frame, raster, url) for url in urls if url is not None)

    def _frame_file(self, root: Root, frame: FrameId, raster: FrameRaster) -> str | None:
        """Return where a root would have a raster of the frame's metadata; None if it has not."""
        if root.is_added:
            return self._added[root.text].find_frame_file(frame, raster)
        if root.folder is not None:
            return find_frame_file(root.folder, frame, raster)
        return file_address(root.frame_file_url(frame, raster))

    def delay_files(
        self, frame: FrameId, date: dt.date, raster: FrameRaster
    ) -> Iterator[RemoteFrameFile]:
        """Give where the delay of a date may be, in the order to ask; a request for each root.

        Raises
        ------
        SourceUnavailableError
            If a root gave no answer, after what the others have of it.
        """
        silent: SourceUnavailableError | None = None
        for root in self._in_order(frame):
            try:
                found = self._find_delay(root, frame, date, raster)
            except MissingProductError:
                continue
            except SourceUnavailableError as error:
                logger.warning("the portal root %s is passed over: %s", root.text, error)
                silent = silent or error
                continue
            if found is not None:
                yield found
        if silent is not None:
            raise silent

    def _find_delay(
        self, root: Root, frame: FrameId, date: dt.date, raster: FrameRaster
    ) -> RemoteFrameFile | None:
        if root.is_added:
            return None
        if root.folder is not None:
            url = find_delay_file(root.folder, frame, date, raster)
            return RemoteFrameFile(frame, raster, url, date) if url else None
        page = read_page(self.session, root.epoch_url(frame, date))
        return find_delay(page.text, page.url, frame, date, raster)

    def fetch(
        self, remote: RemoteFile | RemoteFrameFile, destination: Path, check: Callable[[Path], None]
    ) -> FetchedFile:
        """Return the file at `destination`, whole and checked: see `fetch_file`."""
        return fetch_file(self.session, remote, destination, check)

    def _in_order(self, frame: FrameId) -> list[Root]:
        """All roots, the one that won last time first."""
        winner = self.memory.recall(frame)
        return sorted(self._roots, key=lambda root: root.text != winner)

    def _ask_again(self, frame: FrameId, answers: list[RootAnswer]) -> list[RootAnswer]:
        """Return `answers` with those that are doubtful asked for once more, after one pause."""
        if not any(answer.is_doubtful for answer in answers):
            return answers
        sleep(patience.REWRITING_S)
        roots = {root.text: root for root in self._roots}
        return [
            _surer(answer, self._ask_root(roots[answer.root], frame))
            if answer.is_doubtful
            else answer
            for answer in answers
        ]

    def _ask_root(self, root: Root, frame: FrameId) -> RootAnswer:
        """What one root says of a frame, or that it gives no answer."""
        try:
            entries, cut = self._list_root(root, frame)
        except MissingProductError as error:
            # The run says it once, and only if no root has the frame.
            logger.debug("the portal root %s has no frame %s", root.text, frame)
            return RootAnswer(root.text, RootState.NO_FRAME, reason=str(error))
        except SourceUnavailableError as error:
            logger.warning("the portal root %s is passed over: %s", root.text, error)
            return RootAnswer(root.text, RootState.UNAVAILABLE, reason=str(error))
        if not entries:
            logger.warning("the listing of %s at %s names no pair", frame, root.text)
        elif cut:
            logger.warning("the listing of %s at %s is cut", frame, root.text)
        return RootAnswer(root.text, RootState.LISTED, entries, is_cut=cut)

    def _list_root(self, root: Root, frame: FrameId) -> tuple[tuple[PairEntry, ...], bool]:
        """Return the pairs that a root lists, and whether its listing is cut."""
        if root.folder is not None:
            return list_folder(root.folder, frame), False
        if root.is_added:
            pairs = self._added[root.text].list_pairs(frame)
            return tuple(PairEntry(pair, is_folder=True, url=root.text) for pair in pairs), False
        page = read_page(self.session, root.pairs_url(frame))
        return parse_pairs(page.text, page.url), is_cut(page.text)

    def _read_pair(
        self, url: str, frame: FrameId, entry: PairEntry, needed: Collection[Product]
    ) -> dict[Product, RemoteFile]:
        if url in self._added:
            return self._added[url].read_pair(frame, entry.pair)
        if is_folder_url(url):
            return read_folder(url, frame, entry.pair, needed)
        page = read_page(self.session, url)
        return parse_manifest(page.text, page.url, frame, entry.pair)


def _surer(first: RootAnswer, second: RootAnswer) -> RootAnswer:
    """The second answer, unless it took pairs away that the first had named."""
    return second if second.state is RootState.LISTED or not first.entries else first


def _no_listing(
    frame: FrameId, answers: Sequence[RootAnswer]
) -> MissingProductError | SourceUnavailableError:
    """The error of a frame that no root could list: unreachable if any was, else missing."""
    if any(answer.state is RootState.UNAVAILABLE for answer in answers):
        said = "; ".join(
            f"{answer.root} gave no listing ({answer.reason})"
            if answer.state is RootState.UNAVAILABLE
            else f"{answer.root} has no such frame"
            for answer in answers
        )
        return SourceUnavailableError(f"no portal root could list the pairs of {frame}: {said}")
    *others, last = (answer.root for answer in answers)
    where = f"{len(answers)} roots ({', '.join(others)} and {last})" if others else last
    return MissingProductError(f"no such frame as {frame} at {where}")
