import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation import Episode, deformation_m
from insar_models.simulation.date_fields import delay_m, speckle
from insar_models.simulation.sources import Mogi, range_change_m
from insar_models.simulation.time_courses import Step
from tests.insar_models.simulation.small_scenes import (
    DEAD,
    GRID,
    LIVELY,
    SIGHT,
    START,
    UNREST,
    days_after,
)

BEFORE, AFTER = START, dt.date(2024, 3, 6)


def test_deformation_is_that_of_the_source_and_nothing_else() -> None:
    moved = deformation_m(LIVELY, BEFORE, AFTER)
    np.testing.assert_allclose(moved, range_change_m(UNREST.source, GRID, SIGHT))
    assert moved.dtype == np.float64
    assert np.all(deformation_m(DEAD, BEFORE, AFTER) == 0)


def test_deformation_follows_its_course_in_time() -> None:
    assert np.all(deformation_m(LIVELY, *days_after(0, 12)) == 0)
    assert np.all(deformation_m(LIVELY, *days_after(48, 60)) == 0)
    parts = sum(deformation_m(LIVELY, *days_after(n, n + 12)) for n in (0, 12, 24, 36, 48))
    np.testing.assert_allclose(parts, deformation_m(LIVELY, *days_after(0, 60)), atol=1e-12)
    np.testing.assert_allclose(
        deformation_m(LIVELY, AFTER, BEFORE), -deformation_m(LIVELY, BEFORE, AFTER)
    )


def test_episodes_add_up() -> None:
    quake = Episode("quake", Mogi(-91.6, -0.3, 3e3, -1e6), Step(dt.date(2024, 2, 1)), "tectonic")
    both = replace(LIVELY, episodes=(UNREST, quake))
    alone = replace(LIVELY, episodes=(quake,))
    np.testing.assert_allclose(
        deformation_m(both, BEFORE, AFTER),
        deformation_m(alone, BEFORE, AFTER) + deformation_m(LIVELY, BEFORE, AFTER),
    )


def test_two_tracks_see_the_same_ground_under_other_weather() -> None:
    other = replace(LIVELY, track="128D")
    assert np.array_equal(other.is_land, LIVELY.is_land)
    assert np.array_equal(other.ground_fields.bareness, LIVELY.ground_fields.bareness)
    assert not np.array_equal(delay_m(other, START), delay_m(LIVELY, START))
    assert not np.array_equal(speckle(other, START), speckle(LIVELY, START))


def test_the_delay_of_a_date_is_the_same_whenever_it_is_asked_for() -> None:
    first = delay_m(LIVELY, START).copy()
    for day in days_after(6, 12, 18):
        assert not np.array_equal(delay_m(LIVELY, day), first)
    delay_m.cache_clear()
    assert np.array_equal(delay_m(LIVELY, START), first)
    assert first.dtype == np.float32


def test_what_is_remembered_of_dates_is_bounded() -> None:
    for day in days_after(*range(40)):
        delay_m(LIVELY, day)
        speckle(LIVELY, day)
    assert delay_m.cache_info().currsize <= 16
    assert speckle.cache_info().currsize <= 16


@pytest.mark.parametrize("field", [delay_m, speckle])
def test_an_acquisition_cannot_be_changed_by_its_user(field: object) -> None:
    assert callable(field)
    with pytest.raises(ValueError, match="read-only"):
        field(LIVELY, START)[0, 0] = 1.0


def test_the_delay_is_longer_along_a_slanted_sight() -> None:
    weather = replace(LIVELY.weather, orbit=DEAD.weather.orbit)
    steep, slanted = (
        replace(LIVELY, weather=weather, sight=replace(SIGHT, incidence_degrees=angle))
        for angle in (0.0, 60.0)
    )
    np.testing.assert_allclose(delay_m(slanted, START), 2 * delay_m(steep, START), rtol=1e-4)


def test_turbulence_can_last_from_date_to_date() -> None:
    def correlation(share: float) -> float:
        turbulence = replace(LIVELY.weather.turbulence, lasting_share=share, lasting_days=60.0)
        weather = replace(DEAD.weather, turbulence=turbulence)
        found = []
        for seed in range(8):
            scene = replace(DEAD, weather=weather, seed=seed)
            first, second = (delay_m(scene, day).ravel() for day in days_after(0, 6))
            found.append(np.corrcoef(first, second)[0, 1])
        return float(np.mean(found))

    assert abs(correlation(0.0)) < 0.3
    assert correlation(0.9) > 0.6


def test_still_air_has_no_delay() -> None:
    assert np.all(delay_m(DEAD, START) == 0)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(BadInputError, match="seed=-1: give a whole number, from 0"):
        replace(LIVELY, seed=-1)


def test_an_episode_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"'unrest'.*'glacial'"):
        replace(UNREST, kind="glacial")  # type: ignore[arg-type]  # wrong on purpose
