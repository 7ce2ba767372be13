"""The containers in which the portal's rasters come, as options of GDAL's writer."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

from tests.portal.rasters import GALAPAGOS

HEIGHT, WIDTH = 2000, 640
PHASE = (np.random.default_rng(20240302).uniform(-np.pi, np.pi, (HEIGHT, WIDTH))).astype(np.float32)
"""Wrapped phase with no data in a corner and NaN here and there, as some frames have it."""
PHASE[:300, :80] = 0.0
PHASE[700:720, 100:150] = np.nan
COHERENCE = np.random.default_rng(8).integers(0, 248, (HEIGHT, WIDTH), dtype=np.uint8)

TILES = {"tiled": True, "blockxsize": 128, "blockysize": 128}
CONTAINERS: dict[str, dict[str, Any]] = {
    "one row, deflate, predictor 3": {"compress": "deflate", "predictor": 3, "blockysize": 1},
    "one row, uncompressed": {"blockysize": 1},
    "all rows, uncompressed": {"blockysize": HEIGHT},
    "four rows, deflate, predictor 2": {"compress": "deflate", "predictor": 2, "blockysize": 4},
    "tiles, deflate": {"compress": "deflate", "predictor": 3, **TILES},
    "tiles, uncompressed": TILES,
    "LZW": {"compress": "lzw", "blockysize": 7},
    "PackBits": {"compress": "packbits", "blockysize": 3},
    "ZSTD": {"compress": "zstd", "predictor": 3, "blockysize": 16},
    "BigTIFF, LZW": {"compress": "lzw", "bigtiff": "yes", "blockysize": 1},
    "big-endian": {"compress": "deflate", "endianness": "big", "blockysize": 2},
    "nodata 0": {"compress": "deflate", "nodata": 0.0, "blockysize": 1},
    "nodata NaN": {"compress": "deflate", "nodata": np.nan, "blockysize": 1},
    "blocks left out": {"compress": "deflate", "sparse_ok": True, **TILES},
}


def write_container(
    path: Path, values: NDArray[np.generic], options: dict[str, Any], *, is_point: bool = False
) -> Path:
    """Return `path`, where the values lie in the Galapagos in the given container."""
    height, width = values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=height,
        width=width,
        count=1,
        dtype=values.dtype,
        crs="EPSG:4326",
        transform=GALAPAGOS,
        **options,
    ) as dataset:
        if is_point:
            dataset.update_tags(AREA_OR_POINT="Point")
        dataset.write(values, 1)
    return path
