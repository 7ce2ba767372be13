"""The ground of a scene: coast, heights, plants and lava; the same for all tracks that see it."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from fringewatch.checked_fields import CheckedRecord, Limits, Share
from insar_models.simulation.geometry import GroundGrid, Outline, inside
from insar_models.simulation.lava import LavaFlow
from insar_models.simulation.random_fields import power_law_field
from insar_models.simulation.streams import Stream, field_generator
from insar_models.simulation.terrain import GivenTerrain, Terrain, terrain_heights_m

_TEXTURE_EXPONENT = 3.2
_SHORE_M = 2_000.0  # distance from a drawn coast within which the land rises to its height


@dataclass(frozen=True)
class Ground(CheckedRecord):
    """Recipe of the ground; the default is flat land all over."""

    coastline: Outline | None = None
    """Outside of it is sea; None: no coast was drawn."""
    coast_roughness_degrees: Annotated[float, Limits(0.0, 1.0, "degrees")] = 0.004
    """By which the drawn coast is shifted at random: straight sides look like no coast."""
    sea_level_m: float | None = None
    """Ground below is sea too, or a lake; None: it is dry, however low."""
    terrain: Terrain | GivenTerrain = field(default_factory=Terrain)
    bare_share: Share = 0.5
    """Share of the land that is bare rock rather than grown over, 0 to 1."""
    lava: tuple[LavaFlow, ...] = ()


@dataclass(frozen=True, eq=False)
class GroundFields:
    """What a recipe and a seed make of the ground; arrays of shape (H, W), read-only."""

    heights_m: NDArray[np.float32]
    """0 over sea."""
    is_land: NDArray[np.bool_]
    bareness: NDArray[np.float32]
    """0: plants, which lose their phase within weeks; 1: bare rock, which keeps it."""
    covered_on: tuple[NDArray[np.int32], ...]
    """For each lava flow, the ordinal of the day on which it covers a pixel."""


@lru_cache(maxsize=4)
def ground_fields(ground: Ground, grid: GroundGrid, seed: int) -> GroundFields:
    """Return the ground that a recipe and a seed make on a grid."""

    def texture(stream: Stream) -> NDArray[np.float32]:
        generator = field_generator(seed, stream)
        return power_law_field(_TEXTURE_EXPONENT, grid.shape, grid.spacing_m, generator)

    heights_m = terrain_heights_m(ground.terrain, grid, field_generator(seed, Stream.TERRAIN))
    is_land = np.ones(grid.shape, dtype=np.bool_)
    if ground.coastline is not None:
        shift = ground.coast_roughness_degrees * texture(Stream.COAST).astype(np.float64)
        longitudes = grid.longitudes[None, :] + shift
        is_land = inside(ground.coastline, longitudes, grid.latitudes[:, None] + shift)
        shore_m = scipy.ndimage.distance_transform_edt(is_land, grid.spacing_m)
        heights_m = heights_m * (-np.expm1(-shore_m / _SHORE_M)).astype(np.float32)
    if ground.sea_level_m is not None:
        is_land &= heights_m > ground.sea_level_m
    heights_m = np.where(is_land, heights_m, np.float32(0))
    rank = _bareness(texture(Stream.GROUND), ground.bare_share)
    ragged = texture(Stream.LAVA) if ground.lava else np.zeros(grid.shape, np.float32)
    covered = tuple(flow.covered_on(grid, heights_m, ragged) for flow in ground.lava)
    for array in (heights_m, is_land, rank, *covered):
        array.flags.writeable = False
    return GroundFields(heights_m, is_land, rank, covered)


def _bareness(texture: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Soft step of a field, so that about `share` of it is nearer to 1 than to 0."""
    if share in {0.0, 1.0}:
        return np.full(texture.shape, share, dtype=np.float32)
    level = float(np.quantile(texture, 1 - share))
    soft: NDArray[np.float32] = 0.5 + 0.5 * np.tanh(1.5 * (texture - np.float32(level)))
    return soft.astype(np.float32)
