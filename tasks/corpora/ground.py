"""Which patches share ground: squares of equal size that overlap, all in n log n."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fringewatch.numbers import PATCH_SIZE, PIXEL_DEGREES

UNKNOWN: Final = -1
"""Number of what is not known: a place, a pair, a frame."""

_MICRODEGREES = 1_000_000  # as whole numbers, so that a shared edge is told without rounding
_TURN = 360 * _MICRODEGREES
_SIDE = round((PATCH_SIZE - 0.5) * PIXEL_DEGREES * _MICRODEGREES)
"""Patches whose corners lie nearer to each other than this share more than half a pixel."""

_ROW_STEP = 4096  # more than the cells on a parallel, from one ghost to the other
_BUCKET_STEP = 1024 * _ROW_STEP  # more than the cells on a meridian
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
_BETWEEN_SEGMENTS = 4 * _TURN


def link(numbers: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return for each row the number of the component that it hangs together with, int64 (n,).

    Numbers count up from 0 in order of first appearance.

    Parameters
    ----------
    numbers
        Arrays of shape (n,): rows of one number in one of the arrays belong together; `UNKNOWN`
        ties a row to nothing.
    """
    rows, keys, first = [], [], len(numbers[0])
    size = first
    for of_row in numbers:
        tied = np.flatnonzero(of_row != UNKNOWN)
        rows.append(tied)
        keys.append(of_row[tied] + first)
        first = first + int(of_row.max(initial=UNKNOWN)) + 1
    return _components(np.concatenate(rows), np.concatenate(keys), first)[:size]


def overlapping(
    buckets: NDArray[np.int64], north: NDArray[np.float64], west: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return for each patch the number of the stretch of ground that it belongs to, int64 (n,).

    Two patches of a bucket that share more than half a pixel belong to one stretch, and so do all
    that hang together so; longitudes close at 180 degrees.

    The ground is laid out in cells as large as a patch: patches of one cell overlap, and those
    that overlap lie in one cell or in neighbours. Between two neighbours, one sort finds whether
    any of their patches overlap.

    Parameters
    ----------
    buckets
        Only patches of the same bucket are compared; `UNKNOWN`: with none.
    north, west
        Of the upper left corners, degrees; not finite or beyond a pole: unknown.

    Returns
    -------
    numpy.ndarray
        `UNKNOWN` where the bucket or the place is unknown.
    """
    stretch = np.full(len(buckets), UNKNOWN, dtype=np.int64)
    known = np.flatnonzero((buckets != UNKNOWN) & placed(north, west))
    if not known.size:
        return stretch
    y = np.rint(north[known] * _MICRODEGREES).astype(np.int64)
    x = np.rint(np.mod(west[known], 360.0) * _MICRODEGREES).astype(np.int64) % _TURN
    ghosts = np.flatnonzero(x < _SIDE)  # seen once more behind the place where longitudes close
    y, x = np.append(y, y[ghosts]), np.append(x, x[ghosts] + _TURN)
    bucket = np.append(buckets[known], buckets[known][ghosts])
    keys = bucket * _BUCKET_STEP + (y // _SIDE + 512) * _ROW_STEP + x // _SIDE + 1
    cells, cell = np.unique(keys, return_inverse=True)
    ties = [_touching(cells, cell, y, x, direction) for direction in _DIRECTIONS]
    ties.append((cell[ghosts], cell[known.size :]))
    of_cell = _components(
        np.concatenate([one for one, _ in ties]),
        np.concatenate([other for _, other in ties]),
        len(cells),
    )
    stretch[known] = of_cell[cell[: known.size]]
    return stretch


def placed(north: NDArray[np.float64], west: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether these can be a latitude and a longitude, in degrees."""
    # Comparisons with NaN are false.
    return (np.abs(north) <= 90.0) & (np.abs(west) <= 360.0)  # noqa: PLR2004


def _touching(
    cells: NDArray[np.int64],
    cell: NDArray[np.int64],
    y: NDArray[np.int64],
    x: NDArray[np.int64],
    direction: tuple[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells, and their neighbours in a direction, of which any two patches overlap.

    A patch of a cell and one of the neighbour overlap if the latter is less than a side further
    down the direction, in both coordinates. So: go through both cells' patches by latitude, and
    hold the longitude of the furthest patch of the cell that reaches the latitude.
    """
    rows, columns = direction
    neighbours = cells + rows * _ROW_STEP + columns
    place = np.minimum(np.searchsorted(cells, neighbours), len(cells) - 1)
    here = np.flatnonzero(cells[place] == neighbours)
    there = place[here]
    segment = np.full((2, len(cells)), UNKNOWN, dtype=np.int64)
    segment[0, here] = segment[1, there] = np.arange(len(here))
    mine, theirs = (np.flatnonzero(of_cell[cell] != UNKNOWN) for of_cell in segment)
    point = np.append(mine, theirs)
    of_point = np.append(segment[0, cell[mine]], segment[1, cell[theirs]])
    is_mine = np.arange(len(point)) < len(mine)
    reach = y[point] + _SIDE * is_mine
    along = x[point] if columns >= 0 else -x[point]
    order = np.lexsort((is_mine, -reach, of_point))  # a patch that just fails to reach comes later
    of_point, along, is_mine = of_point[order], along[order], is_mine[order]
    start = of_point * _BETWEEN_SEGMENTS
    furthest = np.maximum.accumulate(start + np.where(is_mine, along, -2 * _TURN)) - start
    touched = np.unique(of_point[~is_mine & (along - furthest < _SIDE)])
    return here[touched], there[touched]


def _components(one: NDArray[np.int64], other: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Number of the component of each of `size` nodes, by first appearance."""
    ties = coo_array((np.ones(len(one)), (one, other)), shape=(size, size))
    labels = connected_components(ties.tocsr(), directed=False)[1]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[inverse]
