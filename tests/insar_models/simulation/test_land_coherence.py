import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.land_coherence import LandCoherence, Winter

PLANTS_AND_ROCK = np.array([0.0, 1.0], dtype=np.float32)
LAND = LandCoherence(grown=0.4, bare=0.9, grown_days=20.0, bare_days=500.0, lasting=0.1)
HEIGHTS_M = np.array([0.0, 1_000.0, 2_000.0, 3_000.0], dtype=np.float32)
FEBRUARY, AUGUST = dt.date(2024, 2, 4), dt.date(2024, 8, 5)


def test_plants_lose_their_phase_before_rock_does() -> None:
    np.testing.assert_allclose(LAND.kept(PLANTS_AND_ROCK, 0), [0.4, 0.9], rtol=1e-5)
    month = LAND.kept(PLANTS_AND_ROCK, 30)
    assert month[0] < 0.15
    assert month[1] > 0.8


def test_what_lasts_is_left_after_any_time() -> None:
    np.testing.assert_allclose(LAND.kept(PLANTS_AND_ROCK, 36_500), [0.04, 0.09], rtol=1e-4)


def test_coherence_falls_with_time() -> None:
    kept = np.array([LAND.kept(PLANTS_AND_ROCK, days) for days in (6, 12, 48, 365)])
    assert np.all(np.diff(kept, axis=0) < 0)


def test_snow_lies_in_winter_and_high_up() -> None:
    winter = Winter(loss=0.8, winter_line_m=500.0, summer_line_m=2_500.0)
    np.testing.assert_allclose(winter.snow(HEIGHTS_M, FEBRUARY, 0.0), [0, 1, 1, 1])
    np.testing.assert_allclose(winter.snow(HEIGHTS_M, AUGUST, 0.0), [0, 0, 0, 1])
    spring = winter.snow(HEIGHTS_M, dt.date(2024, 5, 6), 0.0)  # the line is at 1,500 m
    np.testing.assert_allclose(spring, [0, 0, 1, 1])
    assert winter.snow(HEIGHTS_M, FEBRUARY, -4.0)[0] == 1  # it comes lower on some dates
    south = replace(winter, coldest_day=217)
    np.testing.assert_allclose(south.snow(HEIGHTS_M, FEBRUARY, 0.0), [0, 0, 0, 1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"grown": 1.2},
        {"bare": -0.1},
        {"lasting": float("nan")},
        {"worst_day": 2.0},
        {"grown_days": 0.0},
        {"bare_days": -5.0},
    ],
)
def test_an_impossible_coherence_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match=f"LandCoherence: {next(iter(wrong))}"):
        LandCoherence(**wrong)  # type: ignore[arg-type]  # none of these is the winter


@pytest.mark.parametrize("wrong", [{"loss": 1.1}, {"coldest_day": 0}, {"spread_m": -1.0}])
def test_an_impossible_winter_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match=f"Winter: {next(iter(wrong))}"):
        replace(Winter(), **wrong)  # type: ignore[arg-type]  # mixed on purpose
