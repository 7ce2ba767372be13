"""Pictures of any size as the square patches that a detector takes."""

import math

import numpy as np
from numpy.typing import NDArray

from fringewatch.numbers import PATCH_SIZE

_MARGIN = 16
"""Pixels of a side that may go unseen: a picture of 227 pixels is one patch, not four alike."""


def tile_starts(length: int) -> tuple[int, ...]:
    """First pixel of each tile along a side of `length` pixels; negative where it is padded.

    A side up to 16 pixels longer than a patch gets one centred tile. A longer one gets as few
    tiles as cover it, in equal steps from edge to edge.

    Examples
    --------
    >>> tile_starts(224), tile_starts(227), tile_starts(200), tile_starts(500)
    ((0,), (1,), (-12,), (0, 138, 276))
    """
    excess = length - PATCH_SIZE
    if excess <= _MARGIN:
        return (math.floor(excess / 2),)
    tiles = math.ceil(length / PATCH_SIZE)
    return tuple(round(excess * tile / (tiles - 1)) for tile in range(tiles))


def cut_tiles(phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Tiles of a picture that hold any phase, row by row: float32 (n, 224, 224), n may be 0.

    Nothing is resized, because a fringe rate in pixels means something to a detector. What lies
    outside a picture smaller than a tile is NaN.

    Parameters
    ----------
    phase_rad
        (H, W), radians, NaN = no data.
    """
    tops, lefts = (tile_starts(length) for length in phase_rad.shape)
    padding = [
        (max(0, -starts[0]), max(0, starts[-1] + PATCH_SIZE - length))
        for starts, length in zip((tops, lefts), phase_rad.shape, strict=True)
    ]
    padded = np.pad(phase_rad, padding, constant_values=np.nan)
    tiles = [
        padded[top : top + PATCH_SIZE, left : left + PATCH_SIZE]
        for top in (start + padding[0][0] for start in tops)
        for left in (start + padding[1][0] for start in lefts)
    ]
    holding = [tile for tile in tiles if np.isfinite(tile).any()]
    if not holding:
        return np.empty((0, PATCH_SIZE, PATCH_SIZE), dtype=np.float32)
    return np.stack(holding).astype(np.float32)
