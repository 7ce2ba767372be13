import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.stratified import Stratification, season_phase, stratified_delay_m

HEIGHTS_M = np.tile(np.linspace(0, 3_000, 61, dtype=np.float32), (40, 1))
SEASONAL = Stratification(spread_m_per_km=0.0, season_m_per_km=0.01, spread_sideways=0.0)
AUGUST, FEBRUARY = dt.date(2024, 8, 1), dt.date(2024, 1, 31)


def _delay(recipe: Stratification, day: dt.date, seed: int = 0) -> np.ndarray:
    return stratified_delay_m(recipe, HEIGHTS_M, day, np.random.default_rng(seed))


def test_the_season_turns_once_a_year() -> None:
    assert season_phase(AUGUST, 214) == pytest.approx(1.0)
    assert season_phase(FEBRUARY, 213) == pytest.approx(-1.0, abs=0.01)
    assert season_phase(dt.date(2024, 5, 1), 213) == pytest.approx(0.0, abs=0.03)


def test_moist_air_shortens_the_path_of_summits_against_their_feet() -> None:
    moist, dry = _delay(SEASONAL, AUGUST), _delay(SEASONAL, FEBRUARY)
    assert moist.dtype == np.float32
    assert np.all(np.diff(moist[0]) < 0)
    assert np.all(np.diff(dry[0]) > 0)
    assert np.all(moist[:, 0] == 0)
    # 10 mm per kilometre at sea level; less above, where the air is drier.
    assert moist[0, 2] == pytest.approx(-0.001, rel=0.05)
    assert -0.025 < moist[0, -1] < -0.015


def test_dates_differ_by_chance_with_the_spread_that_is_given() -> None:
    recipe = Stratification(spread_m_per_km=0.004, season_m_per_km=0.0, spread_sideways=0.0)
    low = [_delay(recipe, AUGUST, seed)[0, 1] / 0.05 for seed in range(2_000)]
    assert np.std(low) == pytest.approx(0.004, rel=0.06)
    assert abs(np.mean(low)) < 0.0004


def test_the_rate_changes_sideways() -> None:
    level = np.full((30, 30), 1_000, dtype=np.float32)
    recipe = replace(SEASONAL, spread_sideways=0.5)
    delay = stratified_delay_m(recipe, level, AUGUST, np.random.default_rng(1))
    assert np.ptp(delay[0]) > 1e-4
    assert np.ptp(delay[:, 0]) > 1e-4
    assert np.ptp(stratified_delay_m(SEASONAL, level, AUGUST, np.random.default_rng(1))) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"spread_m_per_km": -1.0},
        {"season_m_per_km": float("nan")},
        {"scale_height_m": 0.0},
        {"moistest_day": 0},
        {"spread_sideways": -0.1},
    ],
)
def test_an_impossible_layering_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="Stratification"):
        replace(SEASONAL, **wrong)  # type: ignore[arg-type]  # mixed on purpose
