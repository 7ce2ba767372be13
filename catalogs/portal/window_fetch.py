"""Bring only the bytes of a window: the file's header first, then the blocks that hold it."""

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalogs.portal.byte_ranges import FileVersion, RangeReader
from catalogs.portal.fetch import refuse_too_large
from catalogs.portal.file_parts import ByteRange, BytesNeededError, FileParts
from catalogs.portal.folder import is_folder_url
from catalogs.portal.patience import parse_http_time
from catalogs.portal.session import PortalSession
from catalogs.portal.tiff_layout import TiffLayout, parse_layout
from catalogs.portal.window_errors import FileChangedError, WholeFileNeededError
from catalogs.portal.window_plan import plan_ranges
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.grids import RasterPlace
from catalogs.rasters.reading import read_place, read_window
from catalogs.rasters.window_records import FetchedWindow, WindowProvenance, hash_values
from catalogs.records import RemoteFile, RemoteFrameFile
from fringewatch.atomic import disk_errors
from fringewatch.errors import CorruptProductError

logger = logging.getLogger(__name__)

HEAD_BYTES: Final = 1 << 15
"""First read: holds the directory of a frame of up to 3,900 rows in strips of one row."""

MOST_REQUESTS: Final = 4
"""Per file, without redirects and repetitions."""

_MOST_HEADER_PARTS: Final = MOST_REQUESTS - 1
_MOST_HEADER_BYTES: Final = 1 << 20


def fetch_window(
    session: PortalSession, remote: RemoteFile | RemoteFrameFile, choose: Callable[[Grid], Window]
) -> FetchedWindow:
    """Return the window of a remote product, bit-identical to a cut from the whole file.

    A file that changes between two requests is read once more from its beginning.

    Parameters
    ----------
    session : PortalSession
        Made by `make_session`.
    remote : RemoteFile
        What to read.
    choose : callable
        Gets the grid of the whole file and returns the window on it, before any pixel travels; it
        may refuse the grid by raising an error of its own.

    Returns
    -------
    FetchedWindow
        All blocks of the window have been decoded. Whether enough of its pixels hold data is for
        the caller to say.

    Raises
    ------
    WholeFileNeededError
        If the server sends no parts of files, the layout does not allow it, the raster has to be
        resampled, less than half of the file would be saved, the file changed twice while being
        read, or it lies in a folder of this machine: `fetch_file` is the way then.
    MissingProductError
        If the server says that it is not there (404, 410).
    SourceUnavailableError
        If there is no answer, a server error, or a connection that breaks, after all repetitions.
    CorruptProductError
        If it is no TIFF, its header is damaged or points beyond its end, it is no LiCSAR product
        of the wanted kind, or a block of the window does not decode.
    """
    if is_folder_url(remote.url):
        message = f"{remote.url} lies on this machine: nothing is saved by reading a part of it"
        raise WholeFileNeededError(message)
    try:
        return _fetch_once(session, remote, choose)
    except FileChangedError as error:
        logger.warning("%s; starting over", error)
    try:
        return _fetch_once(session, remote, choose)
    except FileChangedError as error:
        message = f"{error}; it was the second time, so it has to come in one piece"
        raise WholeFileNeededError(message) from error


def fetch_place(session: PortalSession, remote: RemoteFile | RemoteFrameFile) -> RasterPlace:
    """Return where a remote product lies, from the header of its file alone.

    Raises
    ------
    WholeFileNeededError, MissingProductError, SourceUnavailableError, CorruptProductError
        As `fetch_window`.
    """
    if is_folder_url(remote.url):
        message = f"{remote.url} lies on this machine: nothing is saved by reading a part of it"
        raise WholeFileNeededError(message)
    try:
        return _read_place(RangeReader(session, remote.url), session, remote).place
    except FileChangedError as error:
        message = f"{error}: it has to come in one piece"
        raise WholeFileNeededError(message) from error


@dataclass(frozen=True)
class _Begun:
    """A file of which the header is read."""

    version: FileVersion
    parts: FileParts
    layout: TiffLayout
    place: RasterPlace


def _read_place(
    reader: RangeReader, session: PortalSession, remote: RemoteFile | RemoteFrameFile
) -> _Begun:
    head, version = reader.read(ByteRange(0, HEAD_BYTES))
    refuse_too_large(session, remote.url, version.total_bytes)
    parts = FileParts(version.total_bytes)
    parts.add(0, head)
    with _named(remote):
        layout = _read_header(reader, parts)
    with _opened(parts, remote) as path:
        return _Begun(version, parts, layout, read_place(path, remote.product))


def _fetch_once(
    session: PortalSession, remote: RemoteFile | RemoteFrameFile, choose: Callable[[Grid], Window]
) -> FetchedWindow:
    reader = RangeReader(session, remote.url)
    begun = _read_place(reader, session, remote)
    version, parts, place = begun.version, begun.parts, begun.place
    if place.resampled_from:
        message = f"{remote.file_name} has to be resampled (from {place.resampled_from})"
        raise WholeFileNeededError(message)
    window = choose(place.grid)
    with _named(remote):
        ranges = plan_ranges(begun.layout, window, MOST_REQUESTS - len(reader.ranges))
        _refuse_if_dear(reader, ranges, parts.size)
    for wanted in ranges:
        parts.add(wanted.start, reader.read(wanted).content)
    with _opened(parts, remote) as path:
        values = read_window(path, remote.product, window)
    logger.info("read a window of %s, %d bytes", remote.url, reader.bytes_moved)
    return FetchedWindow(
        values,
        window,
        WindowProvenance(
            url=remote.url,
            total_bytes=version.total_bytes,
            last_modified=parse_http_time(version.last_modified),
            etag=version.etag,
            byte_ranges=tuple((part.start, part.stop) for part in reader.ranges),
            requests=reader.requests_made,
            bytes_moved=reader.bytes_moved,
            sha256=hash_values(values),
            numbers_said=place.numbers_said,
        ),
    )


def _read_header(reader: RangeReader, parts: FileParts) -> TiffLayout:
    """Return the layout, after adding the parts of the file that it takes to know it."""
    while True:
        try:
            return parse_layout(parts)
        except BytesNeededError as error:
            needed = error.needed
        _refuse_if_dear(reader, (needed,), parts.size)
        if needed.size > _MOST_HEADER_BYTES or len(reader.ranges) == _MOST_HEADER_PARTS:
            message = f"its header is scattered: {needed.size} more bytes at {needed.start}"
            raise WholeFileNeededError(message)
        # What a directory points at lies mostly just behind it, or just before.
        start = max(needed.start - HEAD_BYTES // 2, 0)
        wanted = ByteRange(start, min(max(needed.stop, start + HEAD_BYTES), parts.size))
        parts.add(start, reader.read(wanted).content)


def _refuse_if_dear(reader: RangeReader, planned: Iterable[ByteRange], total_bytes: int) -> None:
    moved = sum(part.size for part in (*reader.ranges, *planned))
    if moved > total_bytes / 2:
        message = f"a window takes {moved} of its {total_bytes} bytes, more than half"
        raise WholeFileNeededError(message)


@contextmanager
def _opened(parts: FileParts, remote: RemoteFile | RemoteFrameFile) -> Iterator[Path]:
    """Give a path at which GDAL finds the file; the parts that are not here read as zeros.

    So the very code that reads whole files reads this one: every codec, predictor and
    registration means the same. A compressed block that is not here would fail to decode.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / remote.file_name
        with disk_errors(path), path.open("wb") as file:
            parts.write_image(file)
        yield path


@contextmanager
def _named(remote: RemoteFile | RemoteFrameFile) -> Iterator[None]:
    """Put the file's name before errors of those who know only its bytes."""
    try:
        yield
    except CorruptProductError as error:
        message = f"{remote.file_name}: {error}"
        raise CorruptProductError(message) from error
    except WholeFileNeededError as error:
        message = f"{remote.file_name}: {error}"
        raise WholeFileNeededError(message) from error
