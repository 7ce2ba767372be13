"""Patches of a cube as a lazy Dask array: a pair is a chunk, nothing is read before it is due."""

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fringewatch.numbers import PATCH_SIZE
from insar_models.phase.window_patches import (
    PATCHES_PER_WINDOW,
    cut_patches,
    find_water,
    mask_water,
)

PAIRS_FOR_WATER = 12
"""The first pairs of a cube settle where water is: later ones do not change what was scored."""


def water_of(cube: xr.Dataset, water_coherence: float) -> NDArray[np.bool_]:
    """Where the window of an open cube is water, by its first pairs; bool, shape (y, x)."""
    first = cube["coherence"].isel(pair=slice(PAIRS_FOR_WATER))
    return find_water(first.to_numpy(), water_coherence)


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
