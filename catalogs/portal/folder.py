"""A folder of this machine as a source: a mirror of the portal, or interferograms of your own.

It may hold ``<track>/<frame>/interferograms/<pair>/<files>``, as the portal does, one frame's
folder, or just files, with the names that LiCSAR or HyP3 give them. Its files are read as they lie,
and never changed.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from catalogs.portal.bodies import CHUNK_BYTES
from catalogs.portal.file_names import KNOWN_NAMES, parse_file_name, parse_job_name
from catalogs.portal.file_version import FileVersion
from catalogs.portal.listing import PairEntry
from catalogs.portal.partial_file import PartialFile
from catalogs.portal.strange_files import refuse_strange, refuse_strange_of_pair, what_lies_at
from catalogs.records import (
    DatePair,
    FrameId,
    FrameRaster,
    Product,
    RemoteFile,
    delay_file_name,
    frame_file_name,
)
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError

_LOGGER: Final = logging.getLogger(__name__)

_PAIRS_FOLDERS: Final = (
    "interferograms",
    "GEOC",  # where LiCSBAS puts what it downloads
    "",
)


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
                return _known(_pairs_of_frame(candidate), candidate)
        found = _pairs_of_frame(folder)
    named = _frame_of_path(folder)
    if named == frame:
        return _known(found, folder)
    if found and named is None:
        message = (
            f"{folder} holds interferograms, but its path does not tell of which frame: name the "
            f"folder after it, for example {folder.parent / str(frame)}"
        )
        raise MissingProductError(message)
    message = f"{folder} has no frame {frame}"
    raise MissingProductError(message)


def read_folder(
    url: str, frame: FrameId, pair: DatePair, needed: Collection[Product] = Product.DIFF_PHA.needed
) -> dict[Product, RemoteFile]:
    """Return the products of a pair in the folder at `url`; what it lacks is not in it.

    Raises
    ------
    MissingProductError
        If the folder is gone, or something that is no file lies in the place of a `needed` one.
    SourceUnavailableError
        If it cannot be read.
    """
    folder = _path(url)
    with _reading(folder):
        if not folder.is_dir():
            message = f"{folder} is not there any more"
            raise MissingProductError(message)
        found = _files_of_pair(folder, pair)
        refuse_strange_of_pair(folder, pair, {*needed} - found.keys())
    return {
        product: RemoteFile(frame, pair, product, path.as_uri()) for product, path in found.items()
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


def find_delay_file(folder: Path, frame: FrameId, date: dt.date, raster: FrameRaster) -> str | None:
    """Return the ``file:`` address of the delay of a date in `folder`, if it has it.

    It is looked for in ``epochs``, and where LiCSBAS puts it.

    Raises
    ------
    SourceUnavailableError
        If the folder cannot be read.
    """
    name = delay_file_name(date, raster)
    with _reading(folder):
        for candidate in (*_frame_folders(folder, frame), folder):
            for inside in (f"epochs/{date:%Y%m%d}", "GACOS"):
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
    with _reading(path):
        refuse_strange(path)
    with _reading(path), path.open("rb") as file:
        before = path.stat()
        part.start(url, FileVersion(before.st_size, last_modified=None, etag=None))
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


def _files_of_pair(folder: Path, pair: DatePair) -> dict[Product, Path]:
    """Files of a pair: LiCSAR's, else of the job that has the most products, never of two."""
    named = {product: folder / f"{pair}{product.ending}" for product in Product}
    there = {product: path for product, path in named.items() if path.is_file()}
    if there:
        return there
    jobs: dict[str, dict[Product, Path]] = {}
    for path in sorted(folder.iterdir()):
        name = parse_file_name(path.name)
        if name is not None and name.pair == pair and path.is_file():
            jobs.setdefault(name.job, {})[name.product] = path
    return max(jobs.values(), key=len, default={})


def _known(found: tuple[PairEntry, ...], folder: Path) -> tuple[PairEntry, ...]:
    """Refuse a folder whose rasters all have names that say nothing."""
    strange = None if found else next(folder.rglob("*.tif"), None)
    if strange is not None:
        message = (
            f"{folder} holds rasters such as {strange.name}, but none with a name that tells its "
            f"dates and product: expected {KNOWN_NAMES}"
        )
        raise MissingProductError(message)
    return found


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
        pair = _pair_of_folder(path.name) if is_folder else None
        if pair is None and (pair := _pair_of_file(path.name)):
            is_folder = False  # also where a folder has a file's name: to read it says so
        if pair is not None and pair.is_to_come:
            _LOGGER.warning("%s ends in the future: it is no pair", path)
        elif pair is not None:  # else metadata, epochs, a stranger
            # A pair's folder sorts before its loose files and is taken.
            urls.setdefault(pair, (path if is_folder else folder).as_uri())
        elif _pair_of_folder(path.name) and (what := what_lies_at(path)):
            _LOGGER.warning("%s is %s: the folder of a pair belongs there", path, what)
    return tuple(PairEntry(pair, is_folder=True, url=urls[pair]) for pair in sorted(urls))


def _pair_of_folder(name: str) -> DatePair | None:
    try:
        return DatePair.parse(name)
    except BadInputError:
        return parse_job_name(name)


def _pair_of_file(name: str) -> DatePair | None:
    found = parse_file_name(name)
    return found.pair if found else None


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
