"""Numbers that cannot be what a raster should hold, told by their range alone.

Phase in degrees, in cycles or from 0 to 1 and coherence as 0 or 1 or in percent all decode, and all
read as quiet ground or as no data. A file that says itself what its numbers are is not guessed at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.records import FrameRaster, Product

BEYOND_PI: Final = 0.01
"""rad; a phase that was rounded to a tenth of a degree may lie so far beyond."""

_PHASE_SPANS: Final = (
    (-0.5, 0.5, "cycles"),
    (-1.0, 1.0, "half cycles (phase / pi)"),
    (0.0, 1.0, "cycles from 0 to 1"),
)
_HARD_EDGE: Final = 0.02
"""A wrapped phase reaches both ends of its span to within this share of it, and not beyond."""
_ROUNDING: Final = 1e-3

_ENOUGH_PIXELS: Final = 1000
_ENOUGH_PAIRS: Final = 4
"""So many pairs together are taken to show more than one alone does."""

_PERCENT: Final = 100
_TOP_OF_PERCENT: Final = 90
_PILED_UP: Final = 0.05
"""Where the most coherent pixels are this share, and none is above, 100 is the end of the scale. In
bytes of 0 to 255 the scale has no end there: the counts run out gradually."""


@dataclass(frozen=True)
class NumbersSeen:
    """The range of a product's numbers in a raster or a window of it, or in several together."""

    product: Product | FrameRaster
    said: bool
    """Whether the file says itself what its numbers are."""
    pixels: int = 0
    """With data."""
    lowest: float = math.inf
    highest: float = -math.inf
    near_top: int = 0
    """Coherence only: pixels of 90 to 100."""

    @classmethod
    def among(
        cls, product: Product | FrameRaster, values: NDArray[np.generic], *, said: bool
    ) -> "NumbersSeen":
        """Return what is seen in values as `RasterMeaning.read` returns them."""
        some = values[values != 0]
        some = some[np.isfinite(some)]
        if not some.size:
            return cls(product, said)
        top = 0
        if product is Product.CC:
            top = int(np.count_nonzero((some >= _TOP_OF_PERCENT) & (some <= _PERCENT)))
        return cls(product, said, int(some.size), float(some.min()), float(some.max()), top)

    def __add__(self, other: "NumbersSeen") -> "NumbersSeen":
        """Return what is seen in both."""
        return NumbersSeen(
            self.product,
            self.said or other.said,
            self.pixels + other.pixels,
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
            self.near_top + other.near_top,
        )

    def fault(self) -> str | None:
        """Say why these cannot be the product's numbers; None if they can."""
        if not self.pixels or isinstance(self.product, FrameRaster):
            return None
        return self._phase_fault() if self.product.is_phase else self._coherence_fault()

    def _phase_fault(self) -> str | None:
        """What is wrong with the range of a phase; None if it can be radians."""
        if max(-self.lowest, self.highest) > math.pi + BEYOND_PI:
            return (
                f"its phase reaches from {self.lowest:.4g} to {self.highest:.4g}, expected radians "
                "between -pi and pi: give the file its unit (rio edit-info --bidx 1 --units degree "
                "FILE), or name it .geo.unw.tif and give --product unw if it is not wrapped"
            )
        unit = None if self.said else self.unit_of_phase()
        if unit is None:
            return None
        return (
            f"its phase ends sharply at {self.lowest:.4g} and {self.highest:.4g}, as {unit} do, "
            "and not at -pi and pi: give the file its unit (rio edit-info --bidx 1 --units cycle "
            "FILE; rad if it is radians after all)"
        )

    def unit_of_phase(self) -> str | None:
        """Return what a phase is in if its ends say that it is no radians; None if they do not."""
        if self.pixels < _ENOUGH_PIXELS:
            return None
        for low, high, name in _PHASE_SPANS:
            edge = _HARD_EDGE * (high - low)
            if _meets(self.lowest, low, -edge) and _meets(self.highest, high, edge):
                return name
        return None

    def _coherence_fault(self) -> str | None:
        """Why the numbers are no coherence in LiCSAR's units; None if they may be."""
        if self.highest <= 1:
            return (
                "its coherence is 0 or 1 only: it is a mask, or was cut to whole numbers; give "
                "bytes of 0 to 255, or numbers with a fraction from 0 to 1"
            )
        if self.said or self.pixels < _ENOUGH_PIXELS:
            return None
        is_piled = self.near_top > _PILED_UP * self.pixels
        if self.highest <= _PERCENT and self.highest > _TOP_OF_PERCENT and is_piled:
            return (
                f"its coherence ends at {self.highest:.0f}, where {self.near_top} of "
                f"{self.pixels} pixels lie near: it is percent, and LiCSAR's bytes go to 255; give "
                "the file its unit (rio edit-info --bidx 1 --units % FILE)"
            )
        return None


def fault_of_batch(seen: Sequence[NumbersSeen]) -> str | None:
    """Say why one product of several pairs cannot be what it should; None if it can.

    A unit is that of all pairs. What one quiet pair does not show (phase in cycles that does not
    wrap) several do: radians that never pass half a radian in any of them are none.
    """
    guessed = [one for one in seen if one.pixels and not one.said]
    if len(guessed) < _ENOUGH_PAIRS:
        return None
    together = sum(guessed[1:], guessed[0])
    if together.pixels < _ENOUGH_PIXELS:
        return None
    limit = _PHASE_SPANS[0][1]
    if together.product.is_phase and max(-together.lowest, together.highest) <= limit:
        return (
            f"phase never leaves {together.lowest:.4g} to {together.highest:.4g} in "
            f"{len(guessed)} pairs, and wrapped radians go from -pi to pi: it is in cycles; give "
            "the files their unit (rio edit-info --bidx 1 --units cycle FILE; rad if it is radians "
            "after all)"
        )
    fault = together.fault()
    return f"in {len(guessed)} pairs together {fault}" if fault else None


def _meets(value: float, end: float, edge: float) -> bool:
    """Whether `value` lies at the end of a span, or short of it by no more than `edge`."""
    short = (end - value) * (1 if edge > 0 else -1)
    return -_ROUNDING <= short <= abs(edge)
