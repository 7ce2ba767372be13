"""Turbulent atmosphere: random fields whose power falls with spatial frequency.

The spectrum is that of `insar_models.simulation.atmosphere`: in two dimensions the power falls
with exponent -8/3 at large scales and -11/3 at small ones (Hanssen 2001, section 4.7). Fields are
drawn in the frequency domain on a box larger than the patch, since they repeat at its edges, and
at half the resolution: what is finer has next to no power.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from typing_extensions import override

from fringewatch.checked_fields import Share
from insar_models.augmentation.draws import Draws, Stream, spread
from insar_models.augmentation.piece import SpanFromZero
from insar_models.augmentation.screens import Screen

LARGE_SCALE_EXPONENT: Final = -8.0 / 3.0
SMALL_SCALE_EXPONENT: Final = -11.0 / 3.0

_PADDING: Final = 1.25
_COARSER: Final = 2
_FINE_SIDES: Final = 48
"""Patches of at most this side get their field at full resolution."""

_BREAK: Final = 0.25
"""Wavelength at which the slope changes, in sides of a patch: 5.6 km of 224 pixels of 100 m."""


@dataclass(frozen=True, kw_only=True)
class Turbulence(Screen):
    """Phase of the water vapour at two dates."""

    stream: ClassVar[Stream] = Stream.TURBULENCE

    probability: Share = 0.5
    spread_rad: SpanFromZero = (0.1, 0.9)
    """Standard deviation that is expected of a field, between these two."""

    @override
    def phase_rad(self, draws: Draws, side: int) -> torch.Tensor:
        coarse = side if side <= _FINE_SIDES else -(-side // _COARSER)
        field = random_field(draws, coarse)
        field *= spread(draws.to_device(draws.between(*self.spread_rad)))
        return field if coarse == side else enlarged(field, side)


def random_field(
    draws: Draws,
    side: int,
    *,
    exponents: tuple[float, float] = (LARGE_SCALE_EXPONENT, SMALL_SCALE_EXPONENT),
) -> torch.Tensor:
    """Return a random field a patch, float32 (n, 1, side, side).

    Mean 0 and standard deviation 1 are those that are expected: a field has its own.

    Parameters
    ----------
    draws
        For this purpose.
    side
        Pixels.
    exponents
        Of the power at wavelengths above and below a quarter of the side.
    """
    amplitude = _amplitude(side, exponents, draws.device)
    box, half = amplitude.shape
    spectrum = torch.view_as_complex(draws.normal(box, half, 2).mul_(amplitude[..., None]))
    # One axis after the other: over both at once, some devices expect a spectrum whose first and
    # last column are symmetric.
    columns = torch.fft.ifft(spectrum, dim=-2, norm="forward")
    field: torch.Tensor = torch.fft.irfft(columns, n=box, dim=-1, norm="forward")
    return field[:, None, :side, :side]


def enlarged(field: torch.Tensor, side: int) -> torch.Tensor:
    """A smooth field with `side` x `side` pixels, bilinear; shape (n, 1, side, side)."""
    return functional.interpolate(field, size=(side, side), mode="bilinear", align_corners=False)


@lru_cache(maxsize=32)
def _amplitude(side: int, exponents: tuple[float, float], device: torch.device) -> torch.Tensor:
    """Standard deviations of both parts of each coefficient: shape (box, box // 2 + 1)."""
    box = _even_box(side)
    frequency = np.hypot(np.fft.fftfreq(box)[:, None], np.fft.rfftfreq(box)[None])
    relative = frequency * side * _BREAK
    relative[0, 0] = 1.0
    power: NDArray[np.float64] = np.where(
        relative < 1.0, relative ** exponents[0], relative ** exponents[1]
    )
    power[0, 0] = 0.0
    # Each coefficient but those of the first and last column stands for its mirror image, too;
    # of those columns an inverse transform takes the symmetric half of what is drawn.
    counted = np.full(power.shape, 4.0)
    counted[:, [0, -1]] = 1.0
    amplitude = np.sqrt(power / (power * counted).sum())
    with torch.inference_mode(mode=False):
        return torch.from_numpy(amplitude.astype(np.float32)).to(device)


def _even_box(side: int) -> int:
    """The next multiple of 16 above the padded side: quick to transform."""
    return -(-int(side * _PADDING) // 16) * 16
