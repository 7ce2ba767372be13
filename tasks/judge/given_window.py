"""A window that a Python program hands over: arrays, of which no file says what they are."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalogs.rasters.ranges import BEYOND_PI, NumbersSeen
from catalogs.records import Product
from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, WINDOW_SIZE
from insar_models.phase.codes import encode_phase

_WINDOW = (WINDOW_SIZE, WINDOW_SIZE)


@dataclass(frozen=True)
class GivenWindow:
    """Phase and coherence as bytes, uint8 (500, 500), 0 for no data; water, bool (500, 500)."""

    phase: NDArray[np.uint8]
    coherence: NDArray[np.uint8]
    water: NDArray[np.bool_]


def given_window(
    phase_rad: NDArray[np.floating],
    coherence: NDArray[np.floating] | None,
    water: NDArray[np.bool_] | None,
) -> GivenWindow:
    """Return the window that three arrays are; what they cannot be is not guessed at.

    Parameters
    ----------
    phase_rad
        Wrapped phase, float (500, 500), -pi to pi; NaN, exact 0 and what is masked are no data.
    coherence
        Float (500, 500), 0 to 1, NaN is no data; fully coherent if not given.
    water
        Bool (500, 500); no water if not given.

    Raises
    ------
    BadInputError
        If an array has another shape or type, phase lies beyond pi or ends sharply where cycles do,
        or coherence lies beyond 0 to 1 or is a mask.
    """
    if coherence is None:
        coherence = np.ones(_WINDOW, np.float32)
    if water is None:
        water = np.zeros(_WINDOW, np.bool_)
    phase_rad, coherence, water = _plain(phase_rad), _plain(coherence), _plain(water)
    for name, array in (("phase", phase_rad), ("coherence", coherence), ("water", water)):
        if np.shape(array) != _WINDOW:
            message = f"the {name} has the shape {np.shape(array)}: a window has {_WINDOW}"
            raise BadInputError(message)
    _check_floats("phase", phase_rad, "radians; of a complex interferogram its np.angle")
    _check_floats("coherence", coherence, "0 to 1; of bytes a 255th")
    if water.dtype != np.bool_:
        message = f"the water is {water.dtype}: give True or False for each pixel"
        raise BadInputError(message)
    _check_range(
        "phase", phase_rad, (-math.pi - BEYOND_PI, math.pi + BEYOND_PI),
        "wrapped radians of -pi to pi: np.radians() makes them of degrees, "
        "np.angle(np.exp(1j * phase)) wraps",
    )  # fmt: skip
    _check_range("coherence", coherence, (0.0, 1.0), "0 to 1")
    codes = encode_phase(phase_rad)
    _check_units(phase_rad, coherence[codes != NO_DATA_CODE])
    share = np.rint(255 * np.nan_to_num(coherence))
    return GivenWindow(
        codes, np.where(codes == NO_DATA_CODE, 0, share).astype(np.uint8), np.asarray(water)
    )


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """The array itself; what a masked one of numbers hides, as rasterio reads it, is no data."""
    if np.ma.isMaskedArray(array) and np.issubdtype(array.dtype, np.floating):
        return np.ma.filled(array, np.nan)
    return np.asarray(array)


def _check_floats(name: str, array: NDArray[np.generic], wanted: str) -> None:
    """Whole and complex numbers would be taken for something that they are not."""
    if not np.issubdtype(array.dtype, np.floating):
        message = f"the {name} is {array.dtype}: give numbers with a fraction, {wanted}"
        raise BadInputError(message)


def _check_units(phase_rad: NDArray[np.floating], coherence: NDArray[np.floating]) -> None:
    """Cycles would be quiet ground, and so would a mask be: as of files, their ends tell."""
    seen = NumbersSeen.among(Product.DIFF_PHA, phase_rad, said=False)
    unit = seen.unit_of_phase()
    if unit is not None:
        message = (
            f"the phase ends sharply at {seen.lowest:.4g} and {seen.highest:.4g}, as {unit} do: "
            "give wrapped radians of -pi to pi"
        )
        raise BadInputError(message)
    if np.unique(coherence[np.isfinite(coherence)]).tolist() == [0.0, 1.0]:
        message = (
            "the coherence is 0 or 1 only where there is phase: it is a mask; give numbers with a "
            "fraction from 0 to 1, and NaN as phase where there are no data"
        )
        raise BadInputError(message)


def _check_range(
    name: str, array: NDArray[np.floating], ends: tuple[float, float], wanted: str
) -> None:
    """What lies beyond the ends is in another unit."""
    some = array[np.isfinite(array)]
    if some.size and not ends[0] <= some.min() <= some.max() <= ends[1]:
        message = f"the {name} reaches from {some.min():.4g} to {some.max():.4g}: give {wanted}"
        raise BadInputError(message)
