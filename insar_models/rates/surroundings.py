"""A place against its surroundings: the ring round it, in which what it does is hardly felt."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

RING_M: Final = (7_000.0, 14_000.0)
"""Inner and outer radius: beyond a source some kilometres deep, and still in the same weather."""

_LEAST_SHARE: Final = 0.15  # of the ring that must be known, and of each of its sides
_LEAST_SIDES: Final = 3  # of four: what lies in a corner is not surrounded
_MOST_CELLS: Final = 200  # of a ring; more would tell no more of its median


def ring_mask(
    shape: tuple[int, ...], cell_m: tuple[float, float], place: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return the cells of the ring round a cell, bool of that shape."""
    rows, columns = np.indices(shape)
    distance = np.hypot((rows - place[0]) * cell_m[0], (columns - place[1]) * cell_m[1])
    return np.asarray((distance >= RING_M[0]) & (distance <= RING_M[1]))


def against_ring(values: NDArray[np.float64], cell_m: tuple[float, float]) -> NDArray[np.float64]:
    """Return the values less the median of each cell's ring, of the same shape.

    NaN where a value is not known, or too little of its ring, or that on two of its four sides
    alone: in a corner of what is known there is nothing to compare with, and a slope of the air is
    motion. Of a ring of many cells an even share is looked at.

    Parameters
    ----------
    values
        Shape (rows, columns), NaN is no data.
    cell_m
        Height and width of a cell.
    """
    reach = (int(RING_M[1] // cell_m[0]), int(RING_M[1] // cell_m[1]))
    offsets = np.argwhere(ring_mask((2 * reach[0] + 1, 2 * reach[1] + 1), cell_m, reach))
    offsets = offsets[:: max(1, len(offsets) // _MOST_CELLS)]
    padded = np.pad(values, [(side, side) for side in reach], constant_values=np.nan)
    rows, columns = np.nonzero(np.isfinite(values))
    around = padded[rows[:, None] + offsets[:, 0], columns[:, None] + offsets[:, 1]]
    sides = [
        np.isfinite(around[:, on_it]).mean(axis=1) for on_it in _sides(offsets - reach, cell_m)
    ]
    surrounded = np.sum([share >= _LEAST_SHARE for share in sides], axis=0) >= _LEAST_SIDES
    around.sort(axis=1)  # what is not known comes last
    count = np.isfinite(around).sum(axis=1)
    enough = surrounded & (count >= max(1.0, _LEAST_SHARE * len(offsets)))
    middle = around[np.arange(len(count)), np.maximum(count - 1, 0) // 2]
    found = np.full(values.shape, np.nan)
    found[rows[enough], columns[enough]] = (values[rows, columns] - middle)[enough]
    return found


def _sides(offsets: NDArray[np.intp], cell_m: tuple[float, float]) -> tuple[NDArray[np.bool_], ...]:
    """Return which cells of a ring lie below, above, right and left of its middle."""
    down, right = offsets[:, 0] * cell_m[0], offsets[:, 1] * cell_m[1]
    is_steep = np.abs(down) >= np.abs(right)
    return (
        is_steep & (down > 0),
        is_steep & (down < 0),
        ~is_steep & (right > 0),
        ~is_steep & (right < 0),
    )
