"""LiCSAR's quicklook palette: blue, cream, red, and dark purple where the cycle closes.

Today's `diff.png` files are posterised to eight levels of each channel, without dithering. What
can be measured is therefore the phase at which a channel steps from one level to the next, that
is, at which the palette passes the middle between them. The anchors below are these 38 phases,
from four interferograms of frame 106A_09048_000909 of which the wrapped phase is known too, and
five turning points between them, which the steps only bound. `benchmarks/quicklook_error.py`
measures them again; three other interferograms of the frame agree within 0.01 rad.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insar_models.quicklook.blank import blank_regions
from insar_models.quicklook.colour_cycle import ColourCycle, darkest, distinct, phase_steps

RED_ANCHORS: Final = (
    (-3.108, 91.0), (-3.010, 54.5), (-2.845, 45.0), (-2.680, 54.5), (-2.160, 91.0),
    (-1.745, 127.5), (-1.385, 164.0), (-1.000, 200.5), (-0.584, 237.0), (-0.300, 255.0),
    (2.000, 255.0), (2.310, 237.0), (2.804, 200.5), (3.033, 164.0), (3.112, 127.5),
)  # fmt: skip
"""(phase in rad, red 0 to 255); the turning points are (-2.845, 45), (-0.3, 255), (2.0, 255)."""

GREEN_ANCHORS: Final = (
    (-3.011, 54.5), (-2.722, 91.0), (-2.384, 127.5), (-2.029, 164.0), (-1.617, 200.5),
    (-1.073, 237.0), (-0.600, 255.0), (0.200, 255.0), (0.590, 237.0), (1.028, 200.5),
    (1.387, 164.0), (1.700, 127.5), (2.021, 91.0), (2.346, 54.5), (2.715, 18.0),
    (2.920, 0.0), (3.129, 18.0),
)  # fmt: skip
"""(phase in rad, green 0 to 255); the turning points are at 255 and 0."""

BLUE_ANCHORS: Final = (
    (-3.069, 127.5), (-2.918, 164.0), (-2.251, 200.5), (-1.499, 237.0), (-1.100, 255.0),
    (-0.750, 255.0), (-0.368, 237.0), (0.006, 200.5), (0.412, 164.0), (0.838, 127.5),
    (1.316, 91.0), (1.953, 54.5), (2.500, 36.0), (3.064, 54.5), (3.141, 91.0),
)  # fmt: skip
"""(phase in rad, blue 0 to 255); the turning points are at 255 and (2.5, 36)."""

OFF_PALETTE = 45.0
"""RGB distance at which a colour is no mean of palette colours (real quicklooks: at most 39)."""

_WHITE = 250
_WHITE_PHASE_RAD = -0.48


def palette_colours(phase_rad: NDArray[np.floating]) -> NDArray[np.float64]:
    """Palette colour of each phase: float64 (..., 3), red, green, blue from 0 to 255.

    Parameters
    ----------
    phase_rad
        Any shape, radians, finite.
    """
    channels = []
    for anchors in (RED_ANCHORS, GREEN_ANCHORS, BLUE_ANCHORS):
        phases, values = np.array(anchors).T
        channels.append(np.interp(phase_rad, phases, values, period=2.0 * np.pi))
    return np.stack(channels, axis=-1)


@cache
def palette_cycle() -> ColourCycle:
    """The palette as a searchable disc in RGB, built once."""
    return ColourCycle(palette_colours(phase_steps()))


def read_palette_phasors(
    colours: NDArray[np.uint8], opaque: NDArray[np.bool_]
) -> NDArray[np.complex64]:
    """Mean phasor that each pixel of a palette quicklook shows; 0 is no data.

    Parameters
    ----------
    colours
        uint8 (H, W, 3).
    opaque
        bool (H, W), False where the picture is transparent: no data. A picture without any
        transparent pixel may have lost its transparency, so that no data is white. White is a
        palette colour too; a white region is taken for no data if its surroundings do not have
        the phases next to white's.
    """
    channels, place = distinct(colours)
    phasors, distance = palette_cycle().nearest(channels.astype(np.float64))
    phasors[distance > OFF_PALETTE] = 0.0
    field = np.where(opaque, phasors[place], np.complex64(0))
    if opaque.all():
        white = darkest(colours) >= _WHITE
        field[blank_regions(white, field, _WHITE_PHASE_RAD)] = 0.0
    return field
