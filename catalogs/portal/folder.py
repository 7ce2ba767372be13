"""A folder of this machine as a source: a mirror of the portal, or interferograms of your own.

It may hold ``<track>/<frame>/interferograms/<pair>/<files>``, as the portal does, one frame's
folder, or just files with LiCSAR's names. Its files are read as they lie, and never changed.
"""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from catalogs.portal.bodies import CHUNK_BYTES
from catalogs.portal.listing import PairEntry
from catalogs.portal.partial_file import PartialFile, Version
from catalogs.records import (
    DatePair,
    FrameId,
    FrameRaster,
    Product,
    RemoteFile,
    frame_file_name,
)
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError

_PAIRS_FOLDERS: Final = (
    "interferograms",
    "GEOC",  # where LiCSBAS puts what it downloads
    "",
)
_FILE_OF_PAIR: Final = re.compile(r"([0-9]{8}_[0-9]{8})\.geo\.[\w.]+")


def is_folder_url(url: str) -> bool:
    """Whether an address is one of this machine's folders; no page of a server can name one."""
    return url.startswith("file:")


def list_folder(folder: Path, frame: FrameId) -> tuple[PairEntry, ...]:
    """Return the pairs of `frame` in `folder`, oldest first; their addresses are ``file:`` ones.

    Files that lie loose, or pairs right in `folder`, belong to the frame that the path names.

    Raises
    ------
    MissingProductError
        If it holds no folder of that frame, or its files may be of any frame.
    SourceUnavailableError
        If it cannot be read, is not there, or is empty: what is mounted there may be missing.
    """
    with _reading(folder):
        _refuse_bare(folder)
        for candidate in _frame_folders(folder, frame):
            if candidate.is_dir():
                return _pairs_of_frame(candidate)
        found = _pairs_of_frame(folder)
    named = _frame_of_path(folder)
    if named == frame:
        return found
    if found and named is None:
        message = (
            f"{folder} holds interferograms, but its path does not tell of which frame: name the "
            f"folder after it, for example {folder.parent / str(frame)}"
        )
        raise MissingProductError(message)
    message = f"{folder} has no frame {frame}"
    raise MissingProductError(message)


def read_folder(url: str, frame: FrameId, pair: DatePair) -> dict[Product, RemoteFile]:
    """Return the products of a pair in the folder at `url`; what it lacks is not in it.

    Raises
    ------
    MissingProductError
        If the folder is gone.
    SourceUnavailableError
        If it cannot be read.
    """
    folder = _path(url)
    with _reading(folder):
        if not folder.is_dir():
            message = f"{folder} is not there any more"
            raise MissingProductError(message)
        paths = {product: folder / f"{pair}{product.ending}" for product in Product}
        return {
            product: RemoteFile(frame, pair, product, path.as_uri())
            for product, path in paths.items()
            if path.is_file()
        }


def find_frame_file(folder: Path, frame: FrameId, raster: FrameRaster) -> str | None:
    """Return the ``file:`` address of a raster of the frame's metadata in `folder`, if it has it.

    It is looked for in ``metadata``, and where LiCSBAS puts it, beside the pairs.

    Raises
    ------
    SourceUnavailableError
        If the folder cannot be read.
    """
    name = frame_file_name(frame, raster)
    with _reading(folder):
        for candidate in (*_frame_folders(folder, frame), folder):
            for inside in ("metadata", *_PAIRS_FOLDERS):
                if (candidate / inside / name).is_file():
                    return (candidate / inside / name).as_uri()
    return None


def copy_from_folder(url: str, part: PartialFile) -> dt.datetime:
    """Copy the file at `url` to `part`, always from its first byte; return when it was changed.

    Raises
    ------
    MissingProductError
        If it is not there.
    SourceUnavailableError
        If it cannot be read, or changes meanwhile.
    HomeError
        If the copy cannot be written.
    """
    path = _path(url)
    with _reading(path), path.open("rb") as file:
        before = path.stat()
        part.start(Version(url, validator=None, last_modified=None, total=before.st_size))
        part.append(_chunks(path, file))
        after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        message = f"{path} changed while it was read; it is worth trying again later"
        raise SourceUnavailableError(message)
    return dt.datetime.fromtimestamp(after.st_mtime, dt.UTC)


def _refuse_bare(folder: Path) -> None:
    """Raise `SourceUnavailableError` for what a disk or a share leaves that is not mounted."""
    if not folder.exists():
        message = f"there is no folder {folder}: is it mounted? If not, correct --portal"
        raise SourceUnavailableError(message)
    if folder.is_dir() and next(folder.iterdir(), None) is None:
        message = f"the folder {folder} is empty: is what belongs there mounted?"
        raise SourceUnavailableError(message)


def _frame_folders(folder: Path, frame: FrameId) -> Iterator[Path]:
    """Where the folder of a frame may be in a mirror of the portal."""
    for track in (*(f"{frame.track:0{digits}d}" for digits in (1, 2, 3)), ""):
        yield folder / track / str(frame)


def _pairs_of_frame(folder: Path) -> tuple[PairEntry, ...]:
    """Pairs in the first of a frame's folders that has any."""
    for name in _PAIRS_FOLDERS:
        entries = _pairs_in(folder / name)
        if entries:
            return entries
    return ()


def _pairs_in(folder: Path) -> tuple[PairEntry, ...]:
    """Pairs that have a folder of their own, or files that lie loose."""
    urls: dict[DatePair, str] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        is_folder = path.is_dir()
        loose = _FILE_OF_PAIR.fullmatch(path.name)
        text = path.name if is_folder else loose[1] if loose else ""
        try:
            pair = DatePair.parse(text)
        except BadInputError:  # metadata, epochs, a stranger
            continue
        # A pair's folder sorts before its loose files and is taken.
        urls.setdefault(pair, (path if is_folder else folder).as_uri())
    return tuple(PairEntry(pair, is_folder=True, url=urls[pair]) for pair in sorted(urls))


def _frame_of_path(folder: Path) -> FrameId | None:
    for name in reversed(folder.parts):
        try:
            return FrameId.parse(name)
        except BadInputError:
            continue
    return None


def _path(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))


def _chunks(path: Path, file: BinaryIO) -> Iterator[bytes]:
    while True:
        with _reading(path):  # not to be taken for the disk that is written to
            chunk = file.read(CHUNK_BYTES)
        if not chunk:
            return
        yield chunk


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        message = f"{path} is not there any more"
        raise MissingProductError(message) from error
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}; check the disk and the file's owner"
        raise SourceUnavailableError(message) from error
