"""Turbulent delay of the radar signal in the troposphere, one field for each acquisition.

Water vapour makes a random field whose power falls with spatial frequency in two slopes: steep
below the scale of the turbulent layer's height, less steep above it (Hanssen 2001, Radar
Interferometry, section 4.7). In two dimensions the exponents are -11/3 and -8/3. With the default
scales, phases of a pair differ at 0.1, 0.9 and 3.6 km distance by 0.09, 0.5 and 1 rad (standard
deviation), as they do in quiet LiCSAR pairs of the Galapagos.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LARGE_SCALE_EXPONENT = -8.0 / 3.0
_SMALL_SCALE_EXPONENT = -11.0 / 3.0
_PADDING = 1.25  # a field made by FFT is periodic: opposite edges must not look alike
_FFT_MULTIPLE = 64


@dataclass(frozen=True)
class Turbulence:
    """Statistics of the delay at one acquisition."""

    least_peak_m: float = 0.01
    greatest_peak_m: float = 0.02
    """Each date's largest delay from the mean is drawn between these two."""
    break_m: float = 5_000.0
    """Wavelength at which the slope changes."""
    outer_m: float = 50_000.0
    """Wavelength above which the power grows no more."""


def turbulent_delay_m(
    turbulence: Turbulence,
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Extra path length from the satellite to the ground, metres; mean 0.

    Parameters
    ----------
    turbulence
        Size and scales of the field.
    shape
        Rows, columns.
    spacing_m
        Height and width of a pixel, metres: the field is isotropic on the ground.
    generator
        The date's own.

    Returns
    -------
    numpy.ndarray
        float32, of `shape`; its largest magnitude lies between the two peaks of `turbulence`.
    """
    field = two_slope_field(turbulence, shape, spacing_m, generator)
    peak_m = generator.uniform(turbulence.least_peak_m, turbulence.greatest_peak_m)
    delay_m: NDArray[np.float32] = (field * (peak_m / np.abs(field).max())).astype(np.float32)
    return delay_m


def two_slope_field(
    turbulence: Turbulence,
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Random field with the two-slope spectrum, mean 0 and standard deviation 1, of `shape`."""
    rows, columns = (-(-int(side * _PADDING) // _FFT_MULTIPLE) * _FFT_MULTIPLE for side in shape)
    frequency_y = np.fft.fftfreq(rows, spacing_m[0])[:, None]
    frequency_x = np.fft.rfftfreq(columns, spacing_m[1])[None, :]
    frequency = np.hypot(frequency_y, frequency_x)
    spectrum = np.fft.rfft2(generator.standard_normal((rows, columns)))
    spectrum *= np.sqrt(_power(frequency, turbulence))
    spectrum[0, 0] = 0.0
    field: NDArray[np.float64] = np.fft.irfft2(spectrum, s=(rows, columns))[: shape[0], : shape[1]]
    field -= field.mean()
    field /= field.std()
    return field


def _power(frequency: NDArray[np.float64], turbulence: Turbulence) -> NDArray[np.float64]:
    """Power at spatial frequencies in cycles per metre, 1 at the break."""
    relative = np.maximum(frequency, 1.0 / turbulence.outer_m) * turbulence.break_m
    return np.where(
        relative < 1.0, relative**_LARGE_SCALE_EXPONENT, relative**_SMALL_SCALE_EXPONENT
    )
