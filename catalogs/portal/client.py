"""The portal as the rest of the project sees it: list pairs, read a manifest, fetch a file."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalogs.portal.answers import read_page
from catalogs.portal.fetch import FetchedFile, fetch_file
from catalogs.portal.listing import PairEntry, parse_pairs
from catalogs.portal.manifest import parse_manifest
from catalogs.portal.roots import parse_root
from catalogs.portal.session import PortalSession
from catalogs.records import FrameId, Product, RemoteFile
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PairListing:
    """The pairs of a frame, from the first root that answered."""

    root: str
    entries: tuple[PairEntry, ...]
    """Oldest first; empty if the answer named no pair."""


class Portal:
    """The LiCSAR portal behind one or more roots.

    Parameters
    ----------
    roots : sequence of str
        Addresses of the folder that holds the track folders, in the order in which to ask them.
    session : PortalSession
        Made by `make_session`; the caller closes it.

    Raises
    ------
    BadInputError
        If there is no root, or one is no http or https address.
    """

    def __init__(self, roots: Sequence[str], session: PortalSession) -> None:
        if not roots:
            message = "the portal has no roots: give at least one address"
            raise BadInputError(message)
        self.roots = tuple(parse_root(root) for root in roots)
        self.session = session

    def list_pairs(self, frame: FrameId) -> PairListing:
        """Return the pairs of `frame` as the first root that knows it lists them.

        Raises
        ------
        SourceUnavailableError
            If no root has the frame and at least one of them gave no answer.
        MissingProductError
            If all roots answer that they have no such frame.
        """
        outcomes = []
        some_unavailable = False
        for root in self.roots:
            # With its last slash: without it the portal redirects for ever.
            url = f"{root}/{frame.track}/{frame}/interferograms/"
            try:
                page = read_page(self.session, url)
            except MissingProductError:
                outcomes.append(f"{root} has no such frame")
                logger.warning("the portal root %s has no frame %s", root, frame)
            except SourceUnavailableError as error:
                some_unavailable = True
                outcomes.append(f"{root} gave no listing ({error})")
                logger.warning("the portal root %s is passed over: %s", root, error)
            else:
                entries = parse_pairs(page.text, page.url)
                if not entries:
                    logger.warning("the listing %s names no pair", page.url)
                return PairListing(root, entries)
        if some_unavailable:
            message = f"no portal root could list the pairs of {frame}: {'; '.join(outcomes)}"
            raise SourceUnavailableError(message)
        message = f"no such frame at {', '.join(self.roots)}: {frame}"
        raise MissingProductError(message)

    def read_manifest(self, frame: FrameId, entry: PairEntry) -> Mapping[Product, RemoteFile]:
        """Return where the products of a listed pair lie; products that it lacks are not in it.

        Raises
        ------
        MissingProductError
            If the pair was listed but is not there (404): a stale entry.
        SourceUnavailableError
            If there is no answer after all repetitions.
        """
        page = read_page(self.session, entry.url)
        return parse_manifest(page.text, page.url, frame, entry.pair)

    def fetch(
        self, remote: RemoteFile, destination: Path, check: Callable[[Path], None]
    ) -> FetchedFile:
        """Return the file at `destination`, whole and checked: see `fetch_file`."""
        return fetch_file(self.session, remote, destination, check)
