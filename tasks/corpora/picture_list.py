"""The pictures of a folder with all that is known of them before they are read.

A folder holds an index of the form of the dataset S1, or the class folders ``0/`` and ``1/``, or
nothing but pictures, in itself and in its direct sub-folders.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from catalogs.corpora.candidate import NO_LABEL, TRANSPOSED
from catalogs.pictures.images import (
    CLASS_FOLDERS,
    PICTURE_SUFFIXES,
    list_pictures,
    read_labelled_folder,
)
from catalogs.pictures.s1_index import INDEX_FILE, S1Patch, read_s1_index
from catalogs.records import DatePair, FrameId
from catalogs.world.volcanoes import load_volcanoes, plain_spelling
from fringewatch.errors import BadInputError

_LOGGER = logging.getLogger(__name__)

_S1_COLUMN = "packed"  # no other index of pictures is known to have it
_ROTATION = re.compile(r"_\d{1,3}_\d{1,3}_([0-3])(?:\.\w+)?")
_FRAME = re.compile(r"(?<![0-9A-Za-z])\d{3}[AD]_(?:\d{4}[0-9HM]_\d{6}|SM_[A-Z0-9]{4}_S[1-6])(?!\d)")
_PAIR = re.compile(r"(?<!\d)\d{8}_\d{8}(?!\d)")


@dataclass(frozen=True)
class ListedPicture:
    """A picture, or a row of an index whose picture cannot be had."""

    location: str
    """Its path below the folder, with slashes."""
    label: int = NO_LABEL
    part: str = ""
    volcano: str = ""
    frame: str = ""
    pair: DatePair | None = None
    rotation: int = 0
    """Quarter turns, as in `numpy.rot90`, by which it is turned from north up."""
    corner: tuple[float, float] | None = None
    """Latitude and longitude of the upper left corner of its ground, when north is up."""
    problem: str = ""


def list_folder(folder: Path) -> tuple[ListedPicture, ...]:
    """Return what a folder of pictures lists, in the order of its index, or by name.

    Raises
    ------
    BadInputError
        If it is no folder, holds no picture, or its index or class folders are wrong.
    """
    if not folder.is_dir():
        message = f"{folder} is not a folder: give one that holds pictures"
        raise BadInputError(message)
    # A worker surveys many pieces of one folder; its index is read once while it is unchanged.
    index = folder / INDEX_FILE
    stamps = [path.stat().st_mtime_ns for path in (folder, *_sub_folders(folder))]
    stamps += [index.stat().st_mtime_ns] if index.is_file() else []
    return _list_folder(folder, tuple(stamps))


def has_s1_index(folder: Path) -> bool:
    """Whether the folder has an index that says for what each picture was published."""
    try:
        with (folder / INDEX_FILE).open(encoding="utf-8", errors="replace") as stream:
            return _S1_COLUMN in stream.readline().strip().split(",")
    except OSError:
        return False


@lru_cache(maxsize=4)
def _list_folder(folder: Path, _: tuple[int, ...]) -> tuple[ListedPicture, ...]:
    """The pictures of a folder with what is known of each: S1's index, classes, or names alone."""
    if has_s1_index(folder):
        return tuple(_of_index(folder, patch) for patch in read_s1_index(folder))
    if (folder / INDEX_FILE).is_file():
        _LOGGER.warning("%s/%s is not of the form of S1: it is not used", folder, INDEX_FILE)
    if any((folder / name).is_dir() for name in CLASS_FOLDERS):
        labelled = read_labelled_folder(folder).pictures
        return tuple(_by_name(folder, picture.path, picture.label) for picture in labelled)
    paths = [path for holder in (folder, *_sub_folders(folder)) for path in list_pictures(holder)]
    if not paths:
        message = (
            f"{folder} and its direct sub-folders hold no picture "
            f"({', '.join(sorted(PICTURE_SUFFIXES))})"
        )
        raise BadInputError(message)
    return tuple(_by_name(folder, path, NO_LABEL) for path in paths)


def _sub_folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _of_index(folder: Path, patch: S1Patch) -> ListedPicture:
    """The picture of a row of the index, with what keeps it from being read."""
    location, problem = patch.file, ""
    if (
        patch.path is not None
        and patch.path.is_relative_to(folder)
        and ".." not in patch.path.relative_to(folder).parts
    ):
        location = patch.path.relative_to(folder).as_posix()
    elif patch.path is not None:
        problem = f"its index places it outside of the folder, at {patch.path}"
    if patch.transposed:
        # No turn brings north up again, and the sibling shows the same ground.
        problem = TRANSPOSED
    elif patch.path is None:
        problem = "not in this copy of the dataset"
    return ListedPicture(
        location=location,
        label=patch.label,
        part=str(patch.split),
        volcano=_slugs().get(plain_spelling(patch.volcano), patch.volcano),
        frame=str(patch.frame),
        pair=patch.pair,
        rotation=rotation_of(patch.file),
        corner=patch.corner,
        problem=problem,
    )


def rotation_of(name: str) -> int:
    """Return the quarter turns that an S1 file name tells: its ``k`` in ``_row_column_k``, or 0.

    >>> rotation_of("a_20170317_20170504_274_137_1.png"), rotation_of("a_20170504.geo_crop.png")
    (1, 0)
    """
    stem = name.rpartition("/")[2]
    found = _ROTATION.search(stem)
    return int(found[1]) if found and found.end() == len(stem) else 0


def _by_name(folder: Path, path: Path, label: int) -> ListedPicture:
    """What a file's name tells; a part that is not there, or twice, stays unknown."""
    location = path.relative_to(folder).as_posix()
    try:
        location.encode()
    except UnicodeEncodeError:
        shown = location.encode(errors="backslashreplace").decode()
        return ListedPicture(shown, label, problem="its name is no UTF-8 text: rename it")
    frames, pairs = set(_FRAME.findall(path.name)), set(_PAIR.findall(path.name))
    words = min((path.name.index(word) for word in (*frames, *pairs)), default=0)
    return ListedPicture(
        location,
        label,
        volcano=_named_volcano(path.name[:words]),
        frame=_frame(frames),
        pair=_pair(pairs),
    )


def _frame(found: set[str]) -> str:
    try:
        return str(FrameId.parse(*found)) if len(found) == 1 else ""
    except BadInputError:
        return ""


def _pair(found: set[str]) -> DatePair | None:
    try:
        return DatePair.parse(*found) if len(found) == 1 else None
    except BadInputError:
        return None


def _named_volcano(text: str) -> str:
    """Slug of the volcano whose name is the longest run of words in a text, or nothing.

    >>> _named_volcano("africa_bora_ale_"), _named_volcano("etna_d_"), _named_volcano("holiday_")
    ('bora-ale', 'etna', '')
    """
    return next(
        (_slugs()[run] for run in _runs(plain_spelling(text).split("-")) if run in _slugs()), ""
    )


def _runs(words: list[str]) -> Iterator[str]:
    """Runs of neighbouring words, joined by hyphens, longest first."""
    for length in range(len(words), 0, -1):
        for first in range(len(words) - length + 1):
            yield "-".join(words[first : first + length])


@cache
def _slugs() -> dict[str, str]:
    """Slug of each name and slug of the catalogue, in plain spelling."""
    return {
        spelling: volcano.slug
        for volcano in load_volcanoes()
        for spelling in (plain_spelling(volcano.name), volcano.slug)
    }
