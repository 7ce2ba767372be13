"""The 3 x 3 patches of a volcano window."""

from dataclasses import dataclass

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


def mask_incoherent(
    phase: NDArray[np.uint8], coherence: NDArray[np.uint8], minimum_coherence: float
) -> NDArray[np.uint8]:
    """Phase bytes with no data where the coherence is below a limit.

    The filter that made the phase invents smooth fringes in noise, over sea above all; only the
    coherence tells.

    Parameters
    ----------
    phase, coherence
        uint8, same shape; 0 = no data in either.
    minimum_coherence
        0 to 1; pixels below it become no data.
    """
    enough = coherence * COHERENCE_SCALE >= minimum_coherence
    return np.where(enough & (coherence > 0), phase, NO_DATA_CODE).astype(np.uint8)


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
