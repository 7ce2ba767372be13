"""From the pixels of a picture to wrapped phase."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, ImageError
from insar_models.quicklook.families import PictureFamily, recognise_family
from insar_models.quicklook.grey import read_grey_phasors
from insar_models.quicklook.hue_amplitude import read_hue_phasors
from insar_models.quicklook.licsar_palette import read_palette_phasors

_HALF_OPAQUE = 128
_RGB_CHANNELS = 3
_RGBA_CHANNELS = 4


@dataclass(frozen=True)
class DecodedPicture:
    """The phase that a picture shows."""

    phase_rad: NDArray[np.float32]
    """(H, W), wrapped phase in [-pi, pi]; NaN is no data or too incoherent to tell."""
    family: PictureFamily
    """How the picture was painted."""


def decode_picture(pixels: NDArray[np.uint8], minimum_coherence: float = 0.5) -> DecodedPicture:
    """Wrapped phase and family of an interferogram picture.

    Parameters
    ----------
    pixels
        uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA; transparent is no data.
    minimum_coherence
        0 to 1. A colour picture's pixel is the mean of several interferogram pixels; where they
        agree less than this (resultant length of their phasors, read from the colour), the phase
        is NaN. At 0.5, what is left of a real quicklook is off by 0.13 rad rms.

    Returns
    -------
    DecodedPicture
        Of the picture's height and width.

    Raises
    ------
    BadInputError
        If `minimum_coherence` is not within 0 to 1.
    ImageError
        If the array has another shape or type, or the picture is no rendering of phase we know.
    """
    if not 0.0 <= minimum_coherence <= 1.0:
        message = f"minimum_coherence is {minimum_coherence}: expected a number from 0 to 1"
        raise BadInputError(message)
    colours, opaque = _split(pixels)
    family = recognise_family(colours[opaque])
    match family:
        case PictureFamily.GREY:
            field = read_grey_phasors(colours[..., 1], opaque)
        case PictureFamily.LICSAR_PALETTE:
            field = read_palette_phasors(colours, opaque)
        case PictureFamily.HUE_AMPLITUDE:
            field = read_hue_phasors(colours, opaque)
    told = (np.abs(field) > 0.0) & (np.abs(field) >= minimum_coherence)
    phase = np.where(told, np.angle(field), np.nan).astype(np.float32)
    return DecodedPicture(phase, family)


def _split(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Colours, uint8 (H, W, 3), and which pixels are opaque, bool (H, W)."""
    array = np.asarray(pixels)
    shape_is_known = array.ndim == 2 or (  # noqa: PLR2004 - rows and columns
        array.ndim == 3 and array.shape[2] in {_RGB_CHANNELS, _RGBA_CHANNELS}  # noqa: PLR2004
    )
    if array.dtype != np.uint8 or not shape_is_known or array.size == 0:
        message = (
            f"a picture of shape {array.shape} and type {array.dtype} cannot be read: "
            "expected uint8 of shape (H, W), (H, W, 3) or (H, W, 4), not empty"
        )
        raise ImageError(message)
    if array.ndim == 2:  # noqa: PLR2004 - rows and columns
        return np.repeat(array[..., np.newaxis], 3, axis=2), np.ones(array.shape, dtype=bool)
    if array.shape[2] == _RGBA_CHANNELS:
        return array[..., :3], array[..., 3] >= _HALF_OPAQUE
    return array, np.ones(array.shape[:2], dtype=bool)
