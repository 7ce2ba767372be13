import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from fringewatch.numbers import WAVELENGTH_M
from insar_models.simulation import (
    EPISODE_START,
    ERUPTION_START,
    Scene,
    noise_free_phase_rad,
    range_change_m,
    reykjanes_scene,
    simulate_pair,
)
from insar_models.simulation.atmosphere import Turbulence
from insar_models.simulation.geometry import GroundGrid

# The whole scene on pixels five times as large.
COARSE = GroundGrid(west=-22.6205, north=64.2051667, step_degrees=0.005, width=140, height=124)
SCENE = replace(reykjanes_scene(), grid=COARSE)
STILL = replace(SCENE, turbulence=Turbulence(least_peak_m=0.0, greatest_peak_m=0.0))

QUIET = (dt.date(2021, 1, 6), dt.date(2021, 1, 18))
DURING = (dt.date(2021, 2, 23), dt.date(2021, 3, 1))

dates = st.dates(dt.date(2021, 1, 1), dt.date(2021, 4, 30))


@settings(max_examples=15, deadline=None)
@given(st.lists(dates, min_size=3, max_size=3, unique=True))
def test_noise_free_phases_of_a_loop_add_up_to_zero(days: list[dt.date]) -> None:
    first, second, third = sorted(days)
    loop = (
        noise_free_phase_rad(SCENE, first, second)
        + noise_free_phase_rad(SCENE, second, third)
        - noise_free_phase_rad(SCENE, first, third)
    )
    assert np.abs(loop).max() < 1e-9


def test_pairs_that_share_a_date_share_its_atmosphere() -> None:
    days = [dt.date(2021, 1, 6) + dt.timedelta(days=6 * number) for number in range(3)]
    before, after = (noise_free_phase_rad(SCENE, *days[n : n + 2]).ravel() for n in range(2))
    # The shared date enters once as secondary, once as primary: half of each variance, opposed.
    assert np.corrcoef(before, after)[0, 1] < -0.1


def test_phase_is_positive_away_from_the_satellite() -> None:
    phase = noise_free_phase_rad(STILL, EPISODE_START, ERUPTION_START)
    np.testing.assert_allclose(phase, 4 * math.pi / WAVELENGTH_M * STILL.dyke_range_change_m)
    # The satellite stands in the east-south-east: what the dyke pushes there comes nearer.
    east, north = COARSE.metres_from(STILL.dyke.longitude, STILL.dyke.latitude)
    south_east = (np.abs(east - 2_000) < 1_000) & (np.abs(north + 1_500) < 1_000)
    north_west = (np.abs(east + 2_500) < 1_000) & (np.abs(north - 2_000) < 1_000)
    assert phase[south_east].mean() < 0 < phase[north_west].mean()


@pytest.mark.parametrize(
    ("primary", "secondary"),
    [(dt.date(2021, 1, 6), EPISODE_START), (ERUPTION_START, dt.date(2021, 4, 30))],
)
def test_the_ground_rests_before_and_after(primary: dt.date, secondary: dt.date) -> None:
    assert np.abs(noise_free_phase_rad(STILL, primary, secondary)).max() == 0.0


def test_motion_slows_down_from_pair_to_pair() -> None:
    days = [dt.date(2021, 2, 23) + dt.timedelta(days=6 * number) for number in range(5)]
    largest = [
        np.abs(noise_free_phase_rad(STILL, first, second)).max() for first, second in pairwise(days)
    ]
    assert largest[0] > 4 * math.pi  # two fringes and more in the first six days
    assert np.all(np.diff(largest) < 0)


def test_results_depend_on_the_seed_and_not_on_the_order() -> None:
    first = simulate_pair(SCENE, *QUIET)
    simulate_pair(SCENE, *DURING)
    range_change_m.cache_clear()
    again = simulate_pair(SCENE, *QUIET)
    other = simulate_pair(replace(SCENE, seed=7), *QUIET)
    assert np.array_equal(first.phase_rad, again.phase_rad)
    assert np.array_equal(first.coherence, again.coherence)
    assert not np.array_equal(first.phase_rad, other.phase_rad)


def test_an_acquisition_cannot_be_changed_by_its_user() -> None:
    with pytest.raises(ValueError, match="read-only"):
        range_change_m(SCENE, QUIET[0])[0, 0] = 1.0


@pytest.mark.parametrize("days", [QUIET, DURING])
def test_no_data_is_zero_in_both_rasters_and_only_outside_the_footprint(
    days: tuple[dt.date, dt.date],
) -> None:
    pair = simulate_pair(SCENE, *days)
    assert pair.phase_rad.dtype == np.float32
    assert pair.coherence.dtype == np.uint8
    assert np.array_equal(pair.phase_rad != 0, SCENE.is_seen)
    assert np.array_equal(pair.coherence != 0, SCENE.is_seen)
    assert np.abs(pair.phase_rad).max() <= np.float32(math.pi)


def test_the_sea_is_incoherent_and_the_land_is_not() -> None:
    pair = simulate_pair(SCENE, *QUIET)
    sea, land = SCENE.is_seen & ~SCENE.is_land, SCENE.is_seen & SCENE.is_land
    z = np.exp(1j * pair.phase_rad)
    assert np.median(pair.coherence[sea]) == pytest.approx(8, abs=2)
    assert abs(z[sea].mean()) < 0.05
    assert np.median(pair.coherence[land]) > 80
    residual = pair.phase_rad - noise_free_phase_rad(SCENE, *QUIET)
    assert abs(np.exp(1j * residual[land]).mean()) > 0.9


def test_coherence_falls_with_time() -> None:
    start = dt.date(2021, 1, 6)
    land = SCENE.is_seen & SCENE.is_land
    means = [
        simulate_pair(SCENE, start, start + dt.timedelta(days=days)).coherence[land].mean()
        for days in (6, 48, 180)
    ]
    assert np.all(np.diff(means) < 0)


@pytest.mark.parametrize("days", [DURING[::-1], (QUIET[0], QUIET[0])])
def test_the_primary_must_be_the_older_date(days: tuple[dt.date, dt.date]) -> None:
    with pytest.raises(BadInputError, match="older"):
        simulate_pair(SCENE, *days)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(BadInputError, match="-1 is no seed"):
        replace(SCENE, seed=-1)


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
    assert 25e6 < SCENE.dyke.volume_m3 < 45e6
    moved = SCENE.dyke_range_change_m[SCENE.is_land]
    assert -0.35 < moved.min() < -0.15
    assert 0.02 < moved.max() < 0.15
