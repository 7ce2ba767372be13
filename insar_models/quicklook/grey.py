"""Grey wrapped phase: value 0 to 255 is -pi to pi (dataset S1 of Bountos et al. 2022)."""

import numpy as np
from numpy.typing import NDArray

from insar_models.quicklook.blank import blank_regions

_RAD_PER_LEVEL = 2.0 * np.pi / 255.0
_NO_DATA_LEVELS = (0, 128)
"""Grey of no data: black in the unfiltered crops; 128, that is phase 0, in the filtered ones."""
_LARGEST_NATURAL = 200
"""Pixels of one level that true phase can form: 141 at most at level 127 of 990 pictures of S1."""


def grey_phase(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Phase of each grey level in radians, float64, same shape."""
    return levels.astype(np.float64) * _RAD_PER_LEVEL - np.pi


def read_grey_phasors(
    levels: NDArray[np.uint8], opaque: NDArray[np.bool_]
) -> NDArray[np.complex64]:
    """Phasor of each pixel, complex64 (H, W); 0 is no data.

    Single pixels of level 0 are phase -pi: in S1 they are half as frequent as those of level 1,
    as rounding makes them. A region of level 0 or 128 is no data if it is larger than true phase
    makes them, or if its surroundings do not have the neighbouring phases.

    Parameters
    ----------
    levels
        uint8 (H, W).
    opaque
        bool (H, W), False where the picture is transparent: no data.
    """
    field = np.where(opaque, np.exp(1j * grey_phase(levels)), 0.0).astype(np.complex64)
    blank = np.zeros_like(opaque)
    for level in _NO_DATA_LEVELS:
        phase_rad = float(level * _RAD_PER_LEVEL - np.pi)
        blank |= blank_regions(opaque & (levels == level), field, phase_rad, _LARGEST_NATURAL)
    field[blank] = 0.0
    return field
