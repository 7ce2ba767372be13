"""Download: bring what a batch of pairs needs, each product checked before it counts."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from prefect import task

from catalogs.grid import Grid, Window, volcano_window
from catalogs.home import Home
from catalogs.ledger import open_ledger
from catalogs.ledger_rows import FileRow, FileState
from catalogs.portal.answers import CutAnswerError
from catalogs.portal.client import Portal
from catalogs.portal.window_errors import WholeFileNeededError
from catalogs.records import Product, RemoteFile
from catalogs.settings import Settings
from fringewatch.errors import (
    CorruptProductError,
    GridMismatchError,
    MissingProductError,
    SourceUnavailableError,
)
from tasks.discover import open_portal
from tasks.granules import bring_whole_file, bring_window, describe_mismatch, find_granule
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest, PairFiles, Problem

_LOGGER = logging.getLogger(__name__)


def download_pairs(
    request: FrameRequest, batch: Sequence[PairFiles], settings: Settings
) -> BatchReport:
    """Return the pairs whose products all lie in the home, undamaged, and the others.

    Only the bytes of the volcano's window travel where the server and the file's layout allow it,
    else the whole file (always, if the settings say so). What is there already is not fetched
    again. A product that is missing or does not decode is one row in the ledger and one problem;
    the rest of the batch goes on.

    Raises
    ------
    BadInputError
        If the volcano's window lies outside the frame.
    HomeError
        If the disk is full or cannot be written: no other file would fare better.
    """
    home, frame = Home(settings.home), request.frame
    failed: dict[str, Problem] = {}
    with open_ledger(home.ledger) as ledger, open_portal(settings) as portal:
        known, choose = ledger.files(frame), _chooser(request, ledger.grid(frame))
        remotes = [remote for files in batch for remote in files.files.values()]

        def bring(remote: RemoteFile) -> FileRow:
            there = find_granule(home, request, remote, known.get((remote.pair, remote.product)))
            if there is not None:
                return there
            return _bring(portal, home, request, remote, None if settings.whole_files else choose)

        with ThreadPoolExecutor(settings.connections) as threads:
            # The ledger is written here alone: it takes one writer at a time.
            rows = zip(remotes, threads.map(bring, remotes), strict=True)
            for count, (remote, row) in enumerate(rows, start=1):
                if row != known.get((row.pair, row.product)):
                    ledger.record_file(frame, row)
                if row.state is not FileState.FETCHED:
                    problem = Problem(frame, remote.pair, f"{remote.product.value}: {row.reason}")
                    failed.setdefault(str(remote.pair), problem)
                report_progress(f"{frame}: downloading", count, len(remotes))
    done = tuple(files.pair for files in batch if str(files.pair) not in failed)
    return BatchReport(done, tuple(failed.values()))


download_task = task(name="download")(download_pairs)

Choose = Callable[[Product, Grid], Window]


def _chooser(request: FrameRequest, frame_grid: Grid | None) -> Choose:
    """How to find the volcano's window on the grid of a file, before its pixels travel."""

    def choose(product: Product, grid: Grid) -> Window:
        if frame_grid is None:
            return volcano_window(grid, request.volcano.latitude, request.volcano.longitude)
        if not grid.snaps_to(frame_grid):
            raise GridMismatchError(describe_mismatch(product, grid, frame_grid))
        place = volcano_window(frame_grid, request.volcano.latitude, request.volcano.longitude)
        return Window(grid, place.row, place.column)

    return choose


def _bring(
    portal: Portal, home: Home, request: FrameRequest, remote: RemoteFile, choose: Choose | None
) -> FileRow:
    try:
        if choose is not None:
            try:
                return bring_window(
                    portal, home, request, remote, lambda grid: choose(remote.product, grid)
                )
            except (WholeFileNeededError, CutAnswerError) as error:
                _LOGGER.debug("%s comes whole: %s", remote.url, error)
        return bring_whole_file(portal, home, request, remote)
    except MissingProductError as error:
        state, reason = FileState.MISSING, str(error)
    except (CorruptProductError, GridMismatchError) as error:
        state, reason = FileState.REJECTED, str(error)
    except SourceUnavailableError as error:
        state, reason = FileState.LISTED, str(error)
    return FileRow(remote.pair, remote.product, state, reason=reason, url=remote.url)
