"""Patches of a cube as a lazy Dask array: a pair is a chunk, nothing is read before it is due."""

import hashlib
from dataclasses import dataclass

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.layers import highest_coherence, read_layer
from catalogs.ledger.rows import WaterSource
from catalogs.records import FrameRaster
from fringewatch.numbers import PATCH_SIZE
from insar_models.phase.window_patches import (
    PATCHES_PER_WINDOW,
    cut_patches,
    find_water,
    mask_water,
)


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


def patches_of(cube: xr.Dataset, water: NDArray[np.bool_]) -> da.Array:
    """The 3 x 3 patches of each pair of an open cube.

    Parameters
    ----------
    cube
        From `catalogs.cubes.cube.read_cube`: bytes, one chunk a pair.
    water
        From `water_of`, of the whole cube: no data in the patches.

    Returns
    -------
    dask.array.Array
        uint8 phase bytes (0 = no data), shape (pair, 9, 224, 224), one chunk a pair.
    """
    return da.map_blocks(
        _cut_pair,
        cube["phase"].data,
        water,
        dtype=np.uint8,
        chunks=(1, PATCHES_PER_WINDOW, PATCH_SIZE, PATCH_SIZE),
        new_axis=1,
    )


def _cut_pair(phase: NDArray[np.uint8], water: NDArray[np.bool_]) -> NDArray[np.generic]:
    return cut_patches(mask_water(phase[0], water))[np.newaxis]
