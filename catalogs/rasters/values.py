"""What the numbers of a raster mean: radians between -pi and pi, or coherence as a byte.

A file that says itself what its numbers are (GDAL's scale and offset, unit and NoData tag) is read
by that. One that does not has to hold LiCSAR's numbers: see `catalogs.rasters.ranges`.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray

from catalogs.records import FrameRaster, Product
from fringewatch.errors import CorruptProductError

_RADIANS: Final = MappingProxyType(
    dict.fromkeys(("rad", "radian", "radians"), 1.0)
    | dict.fromkeys(("deg", "degree", "degrees"), math.pi / 180)
    | dict.fromkeys(("cycle", "cycles"), 2 * math.pi)
)
_COHERENCES: Final = MappingProxyType({"1": 1.0} | dict.fromkeys(("%", "percent"), 0.01))
_MOST_COHERENCE: Final = 1.001  # what rounding adds to 1
_BYTE: Final = 255


@dataclass(frozen=True)
class RasterMeaning:
    """What a file says of its numbers."""

    product: Product | FrameRaster
    dtype: np.dtype[np.generic]
    nodata: float | None = None
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    """As the file names it, in lower case; empty if it does not."""

    @classmethod
    def of(cls, raster: rasterio.DatasetReader, product: Product | FrameRaster) -> "RasterMeaning":
        """Return what an open file's tags say.

        Raises
        ------
        CorruptProductError
            If it has not one band of real numbers, its scale is of no use, its unit is unknown, or
            its phase is whole numbers without a scale.
        """
        dtype = np.dtype(raster.dtypes[0]) if _is_real(raster.dtypes[0]) else None
        if raster.count != 1 or dtype is None:
            message = (
                f"it has {raster.count} band(s) of {raster.dtypes[0]}, expected one of "
                f"{_expected(product)}: it is no {product.value} product"
            )
            raise CorruptProductError(message)
        scale, offset = float(raster.scales[0]), float(raster.offsets[0])
        unit = str(raster.units[0] or "").strip().lower()
        meaning = cls(product, dtype, raster.nodata, scale, offset, unit)
        if isinstance(product, Product):  # those of a frame are written by several hands
            meaning._refuse_unknown()
        return meaning

    @property
    def kind(self) -> type[np.float32] | type[np.uint8]:
        """Type of the numbers that `read` gives back."""
        return np.uint8 if self.product is Product.CC else np.float32

    @property
    def _units(self) -> MappingProxyType[str, float]:
        return _COHERENCES if self.product is Product.CC else _RADIANS

    @property
    def _is_scaled(self) -> bool:
        return (self.scale, self.offset) != (1.0, 0.0)

    @property
    def is_said(self) -> bool:
        """Whether the file itself says what its numbers are, so that nothing has to be guessed."""
        return self._is_scaled or bool(self.unit) or isinstance(self.product, FrameRaster)

    def _refuse_unknown(self) -> None:
        """Pass a file whose scale, unit and type say what its numbers are."""
        if not (math.isfinite(self.scale) and math.isfinite(self.offset)) or self.scale == 0:
            message = f"its scale is {self.scale} and its offset {self.offset}: no use"
            raise CorruptProductError(message)
        if self.unit and self.unit not in self._units:
            message = (
                f"its unit is '{self.unit}', expected {' or '.join(self._units)}: it is no "
                f"{self.product.value} product"
            )
            raise CorruptProductError(message)
        is_byte_of_coherence = not self.product.is_phase and self.dtype == np.uint8
        if not (self.is_said or self.dtype.kind == "f" or is_byte_of_coherence):
            message = (
                f"it has 1 band(s) of {self.dtype}, expected one of {_expected(self.product)}: "
                "whole numbers need a scale (GDAL's) that says what they mean"
            )
            raise CorruptProductError(message)

    def read(self, raw: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the numbers of `raw` as LiCSAR has them.

        Phase as float32 radians, coherence as uint8 (value / 255), a raster of the frame as float32
        in its own unit; same shape; 0 is no data. Exact
        0, the value of the NoData tag and what is not finite become no data. Phase is as the file
        has it, wrapped only if it is unwrapped phase. LiCSAR's own numbers come out as they are, to
        the bit.

        Raises
        ------
        CorruptProductError
            If coherence lies beyond 0 to 1.
        """
        empty = self._empty(raw)
        if isinstance(self.product, FrameRaster):
            plain = np.where(empty, 0.0, raw).astype(np.float64) * self.scale + self.offset
            return np.where(empty, 0.0, plain).astype(np.float32)
        if self.product.is_phase:
            return self._phase(raw, empty)
        return self._coherence(raw, empty)

    def _empty(self, raw: NDArray[np.generic]) -> NDArray[np.bool_]:
        # With an offset a 0 in the file is a number like others.
        empty = raw == 0 if self.offset == 0 else np.zeros(raw.shape, dtype=bool)
        if self.nodata is not None and not math.isnan(self.nodata):
            # The tag is text in the file: a float32 is compared as such.
            empty |= raw == np.asarray(self.nodata).astype(raw.dtype)
        if np.issubdtype(raw.dtype, np.floating):
            empty |= ~np.isfinite(raw)
        return np.asarray(empty)

    def _phase(self, raw: NDArray[np.generic], empty: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Phase in radians, float32: 0 is no data, and a real zero the least number above."""
        factor = _RADIANS.get(self.unit, 1.0)
        if self._is_scaled or factor != 1.0 or self.product is Product.UNW:
            wide = np.where(empty, 0.0, raw).astype(np.float64) * self.scale + self.offset
            wide *= factor
            if self.product is Product.UNW:
                wide = np.angle(np.exp(1j * wide))
            phase = np.where(wide == 0, np.finfo(np.float32).tiny, wide).astype(np.float32)
        else:
            phase = np.array(raw, dtype=np.float32)
        phase[empty] = 0.0
        return phase

    def _coherence(self, raw: NDArray[np.generic], empty: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Bytes of coherence, 0 where there is no data."""
        if raw.dtype == np.uint8 and not self.is_said:
            coherence = np.array(raw, dtype=np.uint8)
            coherence[empty] = 0
            return coherence
        wide = np.where(empty, 0.0, raw).astype(np.float64) * self.scale + self.offset
        wide *= _COHERENCES.get(self.unit, 1.0)
        wide[empty] = 0.0
        low, high = float(wide.min(initial=0.0)), float(wide.max(initial=0.0))
        if low < 0 or high > _MOST_COHERENCE:
            message = (
                f"its coherence reaches from {low:.4g} to {high:.4g}, expected 0 to 1 (or bytes of "
                "0 to 255): give the file GDAL's scale, or the unit '%' if it is percent"
            )
            raise CorruptProductError(message)
        # Down to a byte of 1, so that what has data keeps it.
        coherence = np.clip(np.rint(wide * _BYTE), 1, _BYTE).astype(np.uint8)
        coherence[empty | (wide == 0)] = 0
        return coherence


def _is_real(dtype: str) -> bool:
    try:
        kind = np.dtype(dtype).kind
    except TypeError:  # GDAL's complex whole numbers
        return False
    return kind in "uif"


def _expected(product: Product | FrameRaster) -> str:
    return "uint8" if product is Product.CC else "float32"
