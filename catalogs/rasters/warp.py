"""Bring a raster of another grid to a window of the lattice, by GDAL's warper.

Phase is never averaged or interpolated as an angle: cosine, sine and the share of pixels with data
are resampled, and the angle is that of the mean phasor. Finer pixels are averaged (a multilook),
coarser ones interpolated between.
"""

from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio import Affine
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window as RasterWindow
from rasterio.windows import from_bounds

from catalogs.rasters.grid import Window
from catalogs.rasters.grids import LATTICE_CRS
from catalogs.rasters.values import RasterMeaning
from fringewatch.errors import CorruptProductError

_MOST_PIXELS: Final = 1 << 24
"""Some 400 MB at once; half a degree in pixels of 14 m."""
_MARGIN_PIXELS: Final = 2
_ENOUGH_DATA: Final = 0.5
"""Of a pixel of the lattice."""
_AVERAGED_FROM: Final = 1.2
"""Pixels of the source, by area, in one of the lattice from which on they are averaged."""


def warp_window(
    raster: rasterio.DatasetReader, meaning: RasterMeaning, window: Window
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Return a window of the lattice resampled from an open raster, and the pixels it was made of.

    Parameters
    ----------
    raster
        Open.
    meaning
        What its numbers mean.
    window
        On a lattice of EPSG:4326.

    Returns
    -------
    values
        Shape (size, size): float32 radians between -pi and pi, or uint8 coherence; 0 is no data,
        also outside the raster.
    source
        What was read of the raster, by its meaning; empty if none of it lies in the window.

    Raises
    ------
    CorruptProductError
        If the window has too many of the raster's pixels, or they do not decode to numbers.
    """
    kind = np.float32 if meaning.product.is_phase else np.uint8
    target = _transform(raster, window)
    part = _part(raster, target, window.size)
    if part is None:
        return np.zeros((window.size, window.size), dtype=kind), np.zeros((0, 0), dtype=kind)
    if part.width * part.height > _MOST_PIXELS:
        message = (
            f"the window has {part.width} x {part.height} of its pixels, finer than is of use: "
            "multilook it to some 30 m or more"
        )
        raise CorruptProductError(message)
    source = meaning.read(raster.read(1, window=part))
    layers = _phasors(source) if meaning.product.is_phase else _weighted(source)
    warped = np.zeros((len(layers), window.size, window.size), dtype=np.float32)
    pixels_in_one = part.width * part.height / _lattice_pixels(part, raster, target)
    reproject(
        layers,
        warped,
        src_transform=_own_transform(raster, part),
        src_crs=raster.crs,
        dst_transform=target,
        dst_crs=LATTICE_CRS,
        resampling=(Resampling.average if pixels_in_one > _AVERAGED_FROM else Resampling.bilinear),
    )
    has_data = warped[-1] >= _ENOUGH_DATA
    values = np.zeros(warped.shape[1:], dtype=kind)
    if meaning.product.is_phase:
        angle = np.arctan2(warped[1], warped[0])
        # Exact 0 would be no data.
        values[has_data] = np.where(angle == 0, np.finfo(np.float32).tiny, angle)[has_data]
    else:
        mean = warped[0][has_data] / warped[-1][has_data]
        values[has_data] = np.clip(np.rint(mean), 1, 255).astype(np.uint8)
    return values, source


def _phasors(phase_rad: NDArray[np.generic]) -> NDArray[np.float32]:
    has_data = phase_rad != 0
    return np.stack(
        [np.where(has_data, turn(phase_rad), 0) for turn in (np.cos, np.sin)] + [has_data]
    ).astype(np.float32)


def _weighted(coherence: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.stack([coherence, coherence != 0]).astype(np.float32)


def _transform(raster: rasterio.DatasetReader, window: Window) -> Affine:
    """Place of the window; where the raster has degrees too, in its own turn round the Earth."""
    grid = window.grid
    west = grid.west + window.column * grid.step_x
    if raster.crs.is_geographic:
        middle = (raster.bounds.left + raster.bounds.right) / 2
        west += 360 * round((middle - west) / 360)
    north = grid.north - window.row * grid.step_y
    return Affine(grid.step_x, 0.0, west, 0.0, -grid.step_y, north)


def _part(raster: rasterio.DatasetReader, target: Affine, size: int) -> RasterWindow | None:
    """Return the part of the raster that is needed; None if the window lies outside."""
    east, south = target.c + size * target.a, target.f + size * target.e
    bounds = transform_bounds(LATTICE_CRS, raster.crs, target.c, south, east, target.f)
    if not np.isfinite(bounds).all():
        return None
    if raster.transform.e > 0:  # written from the south
        bounds = (bounds[0], bounds[3], bounds[2], bounds[1])
    wanted = from_bounds(*bounds, transform=raster.transform)
    left, top = (int(np.floor(edge)) - _MARGIN_PIXELS for edge in (wanted.col_off, wanted.row_off))
    right = int(np.ceil(wanted.col_off + wanted.width)) + _MARGIN_PIXELS
    bottom = int(np.ceil(wanted.row_off + wanted.height)) + _MARGIN_PIXELS
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, raster.width), min(bottom, raster.height)
    if right <= left or bottom <= top:
        return None
    return RasterWindow(left, top, right - left, bottom - top)


def _own_transform(raster: rasterio.DatasetReader, part: RasterWindow) -> Affine:
    """Place of a part of the raster. Written out: rasterio's own way warns with a new affine."""
    whole = raster.transform
    west, first = whole.c + part.col_off * whole.a, whole.f + part.row_off * whole.e
    return Affine(whole.a, 0.0, west, 0.0, whole.e, first)


def _lattice_pixels(part: RasterWindow, raster: rasterio.DatasetReader, target: Affine) -> float:
    """How many pixels of the lattice the part of the raster covers."""
    own = _own_transform(raster, part)
    ends = sorted((own.f, own.f + part.height * own.e))
    west, south, east, north = transform_bounds(
        raster.crs, LATTICE_CRS, own.c, ends[0], own.c + part.width * own.a, ends[1]
    )
    return float(max(abs((east - west) / target.a * (north - south) / target.e), 1.0))
