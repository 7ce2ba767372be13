"""Bring only the bytes of a window: the file's header first, then the blocks that hold it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from catalogs.portal.byte_ranges import ByteRange, RangeReader
from catalogs.portal.fetch import TIFF_STARTS, refuse_too_large
from catalogs.portal.folder import is_folder_url
from catalogs.portal.remote_raster import HEAD_BYTES, RemoteRaster
from catalogs.portal.session import PortalSession
from catalogs.portal.window_errors import FileChangedError, WholeFileNeededError
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.grids import RasterPlace
from catalogs.rasters.reading import ChosenWindow, read_chosen_window, read_place
from catalogs.rasters.window_records import FetchedWindow, WindowProvenance, hash_values
from catalogs.records import RemoteFile, RemoteFrameFile
from fringewatch.errors import CorruptProductError, FringewatchError

logger = logging.getLogger(__name__)


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
    reader = RangeReader(session, remote.url)
    head, _ = reader.read(ByteRange(0, HEAD_BYTES))
    refuse_too_large(session, remote.url, reader.total_bytes)
    source = RemoteRaster(reader, head)
    with _named(remote), _own_error_first(source):
        _refuse_no_tiff(head)
        return read_place(_path_of(remote), remote.product, source)


def _fetch_once(
    session: PortalSession, remote: RemoteFile | RemoteFrameFile, choose: Callable[[Grid], Window]
) -> FetchedWindow:
    """The window, from one version of the file; `FileChangedError` if there are two."""
    reader = RangeReader(session, remote.url)
    head, version = reader.read(ByteRange(0, HEAD_BYTES))
    refuse_too_large(session, remote.url, reader.total_bytes)
    source = RemoteRaster(reader, head)
    with _named(remote):
        _refuse_no_tiff(head)
        read = _read(source, remote, choose)
    logger.info("read a window of %s, %d bytes", remote.url, reader.bytes_moved)
    return FetchedWindow(
        read.values,
        read.window,
        WindowProvenance(
            url=remote.url,
            total_bytes=reader.total_bytes,
            last_modified=version.modified,
            etag=version.etag,
            byte_ranges=tuple((part.start, part.stop) for part in reader.ranges),
            requests=reader.requests_made,
            bytes_moved=reader.bytes_moved,
            sha256=hash_values(read.values),
            numbers_said=read.place.numbers_said,
        ),
    )


def _read(
    source: RemoteRaster, remote: RemoteFile | RemoteFrameFile, choose: Callable[[Grid], Window]
) -> ChosenWindow:
    """Return what GDAL makes of the file, by the code that reads whole files.

    So every codec, predictor and registration means the same. What went wrong on the way to the
    bytes comes before what GDAL says of their absence.
    """

    def chosen(place: RasterPlace) -> Window:
        if source.error is not None:
            raise source.error
        if place.resampled_from:
            message = f"it has to be resampled (from {place.resampled_from})"
            raise WholeFileNeededError(message)
        source.reads_pixels = True
        return choose(place.grid)

    with _own_error_first(source):
        read = read_chosen_window(_path_of(remote), remote.product, chosen, source)
    if read.is_unwritten:  # or its list of blocks lies behind its end: the whole file can tell
        message = "by its header none of its blocks was ever written"
        raise WholeFileNeededError(message)
    return read


def _path_of(remote: RemoteFile | RemoteFrameFile) -> Path:
    """The file's name below a folder that no other read has at the same time."""
    return Path(f"/{uuid4().hex}") / remote.file_name


def _refuse_no_tiff(head: bytes) -> None:
    if not head.startswith(TIFF_STARTS):
        message = "it is no TIFF"
        raise CorruptProductError(message)


@contextmanager
def _own_error_first(source: RemoteRaster) -> Iterator[None]:
    """Raise what went wrong on the way to the bytes, before what GDAL says of their absence."""
    try:
        yield
    except FringewatchError:
        if source.error is not None:
            raise source.error from None
        raise
    if source.error is not None:
        raise source.error


@contextmanager
def _named(remote: RemoteFile | RemoteFrameFile) -> Iterator[None]:
    """Put the file's name before errors of those who know only its bytes."""
    try:
        yield
    except (CorruptProductError, WholeFileNeededError) as error:
        if str(error).startswith(remote.file_name) or remote.url in str(error):
            raise
        message = f"{remote.file_name}: {error}"
        raise type(error)(message) from error
