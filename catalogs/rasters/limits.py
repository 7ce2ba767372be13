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
    broken = _broken_limit(raster, block)
    if broken:
        message = (
            f"the header claims {raster[0]} x {raster[1]} pixels in blocks of {block[0]} x "
            f"{block[1]}: it is damaged, or {broken}"
        )
        raise CorruptProductError(message)


def _broken_limit(raster: tuple[int, int], block: tuple[int, int]) -> str:
    """Say which limit a header breaks, and what would help; empty if it breaks none."""
    sides = (*raster, *block)
    if min(sides) < 1:
        return "has no pixels"
    if max(sides) > MOST_PIXELS_A_SIDE:
        return f"far larger than any interferogram (at most {MOST_PIXELS_A_SIDE:,} pixels a side)"
    if math.prod(raster) > MOST_PIXELS:
        return (
            f"larger than any interferogram ({math.prod(raster):,} pixels, at most {MOST_PIXELS:,} "
            "in all)"
        )
    if math.prod(block) > MOST_PIXELS_A_BLOCK:
        return (
            f"written in blocks that are too large to be decoded ({math.prod(block):,} pixels, at "
            f"most {MOST_PIXELS_A_BLOCK:,} a block): write it in tiles, such as with "
            "`gdal_translate -co TILED=YES`"
        )
    return ""
