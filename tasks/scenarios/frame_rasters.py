"""What the portal has of a frame beside its pairs: heights, land, and the delay of its dates."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.numbers import WAVELENGTH_M
from insar_models.simulation import Scene
from insar_models.simulation.date_fields import layered_delay_m

HEIGHT_ENDING: Final = ".geo.hgt.tif"
LAND_ENDING: Final = ".geo.landmask.tif"
DELAY_ENDING: Final = ".sltd.geo.tif"

_DRY_ZENITH_M: Final = 2.3
_DRY_SCALE_M: Final = 8_000.0


@dataclass(frozen=True)
class Epochs:
    """What is published of single dates."""

    delays: bool = False
    """Whether each date has its slant delay, as of a weather model."""


def height_raster(scene: Scene) -> NDArray[np.float32]:
    """Heights of the scene, metres above sea level, those that its air follows; 0 is the sea."""
    return scene.ground_fields.heights_m.astype(np.float32)


def land_raster(scene: Scene) -> NDArray[np.uint8]:
    """1 on land, 0 on water."""
    return scene.is_land.astype(np.uint8)


def delay_raster(scene: Scene, day: dt.date) -> NDArray[np.float32]:
    """Slant delay of a date, as GACOS gives it.

    It is what the layers of the air make: a weather model knows nothing of the turbulence within
    its cells. The dry air is in it too, the same on all days.

    Returns
    -------
    numpy.ndarray
        float32, shape (H, W), radians of two-way phase, some hundreds; 0 over water, NaN outside of
        what the frame sees. The phase of a pair holds the secondary's less the primary's.
    """
    dry_m = _DRY_ZENITH_M * np.exp(-scene.ground_fields.heights_m / np.float32(_DRY_SCALE_M))
    path_m = (dry_m + layered_delay_m(scene, day)) / math.cos(
        math.radians(scene.sight.incidence_degrees)
    )
    delay_rad: NDArray[np.float32] = (4 * math.pi / WAVELENGTH_M * path_m).astype(np.float32)
    delay_rad[~scene.is_seen] = np.nan
    delay_rad[~scene.is_land] = 0
    return delay_rad
