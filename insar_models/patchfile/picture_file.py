"""Labelled pictures as one flat file, in the tiles that a detector sees: sets that judge."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, StoreError
from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.flat_file import read_flat_file, write_flat_file

_KIND: Final = "pictures"


@dataclass(frozen=True, eq=False)
class Pictures:
    """Tiles of n labelled pictures, m in all.

    Raises
    ------
    BadInputError
        If shapes do not fit each other, a picture has no tile, or a class is empty.
    """

    tiles: NDArray[np.uint8]
    """Phase bytes, shape (m, 224, 224), picture by picture; 0 is no data."""
    first: NDArray[np.int64]
    """Shape (n,): the first tile of each picture, rising from 0."""
    labels: NDArray[np.int64]
    """Shape (n,): 1 deforms, 0 is quiet."""
    groups: NDArray[np.str_]
    """Shape (n,): what is drawn together in intervals, such as an area."""

    def __post_init__(self) -> None:
        count = len(self.first)
        if (
            self.tiles.dtype != np.uint8
            or self.tiles.shape[1:] != (PATCH_SIZE, PATCH_SIZE)
            or not len(self.labels) == len(self.groups) == count > 0
            or self.first[0] != 0
            or not (np.diff([*self.first.tolist(), len(self.tiles)]) > 0).all()
        ):
            message = (
                f"tiles of {self.tiles.dtype} and shape {self.tiles.shape} for {count} pictures, "
                f"{len(self.labels)} labels and {len(self.groups)} groups do not fit: give bytes "
                "of (m, 224, 224), one tile or more a picture, and one label and group of each"
            )
            raise BadInputError(message)
        if set(self.labels.tolist()) != {0, 1}:
            message = (
                f"labels of pictures are {sorted(set(self.labels.tolist()))}: both 0 (quiet) and 1 "
                "(deforming) are needed, and nothing else"
            )
            raise BadInputError(message)

    def __len__(self) -> int:
        return len(self.first)


def write_pictures(path: Path, pictures: Pictures) -> str:
    """Write labelled pictures as one file; return its hash.

    Raises
    ------
    HomeError
        If the file cannot be written.
    """
    known, places = np.unique(pictures.groups, return_inverse=True)
    arrays: dict[str, NDArray[Any]] = {
        "tiles": pictures.tiles,
        "first": pictures.first.astype(np.int64),
        "labels": pictures.labels.astype(np.int8),
        "groups": places.astype(np.int32),
    }
    return write_flat_file(path, _KIND, arrays, {"words": known.tolist()})


def read_pictures(path: Path) -> Pictures:
    """Return the pictures of a file, in memory.

    Raises
    ------
    StoreError
        If there is no such file, or it is cut, altered or of another kind.
    """
    file = read_flat_file(path, _KIND)
    try:
        return Pictures(
            tiles=file.arrays["tiles"],
            first=file.arrays["first"].astype(np.int64),
            labels=file.arrays["labels"].astype(np.int64),
            groups=np.array(file.facts["words"], dtype=np.str_)[file.arrays["groups"]],
        )
    except (KeyError, IndexError, TypeError, BadInputError) as error:
        message = f"{path} holds no labelled pictures ({error}): write it again"
        raise StoreError(message) from error
