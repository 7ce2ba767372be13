"""Which rendering a picture is, told from its pixels alone."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import ImageError
from insar_models.quicklook.colour_cycle import brightest, darkest, distinct
from insar_models.quicklook.hue_amplitude import saturation
from insar_models.quicklook.licsar_palette import palette_cycle


class PictureFamily(StrEnum):
    """A way of painting wrapped phase."""

    GREY = "grey"
    """Grey level proportional to phase, as in the dataset S1."""
    LICSAR_PALETTE = "licsar-palette"
    """LiCSAR's quicklooks of today: a cyclic palette from blue over cream to red."""
    HUE_AMPLITUDE = "hue-amplitude"
    """LiCSAR's older quicklooks: hue is phase, brightness is radar amplitude."""


_PIXELS_LOOKED_AT = 10_000
_PIXELS_AT_FIRST = 1_500
_PLAIN = 0.04  # six standard deviations of a share of 0.94 of so many
_GREY_SPREAD = 4  # channels of a grey JPEG differ by so little
_GREY_SHARE = 0.99
_DARK = 70  # nothing of the palette is as dark, and a hue is uncertain
_BRIGHT = 250
_PALETTE_DISTANCE = 30.0
_BEYOND = 0.001  # the search leaves out what lies exactly at its bound
_PALETTE_SHARE = 0.94  # real quicklooks 0.999; as JPEG of quality 50, 0.95
_FULL_SATURATION = (0.9, 1.1)
_FULL_SHARE = 0.02
_FULL_TO_ABOVE = 1.5  # JPEG's chroma subsampling throws a third above; photographs have as many


def recognise_family(colours: NDArray[np.uint8]) -> PictureFamily:
    """Family of the picture whose opaque pixels are given.

    Parameters
    ----------
    colours
        uint8 (n, 3), the opaque pixels in reading order.

    Raises
    ------
    ImageError
        If there is no pixel, nothing but black and white, or colours of no known family.
    """
    sample = colours[:: max(1, len(colours) // _PIXELS_LOOKED_AT)]
    telling = sample[(brightest(sample) > 0) & (darkest(sample) < _BRIGHT)]
    if len(telling) == 0:
        message = (
            "the picture holds nothing but black, white or transparent pixels: "
            "it shows no interferogram"
        )
        raise ImageError(message)
    spread = brightest(telling).astype(np.int16) - darkest(telling)
    if (spread <= _GREY_SPREAD).mean() >= _GREY_SHARE:
        return PictureFamily.GREY
    few = telling[:: max(1, len(telling) // _PIXELS_AT_FIRST)]
    on_palette = _share_on_palette(few)
    if abs(on_palette - _PALETTE_SHARE) < _PLAIN:  # else the others would not change it
        on_palette = _share_on_palette(telling)
    if on_palette >= _PALETTE_SHARE:
        return PictureFamily.LICSAR_PALETTE
    full, above = _shares_of_saturation(telling)
    if full >= _FULL_SHARE and full >= _FULL_TO_ABOVE * above:
        return PictureFamily.HUE_AMPLITUDE
    mean = ", ".join(f"{value:.0f}" for value in telling.mean(axis=0))
    message = (
        f"the picture is no known rendering of wrapped phase: mean colour ({mean}); "
        f"{on_palette:.0%} of its pixels fit LiCSAR's palette ({_PALETTE_SHARE:.0%} needed), "
        f"{full:.0%} have the saturation of the hue rendering and {above:.0%} exceed it; "
        "give a grey phase picture or a LiCSAR diff.png, uncropped by axes or text"
    )
    raise ImageError(message)


def _share_on_palette(colours: NDArray[np.uint8]) -> float:
    """Share of the pixels that lie on the disc of the LiCSAR palette; dark ones do not count."""
    candidates = colours[brightest(colours) > _DARK]
    if len(candidates) == 0:
        return 0.0
    channels, place = distinct(candidates)
    _, distance = palette_cycle().nearest(channels.astype(np.float64), _PALETTE_DISTANCE + _BEYOND)
    return float((distance <= _PALETTE_DISTANCE)[place].mean())


def _shares_of_saturation(colours: NDArray[np.uint8]) -> tuple[float, float]:
    """Shares of the pixels at, and above, the full saturation of the hue rendering."""
    candidates = colours[brightest(colours) > _DARK]
    if len(candidates) == 0:
        return 0.0, 0.0
    ratio = saturation(candidates)
    lowest, highest = _FULL_SATURATION
    full = float(((ratio >= lowest) & (ratio <= highest)).mean())
    return full, float((ratio > highest).mean())
