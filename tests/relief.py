"""A frame over five cones, with layered air, and what the portal has beside its pairs."""

from functools import cache
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

from insar_models.phase.codes import wrap
from tests.scenes import FRAME, SIDE, TRANSFORM, write_scene

HEIGHTS = f"{FRAME}.geo.hgt.tif"

_CONES = ((260, 260, 1.0), (100, 120, 0.8), (410, 130, 0.7), (390, 410, 0.9), (130, 400, 0.6))
_SOURCE = (210, 270)


def put_raster(
    tree: Path,
    values: NDArray[np.generic],
    name: str,
    transform: Affine = TRANSFORM,
    folder: str = "metadata",
) -> Path:
    """Write a raster of the frame's metadata, or of a date, as LiCSAR does: float32, tiled."""
    path = tree / str(FRAME.track) / str(FRAME) / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "GTiff", "width": values.shape[1], "height": values.shape[0], "count": 1,
        "dtype": "float32", "crs": "EPSG:4326", "transform": transform, "compress": "deflate",
        "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(values.astype(np.float32), 1)
    return path


@cache
def cones_m() -> NDArray[np.float32]:
    """Heights of five cones of up to 2,000 m on a plain of 300 m, shape (520, 520); read-only."""
    heights = np.full((SIDE, SIDE), 300.0, dtype=np.float32)
    for row, column, size in _CONES:
        heights += np.float32(2_000 * size) * _bell(row, column, 40.0)
    heights.flags.writeable = False
    return heights


def air_phase(rad_per_km: float, source_rad: float = 0.0, number: int = 0) -> NDArray[np.float32]:
    """Wrapped phase of a pair over the cones: air, a slope, noise, and a source beside the summit.

    Shape (520, 520).
    """
    generator = np.random.default_rng(20240400 + number)
    phase = rad_per_km * cones_m() / 1_000 + source_rad * _bell(*_SOURCE, 52.0)
    phase = phase + 2.0 * np.arange(SIDE) / SIDE + generator.normal(0.0, 0.15, (SIDE, SIDE))
    wrapped: NDArray[np.float32] = wrap(phase.astype(np.float32))
    wrapped[wrapped == 0] = 1e-6
    return wrapped


def delay_rad(factor: float) -> NDArray[np.float32]:
    """Slant delay of a date in radians, (520, 520): dry air, and humid air in waves of 15 km."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    waves = np.sin(2 * np.pi * columns / 150) * np.sin(2 * np.pi * rows / 130)
    delay: NDArray[np.float32] = (400 + factor * waves).astype(np.float32)
    return delay


def put_delay(tree: Path, date: str, delay: NDArray[np.float32]) -> Path:
    """Write the delay of a date (``YYYYMMDD``), as the portal has it of GACOS."""
    return put_raster(tree, delay, f"{date}.sltd.geo.tif", folder=f"epochs/{date}")


def write_air_pair(tree: Path, pair: str, rad_per_km: float, source_rad: float = 0.0) -> Path:
    """Write such a pair of the frame into the tree; return its folder."""
    return write_scene(tree, pair, air_phase(rad_per_km, source_rad, int(pair[4:8])))


def _bell(row: int, column: int, width: float) -> NDArray[np.float32]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    squared = (rows - row) ** 2 + (columns - column) ** 2
    bell: NDArray[np.float32] = np.exp(-squared / (2 * width**2)).astype(np.float32)
    return bell
