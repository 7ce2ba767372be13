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
from rasterio.io import MemoryFile

from catalogs.rasters.grid import Grid
from catalogs.rasters.opening import HANDLERS
from fringewatch.atomic import atomic_file
from fringewatch.errors import BadInputError

_LOGGER = logging.getLogger(__name__)
_DIMENSIONS = 2

_CONTAINERS: Final = MappingProxyType(
    {
        np.dtype(np.float32): {"predictor": 3, "blockysize": 1},
        np.dtype(np.uint8): {"predictor": 2, "blockysize": 4},
    }
)


def write_geotiff(
    path: Path, array: NDArray[np.generic], grid: Grid, description: str = ""
) -> None:
    """Write one band to `path`, which is there whole or not at all.

    Parameters
    ----------
    path
        Missing folders are made; a file that is there is replaced.
    array
        Shape (grid.height, grid.width), float32 or uint8; written as it is.
    grid
        Where the pixels lie.
    description
        Goes into the TIFF's ImageDescription, where any tool shows it.

    Raises
    ------
    BadInputError
        If the array has another shape than the grid, or another type than float32 or uint8.
    HomeError
        If the disk is full or cannot be written.
    """
    container = _container(path, array, grid)
    # Made in memory: on a full disk GDAL says many things, and not all of them in time.
    with MemoryFile() as file:
        with HANDLERS, file.open(**container) as raster:
            raster.write(array, 1)
            if description:
                raster.update_tags(TIFFTAG_IMAGEDESCRIPTION=description)
        with atomic_file(path) as temporary:
            temporary.write_bytes(file.getbuffer())
    _LOGGER.debug("wrote %s, %d bytes", path, path.stat().st_size)


def _container(path: Path, array: NDArray[np.generic], grid: Grid) -> dict[str, Any]:
    """Options for GDAL's writer: LiCSAR's own container for arrays of that type."""
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
