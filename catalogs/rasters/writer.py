"""GeoTIFFs in the containers that LiCSAR's writer asks for.

Wrapped phase is float32, DEFLATE with the floating-point predictor (3), one row a strip; coherence
is uint8, DEFLATE with horizontal differencing (2), four rows a strip. Both are EPSG:4326, register
areas, and carry no nodata tag: exact 0 is no data.
"""

import logging
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError

from catalogs.rasters.grid import Grid
from fringewatch.atomic import atomic_file
from fringewatch.errors import BadInputError, HomeError

_LOGGER = logging.getLogger(__name__)
_DIMENSIONS = 2

_CONTAINERS: Final = MappingProxyType(
    {
        np.dtype(np.float32): {"predictor": 3, "blockysize": 1},
        np.dtype(np.uint8): {"predictor": 2, "blockysize": 4},
    }
)


def write_geotiff(path: Path, array: NDArray[np.generic], grid: Grid) -> None:
    """Write one band to `path`, which is there whole or not at all.

    Parameters
    ----------
    path
        Missing folders are made; a file that is there is replaced.
    array
        Shape (grid.height, grid.width), float32 or uint8; written as it is.
    grid
        Where the pixels lie.

    Raises
    ------
    BadInputError
        If the array has another shape than the grid, or another type than float32 or uint8.
    HomeError
        If the disk is full or cannot be written.
    """
    container = _container(path, array, grid)
    with atomic_file(path) as temporary:
        try:
            with rasterio.open(temporary, "w", **container) as raster:
                raster.write(array, 1)
        except RasterioError as error:
            message = f"cannot write {path} ({error}): check the disk and the path"
            raise HomeError(message) from error
    _LOGGER.debug("wrote %s, %d bytes", path, path.stat().st_size)


def _container(path: Path, array: NDArray[np.generic], grid: Grid) -> dict[str, Any]:
    if array.ndim != _DIMENSIONS or array.shape != (grid.height, grid.width):
        message = f"{path.name}: an array of shape {array.shape} does not fit the grid ({grid})"
        raise BadInputError(message)
    layout = _CONTAINERS.get(array.dtype)
    if layout is None:
        message = (
            f"{path.name}: LiCSAR has no container for {array.dtype}; give float32 (phase) or "
            "uint8 (coherence)"
        )
        raise BadInputError(message)
    return {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": 1,
        "dtype": array.dtype,
        "crs": CRS.from_epsg(4326),
        "transform": rasterio.Affine(grid.step_x, 0.0, grid.west, 0.0, -grid.step_y, grid.north),
        "compress": "deflate",
        "zlevel": 6,
        "tiled": False,
        **layout,
    }
