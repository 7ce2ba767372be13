"""The 3 x 3 patches of a volcano window."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fringewatch.numbers import (
    COHERENCE_SCALE,
    NO_DATA_CODE,
    PATCH_OFFSETS,
    PATCH_SIZE,
    WINDOW_SIZE,
)

PATCHES_PER_WINDOW = len(PATCH_OFFSETS) ** 2
_COHERENT_SHARE = 0.5
_Value = TypeVar("_Value", bound=np.generic)


@dataclass(frozen=True)
class PatchOrigin:
    """First row and column of a patch in its window."""

    row: int
    column: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the patch in its window."""
        return slice(self.row, self.row + PATCH_SIZE), slice(self.column, self.column + PATCH_SIZE)


PATCH_ORIGINS: tuple[PatchOrigin, ...] = tuple(
    PatchOrigin(row, column) for row in PATCH_OFFSETS for column in PATCH_OFFSETS
)
"""Origin of each patch, row by row: the order in which `cut_patches` gives them."""


def find_water(coherence: NDArray[np.uint8], water_coherence: float) -> NDArray[np.bool_]:
    """Where a window is water: pixels that are coherent in no pair.

    LiCSAR's phase is not masked over water, and the filter that made it draws fringes in noise. One
    pair's coherence cannot tell water from fresh lava or snow, and those must stay: ground that
    loses its coherence is part of what a model sees. Several pairs can: ground is coherent in some.

    Parameters
    ----------
    coherence
        uint8, shape (pair, H, W), 0 = no data.
    water_coherence
        0 to 1; water stays below it in all pairs.

    Returns
    -------
    numpy.ndarray
        bool, shape (H, W); True too where no pair has data.
    """
    highest: NDArray[np.float64] = coherence.max(axis=0, initial=0) * COHERENCE_SCALE
    return highest < water_coherence


def mask_water(phase: NDArray[np.uint8], water: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Phase bytes with no data on water; shapes (..., H, W) and (H, W)."""
    return np.where(water, np.uint8(NO_DATA_CODE), phase)


def coherent_patches(
    phase: NDArray[np.uint8], coherence: NDArray[np.uint8], least_coherence: float
) -> NDArray[np.bool_]:
    """Which patches of a pair's window have ground of which half or more is coherent, bool (9,).

    The others are noise, and a pair without any such patch tells nothing of either of its dates.

    Parameters
    ----------
    phase
        Bytes (H, W), 0 = no data, as on water.
    coherence
        Bytes (H, W).
    least_coherence
        0 to 1: what counts as coherent.
    """
    has_data = phase != NO_DATA_CODE
    coherent = has_data & (coherence * COHERENCE_SCALE >= least_coherence)
    found = []
    for origin in PATCH_ORIGINS:
        ground = has_data[origin.slices].sum()
        found.append(ground > 0 and coherent[origin.slices].sum() >= _COHERENT_SHARE * ground)
    return np.array(found)


def cut_patch(
    raster: NDArray[_Value], row: int, column: int, size: tuple[int, int] = (PATCH_SIZE, PATCH_SIZE)
) -> NDArray[_Value]:
    """Return the patch of a raster whose first row and column are given; a copy.

    Parameters
    ----------
    raster
        Phase bytes, or another kind of number, shape (H, W), of any size.
    row, column
        May lie outside: there is no data there, which is 0.
    size
        Rows and columns of the patch.
    """
    patch = np.full(size, NO_DATA_CODE, dtype=raster.dtype)
    top, left = max(row, 0), max(column, 0)
    found = raster[top : max(row + size[0], top), left : max(column + size[1], left)]
    height, width = found.shape
    patch[top - row : top - row + height, left - column : left - column + width] = found
    return patch


def cut_patches(window: NDArray[np.generic]) -> NDArray[np.generic]:
    """The nine patches of a window, row by row.

    Parameters
    ----------
    window
        Shape (500, 500), any dtype.

    Returns
    -------
    numpy.ndarray
        Shape (9, 224, 224), a copy of the same dtype. Patches overlap by 86 pixels and reach all
        four edges.

    Raises
    ------
    ValueError
        If the window has another shape.
    """
    if window.shape != (WINDOW_SIZE, WINDOW_SIZE):
        message = f"a volcano window is {WINDOW_SIZE} x {WINDOW_SIZE} pixels, got {window.shape}"
        raise ValueError(message)
    return np.stack([window[origin.slices] for origin in PATCH_ORIGINS])
