"""Fields that the delay of the air may follow: heights, or what a weather model says of a pair.

A field is made once for a window and used for many pairs, so what costs time is done here: where
it is not known it is continued smoothly, so that what is removed there makes no step.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from fringewatch.errors import BadInputError

HEIGHTS_REACH_RAD_PER_KM: Final = 20.0
"""Largest factor that is looked for: the steepest that real cones showed is about 7."""

DELAY_REACH: Final = 3.0
"""Largest multiple of a modelled delay that is looked for, of either sign."""

_SMOOTHING_BOXES: Final = (65, 33, 17, 9, 5, 5, 3, 3, 3)
_METRES_PER_KM: Final = 1_000.0
_DIMENSIONS: Final = 2


@dataclass(frozen=True, eq=False)
class AirField:
    """A field of which a multiple may be in the phase of a pair."""

    name: str
    values: NDArray[np.float32]
    """Shape (H, W), finite everywhere; where it is not known, continued from what is near."""
    known: NDArray[np.bool_]
    """Shape (H, W); the rest takes no part in a fit."""
    unit: str
    """Of the factor: radians for each unit of the field."""
    reach: float
    """Factors from minus to plus this are looked for."""

    @cached_property
    def level(self) -> np.float32:
        """Median where it is known; 0 if it is nowhere."""
        return np.float32(np.median(self.values[self.known]) if self.known.any() else 0.0)


def heights_field(heights_m: NDArray[np.floating]) -> AirField:
    """Heights as a field, in kilometres, so that its factor is in radians per kilometre.

    Parameters
    ----------
    heights_m
        Shape (H, W), metres. Exact 0 and non-finite values are no data, as in all of LiCSAR's
        rasters: the sea, and holes. If nothing is known the field is 0 and explains nothing.

    Raises
    ------
    BadInputError
        If it is no plane of numbers.
    """
    heights = _plane("heights", heights_m)
    known = np.isfinite(heights) & (heights != 0)
    values = continue_smoothly(heights / np.float32(_METRES_PER_KM), known)
    return AirField("heights", values, known, "rad/km", HEIGHTS_REACH_RAD_PER_KM)


def delay_field(
    name: str, primary_rad: NDArray[np.floating], secondary_rad: NDArray[np.floating]
) -> AirField:
    """What a weather model says of a pair, as a field; a factor of 1 takes it at its word.

    Parameters
    ----------
    name
        Of the model, such as ``gacos``.
    primary_rad, secondary_rad
        Slant delay of both dates, shape (H, W), radians; exact 0 and non-finite are no data.

    Raises
    ------
    BadInputError
        If they are no planes of numbers, or of different shapes.
    """
    primary, secondary = _plane(name, primary_rad), _plane(name, secondary_rad)
    if primary.shape != secondary.shape:
        message = (
            f"delays of {name}: the primary has shape {primary.shape}, the secondary "
            f"{secondary.shape}; give both on the grid of the pair"
        )
        raise BadInputError(message)
    known = np.isfinite(primary) & np.isfinite(secondary) & (primary != 0) & (secondary != 0)
    with np.errstate(invalid="ignore"):
        change = secondary - primary
    return AirField(name, continue_smoothly(change, known), known, "1", DELAY_REACH)


def continue_smoothly(values: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The values where they are known, continued without a step where they are not.

    Parameters
    ----------
    values, known
        Shape (H, W).

    Returns
    -------
    numpy.ndarray
        float32 (H, W): the nearest known value, smoothed ever finer towards the rim; 0 if nothing
        is known.
    """
    if known.all():
        return values.astype(np.float32)
    if not known.any():
        return np.zeros(values.shape, dtype=np.float32)
    rows, columns = scipy.ndimage.distance_transform_edt(
        ~known, return_distances=False, return_indices=True
    )
    filled: NDArray[np.float32] = values[rows, columns].astype(np.float32)
    for box in _SMOOTHING_BOXES:
        smooth = scipy.ndimage.uniform_filter(filled, box, mode="nearest")
        filled = np.where(known, filled, smooth)
    return filled


def _plane(name: str, values: NDArray[np.floating]) -> NDArray[np.float32]:
    plane = np.asarray(values)
    if plane.ndim != _DIMENSIONS or not np.issubdtype(plane.dtype, np.number):
        message = (
            f"{name}: {plane.dtype} of shape {plane.shape} is no plane of numbers: give one band, "
            "(rows, columns)"
        )
        raise BadInputError(message)
    return plane.astype(np.float32)
