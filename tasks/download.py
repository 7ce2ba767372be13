"""Download: bring the files of a batch of pairs, each checked before it counts."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prefect import task

from catalogs.home import Home
from catalogs.ledger import open_ledger
from catalogs.ledger_rows import FileRow, FileState
from catalogs.portal.client import Portal
from catalogs.rasters import check_raster
from catalogs.records import FrameId, RemoteFile
from catalogs.settings import Settings
from fringewatch.errors import CorruptProductError, MissingProductError, SourceUnavailableError
from tasks.discover import open_portal
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest, PairFiles, Problem


def download_pairs(
    request: FrameRequest, batch: Sequence[PairFiles], settings: Settings
) -> BatchReport:
    """Return the pairs whose files all lie in the home, whole and decoding, and the others.

    A file that is already there with the hash that the ledger remembers is not fetched again. A
    file that is missing or does not decode is one row in the ledger and one problem; the rest of
    the batch goes on.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written: no other file would fare better.
    """
    home, frame = Home(settings.home), request.frame
    failed: dict[str, Problem] = {}
    with open_ledger(home.ledger) as ledger, open_portal(settings) as portal:
        known = ledger.files(frame)
        remotes = [
            remote
            for files in batch
            for product, remote in files.files.items()
            if not _is_there(home, frame, known.get((files.pair, product)))
        ]
        with ThreadPoolExecutor(settings.connections) as threads:
            rows = threads.map(lambda remote: _fetch(portal, home, remote), remotes)
            # The ledger is written here alone: it takes one writer at a time.
            for count, (remote, row) in enumerate(zip(remotes, rows, strict=True), start=1):
                ledger.record_file(frame, row)
                if row.state is not FileState.FETCHED:
                    problem = Problem(frame, remote.pair, f"{remote.product.value}: {row.reason}")
                    failed.setdefault(str(remote.pair), problem)
                report_progress(f"{frame}: downloading", count, len(remotes))
    done = tuple(files.pair for files in batch if str(files.pair) not in failed)
    return BatchReport(done, tuple(failed.values()))


download_task = task(name="download")(download_pairs)


def _is_there(home: Home, frame: FrameId, row: FileRow | None) -> bool:
    if row is None or row.state is not FileState.FETCHED:
        return False
    path = home.granule(frame, row.pair, row.product)
    if not path.is_file() or path.stat().st_size != row.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == row.sha256


def _fetch(portal: Portal, home: Home, remote: RemoteFile) -> FileRow:
    destination = home.granule(remote.frame, remote.pair, remote.product)
    state, reason = FileState.FETCHED, None
    try:
        fetched = portal.fetch(remote, destination, lambda part: _decode(part, remote))
    except MissingProductError as error:
        state, reason = FileState.MISSING, str(error)
    except CorruptProductError as error:
        state, reason = FileState.REJECTED, str(error)
    except SourceUnavailableError as error:
        state, reason = FileState.LISTED, str(error)
    else:
        return FileRow(
            remote.pair, remote.product, state, url=remote.url, size=fetched.size,
            last_modified=fetched.last_modified, sha256=fetched.sha256,
        )  # fmt: skip
    return FileRow(remote.pair, remote.product, state, reason=reason, url=remote.url)


def _decode(part: Path, remote: RemoteFile) -> None:
    check_raster(part, remote.product)
