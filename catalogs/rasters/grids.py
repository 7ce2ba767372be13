"""Where the pixels of a raster lie, and the lattice to which they are brought."""

import math
from dataclasses import dataclass
from typing import Final

import rasterio
from rasterio.crs import CRS
from rasterio.warp import transform_bounds

from catalogs.rasters.grid import Grid
from catalogs.rasters.lattice import has_lattice_step, lattice_grid, snapped_grid
from catalogs.rasters.limits import refuse_absurd
from fringewatch.errors import CorruptProductError
from fringewatch.numbers import PIXEL_DEGREES

LATTICE_CRS: Final = CRS.from_epsg(4326)
_MOST_LATITUDE: Final = 91.0
_MOST_LONGITUDE: Final = 541.0
"""A degree more than there is, for pixels that reach over the edge."""
_COARSEST_STEPS: Final = 2.5
"""The simulated dyke of Fagradalsfjall is still seen at twice the step, and missed at four times:
its fringes are a few pixels wide."""


@dataclass(frozen=True)
class RasterPlace:
    """Where a raster lies."""

    grid: Grid
    """Its own grid where that is part of a lattice; else the lattice that covers it."""
    resampled_from: str = ""
    """Its own grid in words, where its pixels have to be resampled; else empty."""
    numbers_said: bool = False
    """Whether the file says itself what its numbers are, see `RasterMeaning.is_said`."""


def place_of(raster: rasterio.DatasetReader) -> RasterPlace:
    """Return where an open raster lies; nothing of its pixels is read.

    Raises
    ------
    CorruptProductError
        If it has no coordinates, is rotated, claims more pixels than any product has, or its pixels
        are too coarse to show a volcano's deformation.
    """
    height, width = raster.block_shapes[0]
    refuse_absurd((raster.width, raster.height), (width, height))
    transform = raster.transform
    if raster.crs is None or transform.b != 0 or transform.d != 0 or not transform.a > 0:
        message = (
            f"it is not a north-up raster with coordinates (CRS {raster.crs}): geocode it, to "
            "EPSG:4326 or to a projection such as UTM"
        )
        raise CorruptProductError(message)
    corners = (transform.a, transform.e, *raster.bounds)
    if not all(map(math.isfinite, corners)):
        message = (
            f"its coordinates are no numbers ({_words(raster)} from {transform.c:g}, "
            f"{transform.f:g}): it is damaged, geocode it anew"
        )
        raise CorruptProductError(message)
    is_geographic = raster.crs.to_epsg() == LATTICE_CRS.to_epsg()
    if is_geographic:
        _refuse_off_the_earth(raster)
    if is_geographic and transform.e < 0:
        own = Grid(transform.c, transform.f, transform.a, -transform.e, raster.width, raster.height)
        if has_lattice_step(own):
            return RasterPlace(own)
    sides = raster.bounds
    west, south, east, north = transform_bounds(
        raster.crs,
        LATTICE_CRS,
        sides.left,
        min(sides.bottom, sides.top),
        sides.right,
        max(sides.bottom, sides.top),
    )
    words = _words(raster)
    step = max(abs(east - west) / raster.width, abs(north - south) / raster.height)
    if not step <= _COARSEST_STEPS * PIXEL_DEGREES:
        message = (
            f"its pixels are {words}: too coarse for the fringes of a volcano, at most "
            f"{_COARSEST_STEPS * PIXEL_DEGREES:g} degree"
        )
        raise CorruptProductError(message)
    # Pixels of half or double the step are averaged or shared out without a remainder from their
    # own corner on; a projection's corner means nothing on the lattice.
    covering = lattice_grid if is_geographic else snapped_grid
    return RasterPlace(covering(west, south, east, north), words)


def _refuse_off_the_earth(raster: rasterio.DatasetReader) -> None:
    """Let degrees pass that a frame may have; its longitudes may run on beyond 180."""
    sides = raster.bounds
    latitude = max(abs(sides.bottom), abs(sides.top))
    longitude = max(abs(sides.left), abs(sides.right))
    if latitude > _MOST_LATITUDE or longitude > _MOST_LONGITUDE:
        message = (
            f"its coordinates reach to {latitude:.6g} degrees north or south and {longitude:.6g} "
            "east or west: it is damaged, or its CRS is not EPSG:4326"
        )
        raise CorruptProductError(message)


def _words(raster: rasterio.DatasetReader) -> str:
    transform = raster.transform
    epsg = raster.crs.to_epsg()
    name = f"EPSG:{epsg}" if epsg else raster.crs.to_string()
    unit = "degree" if raster.crs.is_geographic else raster.crs.linear_units
    return f"{name} {abs(transform.a):.7g} x {abs(transform.e):.7g} {unit}"
