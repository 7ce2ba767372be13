"""Where a cube's window is water."""

import hashlib
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.layers import highest_coherence, read_layer
from catalogs.ledger.rows import WaterSource
from catalogs.records import FrameRaster
from insar_models.phase.window_patches import find_water


@dataclass(frozen=True, eq=False)
class WaterMask:
    """Where the window of a cube is water, and by what that is known."""

    water: NDArray[np.bool_]
    """Shape (y, x)."""
    source: WaterSource

    @property
    def sha256(self) -> str:
        """Of the mask alone: the same water is the same, whatever told of it."""
        return hashlib.sha256(np.packbits(self.water).tobytes()).hexdigest()


def find_water_mask(cube: xr.Dataset, water_coherence: float) -> WaterMask:
    """Return where the window of an open cube is water.

    By the landmask of the frame, if the cube holds it; else water is what is
    coherent in none of all the cube's pairs. So it depends on the set of pairs and the settings,
    never on the order in which pairs came.

    Raises
    ------
    StoreError
        If the landmask does not decode.
    """
    land = read_layer(cube, FrameRaster.LANDMASK)
    if land is not None:
        return WaterMask(land == 0, WaterSource.LANDMASK)
    highest = highest_coherence(cube)
    return WaterMask(find_water(highest[np.newaxis], water_coherence), WaterSource.COHERENCE)


def water_of(cube: xr.Dataset, water_coherence: float) -> NDArray[np.bool_]:
    """Where the window of an open cube is water, as `find_water_mask`; bool, shape (y, x)."""
    return find_water_mask(cube, water_coherence).water
