"""Whole windows of volcanoes as one flat file: ground from which patches are cut anywhere.

Patches of a corpus lie at fixed places; a window gives as many as it has pixels, and can be scored
as the watch scores it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, StoreError
from fringewatch.numbers import NO_DATA_CODE, PATCH_SIZE
from insar_models.patchfile.flat_file import read_flat_file, write_flat_file

_KIND: Final = "windows"
_FIRST_DAY: Final = dt.date(1970, 1, 1)
_TRIES: Final = 4
"""Places that are looked at for a crop: the one with most data is taken."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of wrapped phase, n of them, of any number of volcanoes."""

    phase: NDArray[np.uint8]
    """Phase bytes, shape (n, side, side); 0 is no data."""
    volcano: NDArray[np.str_]
    """Shape (n,): slugs."""
    frame: NDArray[np.str_]
    primary: NDArray[np.int32]
    """Shape (n,): days since 1970-01-01."""
    secondary: NDArray[np.int32]
    licence: str
    """Of what the windows were made of."""
    sha256: str = ""
    """Of the file that they were read from."""

    def __len__(self) -> int:
        return len(self.phase)

    def names(self) -> list[str]:
        """Return a name for each window: volcano, frame and dates."""
        return [
            f"{volcano} {frame} {_day(first)}_{_day(second)}"
            for volcano, frame, first, second in zip(
                self.volcano, self.frame, self.primary, self.secondary, strict=True
            )
        ]

    def of_volcanoes(self, volcanoes: Sequence[str]) -> NDArray[np.int64]:
        """Return the places of the windows of some volcanoes."""
        return np.flatnonzero(np.isin(self.volcano, list(volcanoes))).astype(np.int64)

    def crops(
        self, rows: NDArray[np.int64], generator: np.random.Generator, side: int = PATCH_SIZE
    ) -> NDArray[np.uint8]:
        """Return a square cut anywhere from each of some windows: uint8 (k, side, side).

        Of a few places that are drawn, that with most data is taken: much of some windows is sea.
        """
        room = self.phase.shape[1] - side + 1
        places = generator.integers(room, size=(len(rows), _TRIES, 2))
        patches = np.empty((len(rows), side, side), np.uint8)
        for at, row in enumerate(rows.tolist()):
            cuts = [
                self.phase[row, top : top + side, left : left + side]
                for top, left in places[at].tolist()
            ]
            patches[at] = max(cuts, key=_told)
        return patches


def write_windows(path: Path, windows: Windows) -> str:
    """Write windows as one file; return its hash.

    Raises
    ------
    BadInputError
        If the windows are no squares of at least a patch, or the columns are of other lengths.
    HomeError
        If the file cannot be written.
    """
    _check(windows)
    words = {}
    arrays: dict[str, NDArray[Any]] = {"phase": windows.phase}
    for name in ("volcano", "frame"):
        known, places = np.unique(getattr(windows, name), return_inverse=True)
        words[name] = known.tolist()
        arrays[name] = places.astype(np.uint16)
    for name in ("primary", "secondary"):
        arrays[name] = getattr(windows, name).astype(np.int32)
    return write_flat_file(path, _KIND, arrays, {"words": words, "licence": windows.licence})


def read_windows(path: Path) -> Windows:
    """Return the windows of a file, in memory.

    Raises
    ------
    StoreError
        If there is no such file, or it is cut, altered or of another kind.
    """
    file = read_flat_file(path, _KIND)
    try:
        words = {
            name: np.array(file.facts["words"][name], dtype=np.str_)[file.arrays[name]]
            for name in ("volcano", "frame")
        }
        windows = Windows(
            phase=file.arrays["phase"],
            primary=file.arrays["primary"],
            secondary=file.arrays["secondary"],
            licence=str(file.facts["licence"]),
            sha256=file.sha256,
            **words,
        )
        _check(windows)
    except (KeyError, IndexError, TypeError, BadInputError) as error:
        message = f"{path} holds no windows of volcanoes ({error}): write it again"
        raise StoreError(message) from error
    return windows


def _check(windows: Windows) -> None:
    """Pass square windows with a value of each column for each."""
    phase = windows.phase
    lengths = {
        name: len(getattr(windows, name)) for name in ("volcano", "frame", "primary", "secondary")
    }
    square = phase.ndim == 3 and phase.shape[1] == phase.shape[2] >= PATCH_SIZE  # noqa: PLR2004
    if phase.dtype != np.uint8 or not square or set(lengths.values()) != {len(phase)}:
        message = (
            f"windows of {phase.dtype} and shape {phase.shape} with columns of {lengths} do not "
            f"fit: give phase bytes of (n, side, side), a side of at least {PATCH_SIZE}, and n of "
            "each column"
        )
        raise BadInputError(message)


def _told(patch: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(patch != NO_DATA_CODE))


def _day(number: int) -> str:
    return f"{_FIRST_DAY + dt.timedelta(days=int(number)):%Y%m%d}"
