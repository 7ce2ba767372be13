"""The adaptive filter of Goldstein and Werner (1998, Geophys. Res. Lett. 25, 4035-4038).

A small piece of the interferogram has few strong spatial frequencies, its fringes, and noise in
all. Each frequency is weighted with a power of its own smoothed strength, so fringes stay and noise
goes. LiCSAR filters like that, but its phase over the sea is white between radar cells: where there
is no coherence, the filter leaves the phase as it came.
"""

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

_SIDE = 32
_STEP = 16
_FILTER_KNEE = 0.1  # coherence at which half of the filtered and half of the raw phasor is kept
_LEAST_COHERENCE = 0.02  # of a piece's best pixel that is worth filtering
_SMOOTHING = 3  # frequencies, over which the strength is averaged


def adaptive_filter(
    phasor: NDArray[np.complex64], coherence: NDArray[np.float32], strength: float
) -> NDArray[np.complex64]:
    """Filtered phasor of an interferogram; complex64, same shape.

    Parameters
    ----------
    phasor
        Shape (H, W); its magnitude counts.
    coherence
        Same shape, 0 to 1.
    strength
        Exponent of the weights: 0 changes nothing, 1 is strong.
    """
    if strength == 0:
        return phasor
    weight = coherence**2
    weight /= weight + np.float32(_FILTER_KNEE**2)
    worth = _pieces(coherence).max(axis=(2, 3)) > _LEAST_COHERENCE
    if not worth.any():
        return phasor
    busy = _filtered(_pieces(phasor)[worth], strength)
    busy *= _taper()
    smooth = _laid_together(busy, worth)[: phasor.shape[0], : phasor.shape[1]]
    smooth -= phasor
    smooth *= weight
    smooth += phasor
    return smooth


def _laid_together(busy: NDArray[np.complex64], worth: NDArray[np.bool_]) -> NDArray[np.complex64]:
    """Sum of the pieces where they overlap, without the margin; those not worth it are 0."""
    rows, columns = worth.shape
    quarters = np.zeros((rows, columns, 2, _STEP, 2, _STEP), dtype=np.complex64)
    quarters[worth] = busy.reshape(-1, 2, _STEP, 2, _STEP)
    total = np.zeros((rows + 1, columns + 1, _STEP, _STEP), dtype=np.complex64)
    for down in range(2):
        for across in range(2):
            part = quarters[:, :, down, :, across, :]
            total[down : down + rows, across : across + columns] += part
    raster: NDArray[np.complex64] = total.transpose(0, 2, 1, 3).reshape(
        (rows + 1) * _STEP, (columns + 1) * _STEP
    )
    return raster[_STEP:, _STEP:]


def _pieces(raster: NDArray[np.generic]) -> NDArray[np.generic]:
    """Overlapping squares, shape (rows, columns, 32, 32); 0 beyond the edges."""
    ends = [_STEP + (-side) % _STEP for side in raster.shape]
    padded = np.pad(raster, [(_STEP, end) for end in ends])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_SIDE, _SIDE))
    return windows[::_STEP, ::_STEP]


def _filtered(pieces: NDArray[np.complex64], strength: float) -> NDArray[np.complex64]:
    """Pieces with each frequency weighted by its strength; the strongest keeps its size."""
    spectrum = scipy.fft.fft2(pieces, overwrite_x=True)
    size = np.abs(spectrum)
    for axis in (1, 2):
        size = scipy.ndimage.uniform_filter1d(size, _SMOOTHING, axis=axis, mode="wrap")
    size /= np.maximum(size.max(axis=(1, 2), keepdims=True), np.float32(1e-12))
    np.power(size, np.float32(strength), out=size)
    spectrum *= size
    filtered: NDArray[np.complex64] = scipy.fft.ifft2(spectrum, overwrite_x=True)
    return filtered


def _taper() -> NDArray[np.float32]:
    """Weights of a piece's pixels; those of overlapping pieces add up to 1."""
    ramp = (np.arange(_STEP, dtype=np.float32) + np.float32(0.5)) / _STEP
    side = np.concatenate([ramp, ramp[::-1]])
    return np.outer(side, side)
