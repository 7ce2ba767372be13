"""GeoTIFFs of the portal: checked whole, read by window.

LiCSAR's containers differ within one frame (strips or tiles, deflate or none, Area or Point,
nodata tag or none); GDAL reads them all, and brings Area and Point registration to the same grid.
No data is exact 0 or non-finite, whatever the tags say.
"""

import logging
import os
import warnings
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RasterWindow

from catalogs.rasters.grid import Grid, Window
from catalogs.records import Product
from fringewatch.errors import CorruptProductError

logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # we raise what GDAL would print

# Every block is read once: GDAL's cache, by default a twentieth of the machine's memory, is of no
# use here. The number is in MB.
os.environ.setdefault("GDAL_CACHEMAX", "16")

_TYPES = {Product.DIFF_PHA: "float32", Product.CC: "uint8"}
_GEOGRAPHIC = 4326


def check_raster(path: Path, product: Product) -> Grid:
    """Return the grid of a product after decoding every block of its file.

    Raises
    ------
    CorruptProductError
        If the file does not open, does not decode to its end, is no single-band north-up raster
        in EPSG:4326 of the product's type, or holds no data at all.
    """
    try:
        with _opened(path) as raster:
            grid = _grid_of(raster, path, product)
            # A list: every block is decoded, even after the first that holds data.
            full = [
                bool((np.nan_to_num(raster.read(1, window=rows)) != 0).any())
                for rows in _bands_of_rows(grid)
            ]
    except RasterioError as error:
        message = f"{path.name} does not decode ({error}): the file is cut or damaged"
        raise CorruptProductError(message) from error
    if not any(full):
        message = f"{path.name} holds no data: every pixel is 0"
        raise CorruptProductError(message)
    return grid


def read_grid(path: Path, product: Product) -> Grid:
    """Return the grid of a product from the header of its file; raises as `check_raster`."""
    try:
        with _opened(path) as raster:
            return _grid_of(raster, path, product)
    except RasterioError as error:
        message = f"{path.name} does not open ({error}): the file is cut or damaged"
        raise CorruptProductError(message) from error


def read_window(path: Path, window: Window) -> NDArray[np.generic]:
    """Return a window of the raster's first band; pixels outside the raster are 0.

    Shape (size, size), the file's own dtype. The window's rows and columns are used as they are:
    the caller has made sure that the file's grid snaps to the window's.

    Raises
    ------
    CorruptProductError
        If the file does not decode.
    """
    try:
        with _opened(path) as raster:
            return _values_inside(raster, window)
    except RasterioError as error:
        message = f"{path.name} does not decode ({error}): the file is cut or damaged"
        raise CorruptProductError(message) from error


def read_fitting_window(
    path: Path, product: Product, window: Window
) -> tuple[Grid, NDArray[np.generic] | None]:
    """Return the grid of a product, and a window of it as `read_window` does; in one go.

    The values are None if the file's grid does not snap to the window's. Raises as `check_raster`.
    """
    try:
        with _opened(path) as raster:
            grid = _grid_of(raster, path, product)
            return grid, _values_inside(raster, window) if grid.snaps_to(window.grid) else None
    except RasterioError as error:
        message = f"{path.name} does not decode ({error}): the file is cut or damaged"
        raise CorruptProductError(message) from error


def _values_inside(raster: rasterio.DatasetReader, window: Window) -> NDArray[np.generic]:
    values = np.zeros((window.size, window.size), dtype=raster.dtypes[0])
    rows = range(max(window.row, 0), min(window.row + window.size, raster.height))
    columns = range(max(window.column, 0), min(window.column + window.size, raster.width))
    inside = RasterWindow(columns.start, rows.start, len(columns), len(rows))
    top, left = rows.start - window.row, columns.start - window.column
    part = values[top : top + len(rows), left : left + len(columns)]
    part[...] = raster.read(1, window=inside)
    return values


def _opened(path: Path) -> rasterio.DatasetReader:
    with warnings.catch_warnings():
        # A file without georeference is refused in our own words.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path)


def _grid_of(raster: rasterio.DatasetReader, path: Path, product: Product) -> Grid:
    found = (raster.count, raster.dtypes[0])
    wanted = (1, _TYPES[product])
    if found != wanted:
        message = (
            f"{path.name} has {found[0]} band(s) of {found[1]}, expected one of {wanted[1]}: "
            f"it is not a LiCSAR {product.value} product"
        )
        raise CorruptProductError(message)
    transform = raster.transform
    north_up = transform.b == 0 and transform.d == 0 and transform.a > 0 and transform.e < 0
    if raster.crs is None or raster.crs.to_epsg() != _GEOGRAPHIC or not north_up:
        message = f"{path.name} is not a north-up raster in EPSG:4326 (CRS {raster.crs})"
        raise CorruptProductError(message)
    return Grid(transform.c, transform.f, transform.a, -transform.e, raster.width, raster.height)


def _bands_of_rows(grid: Grid) -> list[RasterWindow]:
    rows = 256  # some 3 MB of float32 at a time, whatever the frame's size
    return [
        RasterWindow(0, row, grid.width, min(rows, grid.height - row))
        for row in range(0, grid.height, rows)
    ]
