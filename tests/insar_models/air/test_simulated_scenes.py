"""The simulator's pairs over real relief: coherence, turbulence, orbits, LiCSAR's filter."""

import dataclasses
import datetime as dt
import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from fringewatch.numbers import WAVELENGTH_M
from insar_models.air import FitOutcome, heights_field, remove_air
from insar_models.phase.codes import encode_phase
from insar_models.simulation import Episode, Ground, Scene, Weather, simulate_pair
from insar_models.simulation.geometry import LineOfSight
from insar_models.simulation.pair_phase import noise_free_phase_rad
from insar_models.simulation.scene import deformation_m
from insar_models.simulation.sources import Mogi
from insar_models.simulation.stratified import Stratification
from insar_models.simulation.terrain import GivenTerrain
from insar_models.simulation.time_courses import Ramp
from tests.insar_models.air.windows import GRID

RELIEF = Path(__file__).parents[4] / "shared" / "data" / "relief"
FIRST, SECOND = dt.date(2024, 1, 6), dt.date(2024, 1, 18)
VOLCANOES = ("N13E120", "N40E014", "N42E141")

pytestmark = pytest.mark.skipif(not RELIEF.is_dir(), reason=f"no real relief in {RELIEF}")


def _scene(tile: str, rate_m_per_km: float, volume_m3: float = 0.0) -> Scene:
    """A window round the highest summit of a tile, with a source 3 km under it."""
    with rasterio.open(RELIEF / f"{tile}.tif") as raster:
        heights = raster.read(1).astype(np.float32)
    heights[heights == -32768] = 0
    row, column = np.unravel_index(heights[250:750, 250:750].argmax(), (500, 500))
    heights = heights[row : row + 500, column : column + 500]
    episodes: tuple[Episode, ...] = ()
    if volume_m3:
        middle = float(GRID.longitudes[250]), float(GRID.latitudes[250])
        episodes = (Episode("unrest", Mogi(*middle, 3_000.0, volume_m3), Ramp(FIRST, SECOND)),)
    air = Stratification(spread_m_per_km=rate_m_per_km, season_m_per_km=0.0)
    return Scene(
        GRID,
        LineOfSight(-12.0, 39.0),
        episodes,
        Ground(sea_level_m=0.5, terrain=GivenTerrain(heights), bare_share=0.7),
        Weather(stratification=air),
        seed=1,
        track="t",
    )


def _removed_rad_and_outcome(scene: Scene) -> tuple[NDArray[np.float32], FitOutcome]:
    pair = simulate_pair(scene, FIRST, SECOND)
    field = heights_field(scene.ground_fields.heights_m)
    found = remove_air(encode_phase(pair.phase_rad), pair.coherence, [field])
    if found.is_changed:
        assert found.agreement_after > found.agreement_before
    return found.removed_rad, found.fits[0].outcome


@pytest.mark.parametrize("tile", VOLCANOES)
def test_air_over_real_relief_falls(tile: str) -> None:
    scene = _scene(tile, 0.012)
    removed, outcome = _removed_rad_and_outcome(scene)
    assert outcome is FitOutcome.REMOVED
    still = dataclasses.replace(
        scene.weather,
        turbulence=dataclasses.replace(scene.weather.turbulence, typical_m=0.0),
        orbit=dataclasses.replace(scene.weather.orbit, fringes_per_100_km=0.0, offset_fringes=0.0),
    )
    air = noise_free_phase_rad(dataclasses.replace(scene, weather=still), FIRST, SECOND)
    assert np.std((air - removed)[scene.is_land]) < 0.4 * np.std(air[scene.is_land])


@pytest.mark.parametrize("tile", VOLCANOES)
@pytest.mark.parametrize("volume_m3", [0.0, 1e6, 1e7])
def test_without_air_nothing_is_taken_from_source_or_turbulence(
    tile: str, volume_m3: float
) -> None:
    removed, outcome = _removed_rad_and_outcome(_scene(tile, 0.0, volume_m3))
    assert outcome is not FitOutcome.REMOVED
    assert not removed.any()


@pytest.mark.parametrize("tile", VOLCANOES[1:])
def test_a_summit_source_under_air_keeps_its_peak(tile: str) -> None:
    with_source, alone = _scene(tile, 0.012, 3e6), _scene(tile, 0.012)
    source = 4 * math.pi / WAVELENGTH_M * deformation_m(with_source, FIRST, SECOND)
    (taken, outcome), (taken_alone, _) = map(_removed_rad_and_outcome, (with_source, alone))
    assert outcome is FitOutcome.REMOVED
    of_the_source = taken - taken_alone
    near = np.abs(source) > 0.1 * np.abs(source).max()
    lost = np.ptp(of_the_source[near]) / np.ptp(source[near])
    assert lost < 0.15
