"""How good a patch of phase bytes is: how full, how clean, how dense its fringes, how blank.

Everything is worked out from whole numbers that look-up tables give for bytes, or for differences
of bytes: quickly, and with the very same result for a turned or mirrored patch.
Only boxes that lie inside the patch and are valid in every pixel count, so that a masked patch has
over its valid part what the whole patch has there, and a mean is always over the same number of
phasors: noise has the same phasor coherence whatever is masked.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PHASE_OFFSET_RAD, PHASE_SCALE_RAD

COHERENCE_BOX: Final = 3
"""Side in pixels of the boxes of the phasor coherence."""

RATE_BOX: Final = 5
"""Side in pixels of the boxes of the fringe rate."""

_CODES = 256
_UNIT = 16_384  # the length of a phasor: sums over a box stay exact in float32 too
_DIGITS = 6  # what is kept of a result: more would differ between processors


def _table(angles_rad: NDArray[np.floating]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    parts = (
        np.rint(_UNIT * part).astype(np.int32) for part in (np.cos(angles_rad), np.sin(angles_rad))
    )
    cosine, sine = parts
    return cosine, sine


_PHASORS = _table(np.arange(_CODES) * PHASE_SCALE_RAD + PHASE_OFFSET_RAD)
_STEPS = _table(np.arange(-_CODES + 1, _CODES) * PHASE_SCALE_RAD)  # of a difference of two codes


@dataclass(frozen=True)
class PatchQuality:
    """Numbers by which a patch is kept or left out; each is the same for all its eight forms."""

    valid_fraction: float
    """Share of pixels with data, 0 to 1."""
    phasor_coherence: float
    """Mean length of the mean phasor in all whole boxes of 3 x 3 pixels, 0 to 1: 1 for constant
    phase, 0.30 for noise; NaN without a whole box. Fringes take from it: along an axis, clean ones
    of 0.1 cycles per pixel leave 0.87, of 0.2 leave 0.54, of 0.25 leave 0.33."""
    fringe_rate: float
    """Median over all whole boxes of 5 x 5 pixels of the local fringe rate, cycles per pixel.
    NaN without a whole box; noise has about 0.4, because its boxes count too."""
    equal_share: float
    """Share of valid pixels that hold the most frequent byte, above 0 to 1; NaN without data."""


def measure_quality(codes: NDArray[np.uint8]) -> PatchQuality:
    """The quality of a patch.

    The local fringe rate of a box is the length of the vector of its two rates: along the rows and
    along the columns, each the angle of the sum of the products z[next] conj z[this] of all
    neighbours in the box. It is unique up to half a cycle per pixel along an axis.

    Parameters
    ----------
    codes
        uint8 phase bytes, shape (H, W), 0 = no data.

    Returns
    -------
    PatchQuality
        Rounded to six decimals.

    Raises
    ------
    BadInputError
        If `codes` is of another type or has not two axes, or is empty.
    """
    if codes.dtype != np.uint8 or codes.ndim != 2 or codes.size == 0:  # noqa: PLR2004 - rows, columns
        message = (
            f"an array of shape {codes.shape} and type {codes.dtype} is no patch: expected phase "
            "bytes, uint8 of shape (H, W), not empty"
        )
        raise BadInputError(message)
    counts = np.bincount(codes.ravel(), minlength=_CODES)
    counts[NO_DATA_CODE] = 0
    valid_pixels = int(counts.sum())
    valid = codes != NO_DATA_CODE
    return PatchQuality(
        valid_fraction=round(valid_pixels / codes.size, _DIGITS),
        phasor_coherence=round(_phasor_coherence(codes, valid), _DIGITS),
        fringe_rate=round(_fringe_rate(codes, valid), _DIGITS),
        equal_share=round(int(counts.max()) / valid_pixels, _DIGITS) if valid_pixels else math.nan,
    )


def _phasor_coherence(codes: NDArray[np.uint8], valid: NDArray[np.bool_]) -> float:
    """Mean length of the phasor over boxes that are whole, 0 to 1; NaN without any."""
    whole = _whole_boxes(valid, COHERENCE_BOX)
    boxes = int(np.count_nonzero(whole))
    if not boxes:
        return math.nan
    cosine, sine = (
        _box_sums(table.take(codes), COHERENCE_BOX, COHERENCE_BOX)[whole].astype(np.float64)
        for table in _PHASORS
    )
    # Rounded lengths add up exactly, in any order.
    lengths = np.rint(np.sqrt(cosine * cosine + sine * sine))
    return min(1.0, float(lengths.sum()) / (boxes * COHERENCE_BOX**2 * _UNIT))


def _fringe_rate(codes: NDArray[np.uint8], valid: NDArray[np.bool_]) -> float:
    whole = _whole_boxes(valid, RATE_BOX)
    if not whole.any():
        return math.nan
    numbers = codes.astype(np.int16)
    along_rows = _turns(np.diff(numbers, axis=1), (RATE_BOX, RATE_BOX - 1), whole)
    along_columns = _turns(np.diff(numbers, axis=0), (RATE_BOX - 1, RATE_BOX), whole)
    rates = np.sqrt(along_rows * along_rows + along_columns * along_columns)
    return _median(rates)


def _median(values: NDArray[np.float64]) -> float:
    """The very number that `np.median` gives, in half of its time: no value is NaN here."""
    middle = values.size // 2
    if values.size % 2:
        return float(np.partition(values, middle)[middle])
    below, above = np.partition(values, (middle - 1, middle))[middle - 1 : middle + 1]
    return float((below + above) / 2.0)


def _turns(
    steps: NDArray[np.int16], box: tuple[int, int], whole: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Cycles per pixel along one axis in each whole box, of the differences of neighbours."""
    places = steps + np.int16(_CODES - 1)
    cosine, sine = (_box_sums(table.take(places), *box)[whole] for table in _STEPS)
    return np.arctan2(sine.astype(np.float64), cosine.astype(np.float64)) / (2.0 * np.pi)


def _whole_boxes(valid: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """Whether all pixels of a box are valid; (H, W) to (H - side + 1, W - side + 1)."""
    whole: NDArray[np.bool_] = _box_sums(valid.astype(np.int32), side, side) == side * side
    return whole


def _box_sums(values: NDArray[np.int32], rows: int, columns: int) -> NDArray[np.int32]:
    """Sums over all boxes that lie inside; shape (H - rows + 1, W - columns + 1)."""
    height, width = values.shape[0] - rows + 1, values.shape[1] - columns + 1
    if height < 1 or width < 1:
        return np.zeros((max(height, 0), max(width, 0)), dtype=np.int32)
    across = values[:, :width].copy()
    for column in range(1, columns):
        across += values[:, column : column + width]
    sums = across[:height].copy()
    for row in range(1, rows):
        sums += across[row : row + height]
    return sums
