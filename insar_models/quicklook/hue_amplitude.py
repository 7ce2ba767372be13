"""The older LiCSAR quicklook: hue is phase, brightness is radar amplitude.

The hue runs in straight lines through colour space from cyan (phase 0) to magenta (2 pi / 3) to
yellow (-2 pi / 3) and back; at each of the three corners one channel is a fifth of the two others.
Measured on Etna, track 124D: where four acquisitions form a closed loop of two pictures of this
family and two palette quicklooks, the loop closes to 0.02 rad in the mean and is never more than
0.04 rad off at any hue. The amplitude multiplies all three channels, so it drops out of their
ratio; grey, without hue, is what LiCSAR paints over water and loss of coherence.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insar_models.quicklook.blank import blank_regions
from insar_models.quicklook.colour_cycle import ColourCycle, RememberedPlane, brightest, phase_steps

LOW_CHANNEL: Final = 0.2
"""Value of the low channel at a corner of the hue triangle, the two others being 1."""

_DARKEST = 32  # below, rounding to 8 bits moves the hue by more than 0.1 rad
_CYAN_CONTRAST = 0.5
_ROUNDING = 1


def hue_colours(phase_rad: NDArray[np.floating]) -> NDArray[np.float64]:
    """Colour of each phase at full amplitude: float64 (..., 3), red, green, blue up to 1.

    Parameters
    ----------
    phase_rad
        Any shape, radians, finite.
    """
    third = 2.0 * np.pi / 3.0
    channels = []
    for corner in (0.0, third, -third):  # cyan lacks red, magenta green, yellow blue
        away = np.abs(np.angle(np.exp(1j * (np.asarray(phase_rad) - corner))))
        channels.append(LOW_CHANNEL + (1.0 - LOW_CHANNEL) * np.minimum(away / third, 1.0))
    return np.stack(channels, axis=-1)


def chroma(colours: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.complex128]:
    """Hue and saturation without brightness: complex128 (...), 0 = grey.

    Parameters
    ----------
    colours
        (..., 3), any linear scale.
    """
    red, green, blue = np.moveaxis(np.asarray(colours, dtype=np.float64), -1, 0)
    corners = -np.exp(2j * np.pi / 3.0 * np.arange(3))
    turned = red * corners[0] + green * corners[1] + blue * corners[2]
    return np.asarray(turned / np.maximum(red + green + blue, 1e-9))


def saturation(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Saturation as a share of this family's own at the same hue, float64 (...); 1 = coherent.

    Parameters
    ----------
    colours
        uint8 (..., 3).
    """
    seen = chroma(colours)
    corner = (1.0 - LOW_CHANNEL) / (2.0 + LOW_CHANNEL)
    from_edge_middle = np.mod(np.angle(seen), 2.0 * np.pi / 3.0) - np.pi / 3.0
    edge = 0.5 * corner / np.cos(from_edge_middle)
    return np.asarray(np.abs(seen) / edge)


@cache
def hue_cycle() -> RememberedPlane:
    """The hue triangle as a searchable disc in the chroma plane, built once."""
    scale = chroma(hue_colours(phase_steps()))
    return RememberedPlane(ColourCycle(np.stack([scale.real, scale.imag], axis=-1)))


def read_hue_phasors(
    colours: NDArray[np.uint8], opaque: NDArray[np.bool_]
) -> NDArray[np.complex64]:
    """Mean phasor that each pixel of a hue picture shows; 0 is no data.

    Parameters
    ----------
    colours
        uint8 (H, W, 3).
    opaque
        bool (H, W), False where the picture is transparent: no data. So are pixels too dark to
        show a hue, and regions of exactly phase 0 (LiCSAR's no data, painted in the colour of 0)
        whose surroundings do not have phases near 0.
    """
    shown = opaque & (brightest(colours) >= _DARKEST)
    field = np.where(shown, hue_cycle().phasors(chroma(colours)), np.complex64(0))
    red, green, blue = np.moveaxis(colours.astype(np.int16), -1, 0)
    cyan = shown & (np.abs(green - blue) <= _ROUNDING) & (red < _CYAN_CONTRAST * green)
    field[blank_regions(cyan, field, 0.0)] = 0.0
    return field
