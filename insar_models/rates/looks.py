"""Pairs of a window, multi-looked: one mean phasor for each cell of some pixels.

A cell of 8 x 8 pixels is some 0.9 km wide, so that a window is 63 x 63 cells: a series of pairs
fits into memory, and a rate is found for all cells in a fraction of a second.
"""

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PHASE_OFFSET_RAD, PHASE_SCALE_RAD

CELL_PIXELS: Final = 8
"""Side of a cell."""

_DIMENSIONS: Final = 2
_BYTES: Final = 256


def _looked_up() -> NDArray[np.complex64]:
    angle = np.arange(_BYTES) * PHASE_SCALE_RAD + PHASE_OFFSET_RAD
    unit = np.asarray(np.exp(1j * angle), dtype=np.complex64)
    unit[NO_DATA_CODE] = 0
    return unit


_PHASORS: Final = _looked_up()
_WEIGHTS: Final = (np.arange(_BYTES, dtype=np.float32) / 255) ** 2


def cell_phasors(
    phase: NDArray[np.uint8], coherence: NDArray[np.uint8], water: NDArray[np.bool_] | None = None
) -> NDArray[np.complex64]:
    """Return the mean phasor of each cell, complex64 (ceil(H / 8), ceil(W / 8)).

    Pixels count by the square of their coherence. The length of the mean, 0 to 1, says how well
    the pixels of the cell agree, times the share of the cell that has data; 0 is no data.

    Parameters
    ----------
    phase, coherence
        Bytes of one pair, uint8 (H, W); 0 is no data.
    water
        bool (H, W): pixels that do not count.

    Raises
    ------
    BadInputError
        If they are no bytes, or of different shapes.
    """
    if not phase.dtype == coherence.dtype == np.uint8 or phase.ndim != _DIMENSIONS:
        message = f"phase {phase.dtype} and coherence {coherence.dtype}: bytes (H, W) are needed"
        raise BadInputError(message)
    if phase.shape != coherence.shape or (water is not None and water.shape != phase.shape):
        message = f"phase {phase.shape}, coherence {coherence.shape}: give one window"
        raise BadInputError(message)
    valid = phase != NO_DATA_CODE
    if water is not None:
        valid = valid & ~water
    weight = np.where(valid, _WEIGHTS[coherence], np.float32(0))
    total = _cells(np.asarray(_PHASORS[phase] * weight, dtype=np.complex64))
    weights = _cells(weight)
    share = _cells(valid.astype(np.float32)) / np.float32(CELL_PIXELS**2)
    mean = np.zeros_like(total)
    np.divide(total, weights, out=mean, where=weights > 0)
    return np.asarray(mean * share, dtype=np.complex64)


_Value = TypeVar("_Value", np.float32, np.complex64)


def _cells(values: NDArray[_Value]) -> NDArray[_Value]:
    """Return the sums over cells; the last row and column of cells may be cut off."""
    rows, columns = (-side % CELL_PIXELS for side in values.shape)
    padded = np.pad(values, ((0, rows), (0, columns)))
    height, width = (side // CELL_PIXELS for side in padded.shape)
    parts = padded.reshape(height, CELL_PIXELS, width, CELL_PIXELS)
    summed: NDArray[_Value] = parts.sum(axis=(1, 3))
    return summed
