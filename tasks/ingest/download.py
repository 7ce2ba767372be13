"""Download: bring what a batch of pairs needs, each product checked before it counts."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import sleep

from prefect import task
from rasterio._err import CPLE_BaseError  # what GDAL says where rasterio does not translate

from catalogs.home.home import Home, home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow, FileState
from catalogs.portal import patience
from catalogs.portal.answers import CutAnswerError
from catalogs.portal.client import Portal
from catalogs.portal.folder import is_folder_url
from catalogs.portal.listing import PairEntry
from catalogs.portal.window_errors import WholeFileNeededError
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.lattice import find_window, is_inside, place_window
from catalogs.rasters.reading import describe_far_off
from catalogs.records import DatePair, Product, RemoteFile
from catalogs.settings import Settings
from fringewatch.errors import (
    BadInputError,
    CorruptProductError,
    GridMismatchError,
    MissingProductError,
    SourceUnavailableError,
)
from fringewatch.failures import foreseen
from tasks.ingest.discover import open_portal
from tasks.ingest.frame_grid import settled_grid
from tasks.ingest.granules import bring_whole_file, bring_window, describe_lacking, find_granule
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest, Problem

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class _PairOutcome:
    """What came of one pair: where its files are, what became of them, what is wrong."""

    listed: tuple[RemoteFile, ...] = ()
    rows: tuple[FileRow, ...] = ()
    problem: Problem | None = None
    is_doubtful: bool = False
    """Whether the manifest may have been met in the middle of its rewriting."""


def download_pairs(
    request: FrameRequest, batch: Sequence[PairEntry], settings: Settings
) -> BatchReport:
    """Return the pairs whose products all lie in the home, undamaged, and the others.

    One request reads a pair's manifest. Then only the bytes of the volcano's window travel where
    the server and the file's layout allow it, else the whole file (always, if the settings say
    so). What is there already is not fetched again. A product that is missing or does not decode
    is one row in the ledger and one problem; the rest of the batch goes on.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written: no other file would fare better.
    """
    home, frame = home_of(settings), request.frame
    done, problems = [], []
    with open_ledger(home.ledger) as ledger, open_portal(settings) as portal:
        grid = settled_grid(portal, home, request, ledger)
        choose = None if settings.whole_files else _chooser(request, grid)
        batch_download = _BatchDownload(
            portal, home, request, choose, ledger.files(frame), settings.phase
        )
        with ThreadPoolExecutor(settings.connections) as threads:
            # The ledger is written here alone: it takes one writer at a time.
            for count, (entry, outcome) in enumerate(
                _bring_all(batch_download, batch, threads), start=1
            ):
                for remote in outcome.listed:
                    ledger.record_listed_file(remote)
                for row in outcome.rows:
                    if row != batch_download.known.get((row.pair, row.product)):
                        ledger.record_file(frame, row)
                if outcome.problem is None:
                    done.append(entry.pair)
                else:
                    problems.append(outcome.problem)
                report_progress(f"{frame}: downloading", count, len(batch))
    return BatchReport(tuple(done), tuple(problems))


def _bring_all(
    batch_download: "_BatchDownload", batch: Sequence[PairEntry], threads: ThreadPoolExecutor
) -> Iterator[tuple[PairEntry, _PairOutcome]]:
    """Give what came of each pair; where a manifest is cut or empty it is asked for once more."""
    doubtful = []
    for entry, outcome in zip(batch, threads.map(batch_download.bring_pair, batch), strict=True):
        if outcome.is_doubtful:
            doubtful.append(entry)
        else:
            yield entry, outcome
    if doubtful:
        sleep(patience.REWRITING_S)
        yield from zip(doubtful, threads.map(batch_download.bring_pair, doubtful), strict=True)


download_task = task(name="download")(download_pairs)

Choose = Callable[[Product, Grid], Window]


def _chooser(request: FrameRequest, frame_grid: Grid | None) -> Choose:
    """How to find the volcano's window on the grid of a file, before its pixels travel."""

    def choose(product: Product, grid: Grid) -> Window:
        volcano = request.volcano
        wanted = place_window(frame_grid or grid, volcano.latitude, volcano.longitude)
        found = find_window(wanted, grid)
        if found is None:
            message = f"{product.value} has another step than its frame ({grid})"
            raise WholeFileNeededError(message)
        if not is_inside(found):
            raise GridMismatchError(describe_far_off(product, grid, wanted))
        return found

    return choose


@dataclass(frozen=True)
class _BatchDownload:
    """How the pairs of a batch are brought; used by several threads, changed by none."""

    portal: Portal
    home: Home
    request: FrameRequest
    choose: Choose | None
    """None for whole files."""
    known: Mapping[tuple[DatePair, Product], FileRow]
    phase: Product

    def bring_pair(self, entry: PairEntry) -> _PairOutcome:
        """Bring both products of a pair; what fails becomes rows and a problem."""
        frame, pair = self.request.frame, entry.pair
        try:
            files = self.portal.read_manifest(frame, entry, self.phase.needed)
        except MissingProductError as error:
            return self._without(entry, self.phase.needed, str(error), str(error))
        except SourceUnavailableError as error:
            return _PairOutcome(problem=Problem(frame, pair, str(error), try_later=True))
        lacking = [product for product in self.phase.needed if product not in files]
        if lacking:
            in_folder = is_folder_url(entry.url)
            words = describe_lacking(lacking, files, in_folder=in_folder)
            reason = "not in the pair's folder" if in_folder else "not in the pair's manifest"
            outcome = self._without(entry, lacking, reason, words)
            return replace(outcome, is_doubtful=not in_folder)
        rows = tuple(self._bring(files[product]) for product in self.phase.needed)
        failed = next((row for row in rows if row.state is not FileState.FETCHED), None)
        problem = None
        if failed is not None:
            later = all(row.state in {FileState.FETCHED, FileState.LISTED} for row in rows)
            words = f"{failed.product.value}: {failed.reason}"
            problem = Problem(frame, pair, words, try_later=later)
        listed = tuple(files[product] for product in self.phase.needed)
        return _PairOutcome(listed, rows, problem)

    def _without(
        self, entry: PairEntry, products: Iterable[Product], reason: str, words: str
    ) -> _PairOutcome:
        rows = tuple(
            FileRow(entry.pair, product, FileState.MISSING, reason=reason) for product in products
        )
        return _PairOutcome(rows=rows, problem=Problem(self.request.frame, entry.pair, words))

    def _bring(self, remote: RemoteFile) -> FileRow:
        """What became of one product: it is here, or why it is not."""
        known = self.known.get((remote.pair, remote.product))
        try:
            there = find_granule(self.home, self.request, remote, known)
            if there is not None:
                return there
            return self._bring_window(remote) or bring_whole_file(
                self.portal, self.home, self.request, remote
            )
        except MissingProductError as error:
            state, reason = FileState.MISSING, str(error)
        except (CorruptProductError, GridMismatchError, BadInputError) as error:
            # Bad input: the raster lies somewhere else altogether, and has no such window.
            state, reason = FileState.REJECTED, str(error)
        except CPLE_BaseError as error:
            full = foreseen(error)
            if full is not None:
                raise full from error
            state, reason = FileState.REJECTED, f"GDAL cannot read it ({error})"
        except SourceUnavailableError as error:
            state, reason = FileState.LISTED, str(error)
        return FileRow(remote.pair, remote.product, state, reason=reason, url=remote.url)

    def _bring_window(self, remote: RemoteFile) -> FileRow | None:
        """Bring the window alone; None where only the whole file will do."""
        choose = self.choose
        if choose is None:
            return None
        try:
            return bring_window(
                self.portal, self.home, self.request, remote,
                lambda grid: choose(remote.product, grid),
            )  # fmt: skip
        except (WholeFileNeededError, CutAnswerError) as error:
            _LOGGER.debug("%s comes whole: %s", remote.url, error)
            return None
