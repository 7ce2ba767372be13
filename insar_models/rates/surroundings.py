"""A place against its surroundings: the ring round it, in which what it does is hardly felt."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

RING_M: Final = (7_000.0, 14_000.0)
"""Inner and outer radius: beyond a source some kilometres deep, and still in the same weather."""

_LEAST_SHARE: Final = 0.15  # of the ring that must be known: beside a narrow coast it is sea
_LEAST_INSIDE: Final = 0.5  # of the ring must lie in the window: so it does at an edge
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

    NaN where a value is not known, or too little of its ring, or where less than half of the ring
    lies in the window: in a corner a slope of the air is motion. Of a ring of many cells an even
    share is looked at.

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
    around.sort(axis=1)  # what is not known comes last
    count = np.isfinite(around).sum(axis=1)
    there = np.pad(np.ones(values.shape, dtype=np.bool_), [(side, side) for side in reach])
    inside = there[rows[:, None] + offsets[:, 0], columns[:, None] + offsets[:, 1]].mean(axis=1)
    enough = (inside >= _LEAST_INSIDE) & (count >= max(1.0, _LEAST_SHARE * len(offsets)))
    middle = around[np.arange(len(count)), np.maximum(count - 1, 0) // 2]
    found = np.full(values.shape, np.nan)
    found[rows[enough], columns[enough]] = (values[rows, columns] - middle)[enough]
    return found
