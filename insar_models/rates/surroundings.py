"""A place against its surroundings: the ring round it, in which what it does is hardly felt."""

from typing import Final

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

RING_M: Final = (7_000.0, 14_000.0)
"""Inner and outer radius: beyond a source some kilometres deep, and still in the same weather."""

_LEAST_SHARE: Final = 0.15  # of the ring that must be known
_TRIMMED_DEVIATIONS: Final = 3.0


def ring_mask(
    shape: tuple[int, ...], cell_m: tuple[float, float], place: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return the cells of the ring round a cell, bool of that shape."""
    rows, columns = np.indices(shape)
    distance = np.hypot((rows - place[0]) * cell_m[0], (columns - place[1]) * cell_m[1])
    return np.asarray((distance >= RING_M[0]) & (distance <= RING_M[1]))


def against_ring(values: NDArray[np.float64], cell_m: tuple[float, float]) -> NDArray[np.float64]:
    """Return the values less the mean of each cell's ring, of the same shape.

    Values that are far from all others do not count in a ring. NaN where a value is not known, or
    too little of its ring: at the rim of what is known there is nothing to compare with.

    Parameters
    ----------
    values
        Shape (rows, columns), NaN is no data.
    cell_m
        Height and width of a cell.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.full(values.shape, np.nan)
    middle = float(np.median(values[known]))
    spread = 1.4826 * float(np.median(np.abs(values[known] - middle)))
    counted = known & (np.abs(np.nan_to_num(values) - middle) <= _TRIMMED_DEVIATIONS * spread)
    reach = tuple(int(RING_M[1] // side) for side in cell_m)
    kernel = ring_mask((2 * reach[0] + 1, 2 * reach[1] + 1), cell_m, reach).astype(np.float64)
    total, count = (
        scipy.ndimage.convolve(part, kernel, mode="constant")
        for part in (np.where(counted, values, 0.0), counted.astype(np.float64))
    )
    enough = count >= max(1.0, _LEAST_SHARE * kernel.sum())
    mean = np.divide(total, count, out=np.full(values.shape, np.nan), where=enough)
    return np.asarray(values - mean)
