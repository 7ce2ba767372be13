"""Simulated windows as a cube would hold them, in memory."""

from collections.abc import Sequence
from typing import TypeVar

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.pair_tile import PairTile
from catalogs.rasters.grid import Window
from catalogs.records import DatePair
from insar_models.phase.codes import encode_phase
from insar_models.phase.window_patches import cut_patch
from insar_models.simulation import Scene, simulate_pair


def simulated_tile(window: Window, scene: Scene, pair: DatePair) -> PairTile:
    """Return the window of a simulated pair, in the bytes that tiling its files would give."""
    simulated = simulate_pair(scene, pair.primary, pair.secondary)
    coherence = cut_window(simulated.coherence, window)
    phase = cut_window(simulated.phase_rad, window)
    return PairTile(pair, encode_phase(phase, coherence > 0), coherence)


_Value = TypeVar("_Value", bound=np.generic)


def cut_window(raster: NDArray[_Value], window: Window) -> NDArray[_Value]:
    """Return the part of a raster (H, W) that lies in the window; 0 where the raster ends."""
    return cut_patch(raster, window.row, window.column, (window.size, window.size))


def cube_in_memory(window: Window, tiles: Sequence[PairTile]) -> xr.Dataset:
    """Return tiles as `catalogs.cubes.cube.read_cube` would give them: bytes, one chunk a pair."""
    dimensions = ("pair", "y", "x")
    arrays = {
        name: da.from_array(np.stack(parts), chunks=(1, window.size, window.size))
        for name, parts in (
            ("phase", [tile.phase for tile in tiles]),
            ("coherence", [tile.coherence for tile in tiles]),
        )
    }
    return xr.Dataset(
        {name: (dimensions, array) for name, array in arrays.items()},
        coords={"y": window.latitudes, "x": window.longitudes},
    )
