"""Heights of the ground: rough hills by chance, with volcanoes set on them by hand.

The power spectrum of real relief falls with spatial frequency as a power law, save for single
landforms (Turcotte 1997, Fractals and Chaos in Geology and Geophysics, chapter 7). A volcano is
such a landform: a cone with a crater, added on top.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import CheckedRecord, Limits, check_fields
from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid
from insar_models.simulation.random_fields import power_law_field

_SizeM = Annotated[float, Limits(0.0, 20_000.0, "metres")]
_Finite = Annotated[float, Limits(-1e6, 1e6)]


@dataclass(frozen=True)
class Cone:
    """A volcano: flanks that fall from the crater's rim, steepest near the top."""

    longitude: _Finite
    latitude: _Finite
    """Middle of the crater, degrees."""
    height_m: _SizeM
    """Rim above the foot."""
    radius_m: _Finite
    """From the middle to the foot."""
    crater_radius_m: _Finite = 0.0
    """Inside of it the ground lies a fifth of `height_m` below the rim; 0 is a plain summit."""

    def __post_init__(self) -> None:
        check_fields(self)
        if not 0 <= self.crater_radius_m < self.radius_m:
            message = (
                f"Cone: a crater of {self.crater_radius_m} m does not fit on a foot of "
                f"{self.radius_m} m: give radii from 0 up, that of the foot the larger"
            )
            raise BadInputError(message)

    def heights_m(self, grid: GroundGrid) -> NDArray[np.float32]:
        """Height above the foot, 0 beyond it; float32 of the grid's shape."""
        east_m, north_m = grid.metres_from(self.longitude, self.latitude)
        distance_m = np.hypot(east_m, north_m)
        flank = (self.radius_m - distance_m) / (self.radius_m - self.crater_radius_m)
        height_m = self.height_m * np.clip(flank, 0.0, 1.0) ** 1.5
        height_m[distance_m < self.crater_radius_m] *= 0.8
        heights: NDArray[np.float32] = height_m.astype(np.float32)
        return heights


@dataclass(frozen=True)
class Terrain(CheckedRecord):
    """Recipe of the heights; the default is flat."""

    base_m: Annotated[float, Limits(-20_000.0, 20_000.0, "metres above sea level")] = 0.0
    """Mean height without the cones."""
    roughness_m: _SizeM = 0.0
    """Standard deviation of the hills."""
    exponent: Annotated[float, Limits(1.5, 4.0, "an exponent")] = 3.2
    """By which the power of the hills falls with spatial frequency: 3.5 is smooth, 2.2 rugged."""
    cones: tuple[Cone, ...] = ()


@dataclass(frozen=True, eq=False)
class GivenTerrain:
    """Heights from elsewhere (an elevation model), on the scene's own grid."""

    heights_m: NDArray[np.float32]
    """Shape (H, W), metres; not finite counts as 0, sea level."""


def terrain_heights_m(
    terrain: Terrain | GivenTerrain, grid: GroundGrid, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Heights above sea level on a grid, metres; float32 of the grid's shape.

    Raises
    ------
    BadInputError
        If given heights have another shape than the grid.
    """
    if isinstance(terrain, GivenTerrain):
        if terrain.heights_m.shape != grid.shape:
            message = (
                f"heights of shape {terrain.heights_m.shape} do not lie on a grid of shape "
                f"{grid.shape}: give heights on the scene's own grid"
            )
            raise BadInputError(message)
        return np.nan_to_num(terrain.heights_m.astype(np.float32), posinf=0.0, neginf=0.0)
    heights_m = np.full(grid.shape, terrain.base_m, dtype=np.float32)
    if terrain.roughness_m > 0:
        hills = power_law_field(terrain.exponent, grid.shape, grid.spacing_m, generator)
        heights_m += np.float32(terrain.roughness_m) * hills
    for cone in terrain.cones:
        heights_m += cone.heights_m(grid)
    return heights_m
