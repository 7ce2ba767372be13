import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from fringewatch.numbers import WAVELENGTH_M
from insar_models.simulation import (
    EPISODE_START,
    ERUPTION_START,
    Scene,
    deformation_m,
    reykjanes_scene,
    simulate_pair,
)
from insar_models.simulation.geometry import GroundGrid
from insar_models.simulation.sources import Rectangle

# The whole scene on pixels five times as large.
COARSE = GroundGrid(west=-22.6205, north=64.2051667, step_degrees=0.005, width=140, height=124)
SCENE = replace(reykjanes_scene(), grid=COARSE)


def _pixel(scene: Scene, longitude: float, latitude: float) -> tuple[int, int]:
    grid = scene.grid
    row = (grid.north - latitude) / grid.step_degrees
    column = (longitude - grid.west) / grid.step_degrees
    return int(row), int(column)


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "is_land"),
    [
        ("Fagradalsfjall", -22.27, 63.895, True),
        ("Keilir", -22.172, 63.942, True),
        ("Svartsengi", -22.43, 63.88, True),
        ("Faxafloi", -22.40, 64.10, False),
        ("the open sea in the south", -22.30, 63.75, False),
    ],
)
def test_places_of_reykjanes_are_land_or_sea(
    name: str, longitude: float, latitude: float, *, is_land: bool
) -> None:
    assert bool(SCENE.is_land[_pixel(SCENE, longitude, latitude)]) is is_land, name


def test_the_window_of_the_volcano_lies_inside_the_raster() -> None:
    scene = reykjanes_scene()
    for longitude in (-22.27 - 0.25, -22.27 + 0.25):
        for latitude in (63.895 - 0.25, 63.895 + 0.25):
            row, column = _pixel(scene, longitude, latitude)
            assert 0 < row < scene.grid.height
            assert 0 < column < scene.grid.width
    assert 0.02 < 1 - SCENE.is_seen.mean() < 0.15


def test_the_dyke_has_a_plausible_size() -> None:
    source = SCENE.episodes[0].source
    assert isinstance(source, Rectangle)
    assert 25e6 < source.volume_m3 < 45e6
    moved = deformation_m(SCENE, EPISODE_START, ERUPTION_START)[SCENE.is_land]
    assert -0.35 < moved.min() < -0.15
    assert 0.02 < moved.max() < 0.15


def test_what_the_dyke_pushes_to_the_satellite_comes_nearer() -> None:
    """The satellite stands in the east-south-east."""
    moved = deformation_m(SCENE, EPISODE_START, ERUPTION_START)
    east, north = COARSE.metres_from(-22.229, 63.909)
    south_east = (np.abs(east - 2_000) < 1_000) & (np.abs(north + 1_500) < 1_000)
    north_west = (np.abs(east + 2_500) < 1_000) & (np.abs(north - 2_000) < 1_000)
    assert moved[south_east].mean() < 0 < moved[north_west].mean()


@pytest.mark.parametrize(
    ("primary", "secondary"),
    [(dt.date(2021, 1, 6), EPISODE_START), (ERUPTION_START, dt.date(2021, 4, 30))],
)
def test_the_ground_rests_before_and_after(primary: dt.date, secondary: dt.date) -> None:
    assert np.all(deformation_m(SCENE, primary, secondary) == 0)


def test_motion_slows_down_from_pair_to_pair() -> None:
    days = [dt.date(2021, 2, 23) + dt.timedelta(days=6 * number) for number in range(5)]
    largest = [
        4 * math.pi / WAVELENGTH_M * np.abs(deformation_m(SCENE, first, second)).max()
        for first, second in pairwise(days)
    ]
    assert largest[0] > 4 * math.pi  # two fringes and more in the first six days
    assert np.all(np.diff(largest) < 0)


def test_the_footprint_is_all_that_is_seen() -> None:
    pair = simulate_pair(SCENE, dt.date(2021, 1, 6), dt.date(2021, 1, 12))
    assert np.array_equal(pair.phase_rad != 0, SCENE.is_seen)
    land = SCENE.is_seen & SCENE.is_land
    assert np.median(pair.coherence[land]) > 120
