"""A series of real displacement, and pairs made of it by wrapping it again.

Such pairs are re-wrapped displacement and no LiCSAR products: an inversion of the whole network has
taken much of the noise away, every loop of pairs closes, and what was unwrapped wrongly stays
wrong. Noise, atmosphere and dates are real.
"""

import datetime as dt
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from catalogs.rasters.grid import Grid
from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from fringewatch.numbers import FRINGE_M, PIXEL_DEGREES
from insar_models.phase.codes import encode_phase

_ARRAYS: Final = ("cum_1e4m", "dates", "lats", "lons")
_NO_DATA: Final = -32768
_STEP_M: Final = 1e-4
_DIMENSIONS: Final = 3
_UNEVEN_PIXELS: Final = 0.05  # of a pixel's place; coordinates are often rounded
_FRAME: Final = re.compile(r"[0-9]{3}[AD]_[0-9]{4}[0-9HM]_[0-9]{6}")


@dataclass(frozen=True, eq=False)
class DisplacementSeries:
    """Cumulative displacement along the line of sight, as one frame saw it."""

    frame: str
    """From the file's name; the name itself where it holds no frame."""
    grid: Grid
    dates: tuple[dt.date, ...]
    """In order of time."""
    steps: NDArray[np.int16]
    """Shape (date, H, W), north first; tenths of a millimetre towards the satellite, -32768 = no
    data."""

    def wrapped(self, pair: DatePair) -> NDArray[np.uint8]:
        """Return what a pair of two of the dates shows, as phase bytes; shape (H, W).

        The phase is -4 pi / wavelength times the displacement between the dates, as LiCSAR's is.
        """
        before, after = (
            self.steps[self.dates.index(day)] for day in (pair.primary, pair.secondary)
        )
        valid = (before != _NO_DATA) & (after != _NO_DATA)
        moved_m = (after.astype(np.float64) - before) * _STEP_M
        phase_rad = moved_m * (-2.0 * math.pi / FRINGE_M)
        # Exactly 0 is no data in LiCSAR's files; here it is ground that did not move.
        phase_rad[phase_rad == 0] = np.finfo(np.float64).tiny
        return encode_phase(phase_rad, valid)


def read_series(path: Path) -> DisplacementSeries:
    """Return the series of an ``.npz`` file.

    Its arrays are ``cum_1e4m`` (int16, date x row x column, 0.1 mm, -32768 = no data), ``dates``
    (YYYY-MM-DD), ``lats`` and ``lons`` (pixel centres in degrees, one for each row and column).

    Raises
    ------
    BadInputError
        If it cannot be read, lacks an array, an array has another shape or type, the dates are not
        in order of time, there is no data at all, or the pixels are not LiCSAR's: those of another
        size would have to be resampled, and the detectors know this one alone.
    """
    arrays = _arrays(path)
    _check_types(path, arrays)
    steps, dates = arrays["cum_1e4m"], _dates(path, arrays["dates"])
    lengths = (len(dates), arrays["lats"].size, arrays["lons"].size)
    if steps.shape != lengths:
        message = f"{path}: cum_1e4m has shape {steps.shape}; dates, lats and lons say {lengths}"
        raise BadInputError(message)
    if not (steps != _NO_DATA).any():
        message = f"{path}: cum_1e4m is all no data ({_NO_DATA}): there is nothing to see"
        raise BadInputError(message)
    found = _FRAME.search(path.name)
    frame = found[0] if found else path.stem
    return DisplacementSeries(frame, _grid(path, arrays["lats"], arrays["lons"]), dates, steps)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Opened here: what is no archive must not leave numpy's own file open.
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                message = f"{path} holds one array; expected an .npz file of several"
                raise BadInputError(message)
            missing = [name for name in _ARRAYS if name not in file.files]
            if missing:
                message = (
                    f"{path} holds no array '{missing[0]}', only {', '.join(file.files)}; a series "
                    f"of displacement needs {', '.join(_ARRAYS)}"
                )
                raise BadInputError(message)
            return {name: file[name] for name in _ARRAYS}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        message = f"{path} cannot be read as a series of displacement (.npz): {error}"
        raise BadInputError(message) from error


def _check_types(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    steps = arrays["cum_1e4m"]
    if steps.dtype != np.int16 or steps.ndim != _DIMENSIONS:
        message = (
            f"{path}: cum_1e4m is {steps.dtype} of shape {steps.shape}; expected int16 of shape "
            "(dates, rows, columns)"
        )
        raise BadInputError(message)
    for name in ("lats", "lons"):
        degrees = arrays[name]
        if degrees.dtype.kind != "f" or degrees.ndim != 1 or not degrees.size:
            message = (
                f"{path}: {name} is {degrees.dtype} of shape {degrees.shape}; expected "
                "degrees, one floating point number for each row or column"
            )
            raise BadInputError(message)


def _dates(path: Path, words: NDArray[Any]) -> tuple[dt.date, ...]:
    try:
        dates = tuple(dt.date.fromisoformat(str(word)) for word in words.ravel())
    except ValueError as error:
        message = f"{path}: dates holds what is no date YYYY-MM-DD: {error}"
        raise BadInputError(message) from error
    if len(dates) < 2:  # noqa: PLR2004
        message = f"{path} holds {len(dates)} date(s): a pair needs two"
        raise BadInputError(message)
    for before, after in pairwise(dates):
        if after <= before:
            message = f"{path}: dates are not in order of time: {after} comes after {before}"
            raise BadInputError(message)
    return dates


def _grid(path: Path, lats: NDArray[Any], lons: NDArray[Any]) -> Grid:
    north, west = _first_edge(path, "lats", -lats), _first_edge(path, "lons", lons)
    return Grid(west, -north, PIXEL_DEGREES, PIXEL_DEGREES, lons.size, lats.size)


def _first_edge(path: Path, name: str, centres: NDArray[Any]) -> float:
    """Outer edge of the first pixel, of coordinates that rise by one pixel after another."""
    expected = float(centres[0]) + PIXEL_DEGREES * np.arange(centres.size)
    if not np.all(np.abs(centres - expected) <= _UNEVEN_PIXELS * PIXEL_DEGREES):
        steps = np.diff(np.asarray(centres, dtype=np.float64))
        order = "north to south" if name == "lats" else "west to east"
        message = (
            f"{path}: {name} has steps of {steps.min():g} to {steps.max():g} degrees {order}; "
            f"expected {PIXEL_DEGREES:g} throughout, LiCSAR's pixel, which the models know"
        )
        raise BadInputError(message)
    return float(centres[0]) - PIXEL_DEGREES / 2
