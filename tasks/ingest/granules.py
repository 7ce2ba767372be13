"""What lies in the home of a product of a pair: the volcano's window, or the whole file."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from catalogs.home.home import Home
from catalogs.ledger.rows import FileRow, FileState
from catalogs.portal.client import Portal
from catalogs.portal.window_fetch import fetch_window
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.grids import RasterPlace
from catalogs.rasters.lattice import find_window
from catalogs.rasters.ranges import NumbersSeen
from catalogs.rasters.reading import ProductWindow, check_raster, read_on_lattice, read_place
from catalogs.rasters.window_files import read_window_file, read_window_grid, write_window
from catalogs.rasters.window_records import FetchedWindow
from catalogs.records import DatePair, Product, RemoteFile
from fringewatch.errors import CorruptProductError
from tasks.records import FrameRequest


class CutBesideError(CorruptProductError):
    """A window was cut a pixel beside the one of the frame's lattice: it has to come again."""


def bring_window(
    portal: Portal,
    home: Home,
    request: FrameRequest,
    remote: RemoteFile,
    choose: Callable[[Grid], Window],
) -> FileRow:
    """Bring only the volcano's window of a product; return the row that says so.

    Raises
    ------
    WholeFileNeededError
        If the server or the file's layout does not allow it, or nothing would be saved.
    CorruptProductError, GridMismatchError, MissingProductError, SourceUnavailableError, HomeError
        As `fetch_window` and `write_window`, and what `choose` raises.
    """
    fetched = fetch_window(portal.session, remote, choose)
    path = home.window(request.volcano.slug, request.frame, remote.pair, remote.product)
    write_window(path, fetched)
    return _window_row(remote, fetched)


def bring_whole_file(
    portal: Portal, home: Home, request: FrameRequest, remote: RemoteFile
) -> FileRow:
    """Bring the whole file of a product, decoded to its end; return the row that says so.

    Raises
    ------
    CorruptProductError, MissingProductError, SourceUnavailableError, HomeError
        As `fetch_file`.
    """
    destination = home.granule(request.frame, remote.pair, remote.product)
    fetched = portal.fetch(remote, destination, lambda part: _decode(part, remote.product))
    return FileRow(
        remote.pair, remote.product, FileState.FETCHED, url=remote.url, size=fetched.size,
        last_modified=fetched.last_modified, sha256=fetched.sha256,
    )  # fmt: skip


def find_granule(
    home: Home, request: FrameRequest, remote: RemoteFile, known: FileRow | None
) -> FileRow | None:
    """Return the row of a product that lies in the home whole and undamaged; None if it does not.

    A run that was killed between a file and its row in the ledger leaves a file that is good: both
    kinds appear under their name only when they are whole. It is taken as it is, unless the ledger
    knows that the source has another version now.
    """
    if known is not None and known.state is FileState.CHANGED:
        return None
    window = home.window(request.volcano.slug, request.frame, remote.pair, remote.product)
    path = home.granule(request.frame, remote.pair, remote.product)
    try:
        if window.is_file():
            return _window_row(remote, read_window_file(window))
        return _whole_file_row(path, remote, known) if path.is_file() else None
    except CorruptProductError:
        return None


def granule_place(
    home: Home, request: FrameRequest, pair: DatePair, product: Product
) -> RasterPlace:
    """Return where the whole file of a product lies, from what is in the home.

    Raises
    ------
    CorruptProductError
        If neither the window nor the whole file is there, or its header is damaged.
    """
    window = home.window(request.volcano.slug, request.frame, pair, product)
    if window.is_file():
        return RasterPlace(read_window_grid(window))
    return read_place(home.granule(request.frame, pair, product), product)


def read_granule(
    home: Home, request: FrameRequest, pair: DatePair, product: Product, window: Window
) -> ProductWindow:
    """Return a volcano's window of a product: cut by its coordinates, or resampled.

    Raises
    ------
    GridMismatchError
        If the file does not reach the window.
    CutBesideError
        If the window in the home is not this one; it is removed.
    CorruptProductError
        If what lies in the home is damaged.
    """
    path = home.window(request.volcano.slug, request.frame, pair, product)
    fetched = read_window_file(path) if path.is_file() else None  # once: it is decoded whole
    if fetched is None:
        return read_on_lattice(home.granule(request.frame, pair, product), product, window)
    if find_window(window, fetched.grid) != fetched.window:
        path.unlink()  # cut before the frame's grid was settled, a pixel beside it
        message = f"the window of {product.value} was cut a pixel beside the frame's: run again"
        raise CutBesideError(message)
    said = fetched.provenance.numbers_said
    return ProductWindow(fetched.values, NumbersSeen.among(product, fetched.values, said=said))


def remove_granules(home: Home, request: FrameRequest, pair: DatePair) -> None:
    """Remove what was downloaded of a pair for this volcano, and its whole files."""
    for product in Product:
        home.granule(request.frame, pair, product).unlink(missing_ok=True)
        home.window(request.volcano.slug, request.frame, pair, product).unlink(missing_ok=True)


def sweep_granules(home: Home, request: FrameRequest, tiled: Iterable[DatePair]) -> None:
    """Remove what a killed run left of pairs that are in the cube by now, parts included."""
    names = {str(pair) for pair in tiled}
    for folder in (
        home.granules(request.frame),
        home.granules(request.frame, request.volcano.slug),
    ):
        if not folder.is_dir():
            continue
        for path in folder.iterdir():
            of_tiled = path.name.lstrip(".").partition(".")[0] in names
            if path.is_file() and (of_tiled or path.suffix == ".tmp"):
                path.unlink(missing_ok=True)


def describe_lacking(
    lacking: Iterable[Product], there: Collection[Product], *, in_folder: bool
) -> str:
    """Say which products a pair lacks, and what could be read instead of the phase."""
    names = " and ".join(product.value for product in lacking)
    words = f"the pair's {'folder holds' if in_folder else 'manifest names'} no {names}"
    phases = [product.value for product in there if product.is_phase]
    if any(product.is_phase for product in lacking) and phases:
        options = " or ".join(f"--product {name}" for name in phases)
        words += f"; it has {' and '.join(phases)}: run with {options} to read that"
    return words


def _whole_file_row(path: Path, remote: RemoteFile, known: FileRow | None) -> FileRow | None:
    """The row of a file that lies here whole; None if it is another than the ledger's."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if known is not None and known.state is FileState.FETCHED and known.provenance is None:
        return known if known.sha256 == sha256 else None
    check_raster(path, remote.product)
    facts = path.stat()
    modified = dt.datetime.fromtimestamp(facts.st_mtime, dt.UTC)
    return FileRow(
        remote.pair, remote.product, FileState.FETCHED, url=remote.url, size=facts.st_size,
        last_modified=modified, sha256=sha256,
    )  # fmt: skip


def _window_row(remote: RemoteFile, fetched: FetchedWindow) -> FileRow:
    provenance = fetched.provenance
    ranges = {"byte_ranges": provenance.byte_ranges, "etag": provenance.etag}
    return FileRow(
        remote.pair, remote.product, FileState.FETCHED, url=provenance.url,
        size=provenance.total_bytes, last_modified=provenance.last_modified,
        sha256=provenance.sha256, provenance=json.dumps(ranges),
    )  # fmt: skip


def _decode(part: Path, product: Product) -> None:
    check_raster(part, product)
