"""Random fields with a given power spectrum, made by Fourier transform, isotropic on the ground."""

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

_PADDING = 1.25  # a field made by FFT is periodic: opposite edges must not look alike
_LONGEST_M = 50_000.0  # wavelength above which power grows no more, as windows are no longer
_FFT_MULTIPLE = 64


def power_law_field(
    exponent: float,
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Random field whose power falls with frequency to the power of -`exponent`.

    The mean is 0 and the standard deviation 1 over the field itself; float32 of `shape`.
    """

    def power(frequency: NDArray[np.float32]) -> NDArray[np.float32]:
        fallen: NDArray[np.float32] = np.maximum(
            frequency, np.float32(1 / _LONGEST_M)
        ) ** np.float32(-exponent)
        return fallen

    field = spectral_field(power, shape, spacing_m, generator)
    field -= field.mean()
    spread = field.std()
    return field / spread if spread > 0 else field


def spectral_field(
    power: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Random Gaussian field with a given power spectrum; float32 of `shape`.

    Parameters
    ----------
    power
        Relative power at spatial frequencies in cycles per metre.
    shape
        Rows, columns.
    spacing_m
        Height and width of a pixel, metres.
    generator
        Of the field's own.

    Returns
    -------
    numpy.ndarray
        Its variance is 1 and its mean 0 over many such fields, not over each: what a window sees
        of waves longer than itself differs from field to field.
    """
    rows, columns = (-(-int(side * _PADDING) // _FFT_MULTIPLE) * _FFT_MULTIPLE for side in shape)
    frequency_y = np.fft.fftfreq(rows, spacing_m[0]).astype(np.float32)[:, None]
    frequency_x = np.fft.rfftfreq(columns, spacing_m[1]).astype(np.float32)[None, :]
    gain = np.sqrt(power(np.hypot(frequency_y, frequency_x)))
    gain[0, 0] = 0.0
    # Each inner column of the half plane stands for itself and for its mirror image.
    twice = np.full(gain.shape[1], 2.0)
    twice[[0, -1]] = 1.0
    variance = float((gain.astype(np.float64) ** 2 @ twice).sum() / (rows * columns))
    spectrum = scipy.fft.rfft2(generator.standard_normal((rows, columns), dtype=np.float32))
    spectrum *= gain / np.float32(np.sqrt(variance))
    field: NDArray[np.float32] = scipy.fft.irfft2(spectrum, s=(rows, columns))
    return field[: shape[0], : shape[1]].copy()
