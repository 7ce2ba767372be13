"""Numbers that are the same everywhere, each with its reason."""

import math
from typing import Final

WAVELENGTH_M: Final = 0.05546576
"""Sentinel-1 C-band radar wavelength (5.405 GHz)."""

FRINGE_M: Final = WAVELENGTH_M / 2.0
"""Line-of-sight motion of one fringe (2 pi): the signal travels there and back; 27.7 mm."""

PIXEL_DEGREES: Final = 0.001
"""Pixel of a geocoded LiCSAR product, in latitude and in longitude."""

WINDOW_SIZE: Final = 500
"""Side of the volcano window in pixels: 0.5 degrees, as in COMET's volcano portal."""

PATCH_SIZE: Final = 224
"""Side of a patch in pixels: what the ImageNet family of encoders was made for."""

PATCH_OFFSETS: Final = (0, 138, 276)
"""First row (and column) of the 3 x 3 patches: they reach both edges and overlap by 86 pixels."""

NO_DATA_CODE: Final = 0
"""The phase byte that means no data."""

PHASE_STEPS: Final = 254
"""Steps between the bytes 1 (-pi) and 255 (+pi)."""

PHASE_SCALE_RAD: Final = 2.0 * math.pi / PHASE_STEPS
"""CF scale_factor of the phase byte; half of it, 0.0124 rad, is the largest encoding error."""

PHASE_OFFSET_RAD: Final = -math.pi - PHASE_SCALE_RAD
"""CF add_offset of the phase byte: byte 1 decodes to -pi."""

COHERENCE_SCALE: Final = 1.0 / 255.0
"""CF scale_factor of LiCSAR's coherence byte; 0 means no data."""

NO_DATE: Final = -(2**31)
"""A date that is not known, where dates are days since 1970-01-01."""
