"""How large a raster may be before anything of it is allocated or decoded."""

import math
from typing import Final

from fringewatch.errors import CorruptProductError

MOST_PIXELS_A_SIDE: Final = 100_000
MOST_PIXELS: Final = 1 << 30
"""A LiCSAR frame has 3500 x 2700, a whole scene in pixels of 14 m some 20,000 x 15,000."""
MOST_PIXELS_A_BLOCK: Final = 1 << 26
"""GDAL decodes a block as a whole: its pixels are what a read takes, however few are wanted."""


def refuse_absurd(raster: tuple[int, int], block: tuple[int, int]) -> None:
    """Refuse a header that claims more pixels than any product has; a small file can claim any.

    Parameters
    ----------
    raster, block
        Width and height, pixels.

    Raises
    ------
    CorruptProductError
        If a side, the raster or one of its blocks is too large, or has no pixels.
    """
    sides = (*raster, *block)
    sound = 1 <= min(sides) <= max(sides) <= MOST_PIXELS_A_SIDE
    if not sound or math.prod(block) > MOST_PIXELS_A_BLOCK or math.prod(raster) > MOST_PIXELS:
        message = (
            f"the header claims {raster[0]} x {raster[1]} pixels in blocks of {block[0]} x "
            f"{block[1]}: it is damaged, or far larger than any interferogram (at most "
            f"{MOST_PIXELS_A_SIDE} a side)"
        )
        raise CorruptProductError(message)
