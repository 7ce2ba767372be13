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
from insar_models.phase.codes import wrap
from insar_models.simulation import (
    LandCoherence,
    Processing,
    Winter,
    deformation_m,
    noise_free_phase_rad,
    simulate_pair,
)
from insar_models.simulation.date_fields import delay_m, speckle
from insar_models.simulation.ground import ground_fields
from insar_models.simulation.lava import LavaFlow
from insar_models.simulation.pair_coherence import pair_coherence
from insar_models.simulation.processing import missing_bursts
from tests.insar_models.simulation.small_scenes import (
    DEAD,
    LIVELY,
    MOUNTAIN,
    START,
    UNREST,
    days_after,
)

dates = st.dates(dt.date(2023, 12, 1), dt.date(2024, 4, 30))
FIRST, SECOND, THIRD = days_after(0, 12, 24)


@settings(max_examples=15)
@given(st.lists(dates, min_size=3, max_size=3, unique=True))
def test_noise_free_phases_of_a_loop_add_up_to_zero(days: list[dt.date]) -> None:
    first, second, third = sorted(days)
    loop = (
        noise_free_phase_rad(LIVELY, first, second)
        + noise_free_phase_rad(LIVELY, second, third)
        - noise_free_phase_rad(LIVELY, first, third)
    )
    assert np.abs(loop).max() < 1e-9


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_wrapped_noisy_phases_of_a_loop_close_on_coherent_land(strength: float) -> None:
    scene = replace(LIVELY, processing=Processing(filter_strength=strength))
    pairs = [(FIRST, SECOND), (SECOND, THIRD), (FIRST, THIRD)]
    found = [simulate_pair(scene, *pair) for pair in pairs]
    loop = wrap(found[0].phase_rad + found[1].phase_rad - found[2].phase_rad)
    coherence = np.min([pair.coherence for pair in found], axis=0)
    good = scene.is_land & (coherence > 180)
    assert good.mean() > 0.2
    assert loop[good].std() < (0.05 if strength == 0 else 0.4)
    assert abs(np.exp(1j * loop[good]).mean()) > 0.95
    sea = ~scene.is_land
    assert abs(np.exp(1j * loop[sea]).mean()) < 0.05


def test_the_phase_is_that_of_motion_and_air() -> None:
    still = replace(DEAD, episodes=(UNREST,))
    phase = noise_free_phase_rad(still, FIRST, dt.date(2024, 3, 1))
    expected = 4 * math.pi / WAVELENGTH_M * deformation_m(still, FIRST, dt.date(2024, 3, 1))
    np.testing.assert_allclose(phase, expected)
    assert phase.min() < -2 * math.pi  # uplift comes nearer
    seen = simulate_pair(still, FIRST, dt.date(2024, 3, 1)).phase_rad
    assert abs(np.exp(1j * (seen - phase)).mean()) > 0.98


def test_pairs_that_share_a_date_share_its_atmosphere() -> None:
    scene = replace(LIVELY, episodes=())
    found = []
    for seed in range(8):
        seeded = replace(scene, seed=seed)
        before, after = (
            noise_free_phase_rad(seeded, *days).ravel() for days in pairwise((FIRST, SECOND, THIRD))
        )
        found.append(np.corrcoef(before, after)[0, 1])
    # The shared date enters once as secondary, once as primary: half of each variance, opposed.
    assert -0.8 < np.mean(found) < -0.2


def _forget() -> None:
    for cache in (delay_m, speckle, ground_fields):
        cache.cache_clear()


def test_results_depend_on_seed_track_and_dates_alone() -> None:
    first = simulate_pair(LIVELY, FIRST, SECOND)
    _forget()
    simulate_pair(LIVELY, SECOND, THIRD)
    simulate_pair(replace(LIVELY, seed=9), FIRST, SECOND)
    again = simulate_pair(replace(LIVELY), FIRST, SECOND)
    assert np.array_equal(first.phase_rad, again.phase_rad)
    assert np.array_equal(first.coherence, again.coherence)
    for other in (replace(LIVELY, seed=7), replace(LIVELY, track="128D")):
        assert not np.array_equal(first.phase_rad, simulate_pair(other, FIRST, SECOND).phase_rad)
    assert not np.array_equal(first.phase_rad, simulate_pair(LIVELY, FIRST, THIRD).phase_rad)


def test_no_data_is_zero_in_both_rasters_and_nowhere_else() -> None:
    scene = replace(LIVELY, processing=Processing(sea_margin_m=3_000.0))
    pair = simulate_pair(scene, FIRST, SECOND)
    assert pair.phase_rad.dtype == np.float32
    assert pair.coherence.dtype == np.uint8
    assert 0.5 < scene.is_seen.mean() < 1
    assert np.array_equal(pair.phase_rad != 0, scene.is_seen)
    assert np.array_equal(pair.coherence != 0, scene.is_seen)
    assert np.abs(pair.phase_rad).max() <= np.float32(math.pi)


def test_a_pair_lacks_what_either_of_its_dates_lacks() -> None:
    cut = replace(LIVELY, processing=Processing(cut_share=0.5), seed=2)
    shares = []
    for days in pairwise(days_after(*range(0, 120, 6))):
        lacking = [
            number
            for day in days
            for number in missing_bursts(cut.processing, cut.bursts, cut.seed, cut.track, day)
        ]
        gaps = simulate_pair(cut, *days).phase_rad == 0
        assert np.array_equal(gaps, np.isin(cut.bursts.numbers, lacking))
        shares.append(gaps.mean())
    assert shares.count(0.0) > 1
    assert len(set(shares)) > 3


def test_pairs_that_share_a_date_share_its_speckle() -> None:
    raw = replace(DEAD, processing=Processing(filter_strength=0.0))
    first, shared, opposed = (
        simulate_pair(raw, *days).phase_rad.ravel()
        for days in ((FIRST, SECOND), (FIRST, THIRD), (SECOND, THIRD))
    )
    assert np.corrcoef(first, shared)[0, 1] > 0.1
    assert np.corrcoef(first, opposed)[0, 1] < -0.1


def test_the_sea_is_incoherent_and_the_land_is_not() -> None:
    pair = simulate_pair(LIVELY, FIRST, SECOND)
    sea, land = ~LIVELY.is_land, LIVELY.is_land
    z = np.exp(1j * pair.phase_rad)
    assert np.median(pair.coherence[sea]) == pytest.approx(8, abs=2)
    assert abs(z[sea].mean()) < 0.05
    assert np.median(pair.coherence[land]) > 80
    residual = pair.phase_rad - noise_free_phase_rad(LIVELY, FIRST, SECOND)
    assert abs(np.exp(1j * residual[land]).mean()) > 0.9


def test_coherence_falls_with_time() -> None:
    means = [pair_coherence(LIVELY, START, day)[LIVELY.is_land].mean() for day in
             days_after(6, 48, 180, 720)]  # fmt: skip
    assert np.all(np.diff(means) < 0)


def test_bad_days_take_coherence_from_plants_first() -> None:
    scene = replace(DEAD, coherence=LandCoherence(worst_day=0.2))
    bareness = scene.ground_fields.bareness
    best, worst = [], []
    for day in days_after(*range(12, 400, 12)):
        fair = scene.coherence.kept(bareness, (day - START).days)
        left = pair_coherence(scene, START, day) / fair
        best.append(left.max())
        worst.append(left.min())
    assert np.all(np.array(worst) < np.array(best) + 1e-6)
    assert min(worst) < 0.5
    assert min(best) > 0.7


def test_snow_takes_coherence_in_winter_and_returns_it_in_summer() -> None:
    snowy = replace(LIVELY, coherence=LandCoherence(winter=Winter(loss=0.9, winter_line_m=-500.0)))
    high = LIVELY.ground_fields.heights_m > 400
    winter, summer = (
        np.median(pair_coherence(snowy, day, day + dt.timedelta(12))[high])
        for day in (dt.date(2024, 2, 1), dt.date(2024, 7, 15))
    )
    assert winter < 0.1 * summer


def test_lava_makes_a_hole_in_pairs_that_span_it() -> None:
    flow = LavaFlow(-91.52, -0.36, 15.0, days_after(14)[0], days_after(20)[0])
    scene = replace(LIVELY, ground=replace(MOUNTAIN, lava=(flow,)))
    covered = scene.ground_fields.covered_on[0] < dt.date(2100, 1, 1).toordinal()
    before, across, later = (
        simulate_pair(scene, *days_after(*pair)).coherence[covered].mean()
        for pair in ((0, 12), (12, 24), (400, 412))
    )
    assert across < 20
    assert before > 3 * across
    assert later > 3 * across


def test_land_all_over_and_sea_all_over_are_fine() -> None:
    assert simulate_pair(DEAD, FIRST, SECOND).phase_rad.all()
    flooded = replace(LIVELY, ground=replace(MOUNTAIN, sea_level_m=9_000.0))
    pair = simulate_pair(flooded, FIRST, SECOND)
    assert not flooded.is_land.any()
    assert np.median(pair.coherence) < 12


@pytest.mark.parametrize("days", [(SECOND, FIRST), (FIRST, FIRST)])
def test_the_primary_must_be_the_older_date(days: tuple[dt.date, dt.date]) -> None:
    with pytest.raises(BadInputError, match="older"):
        simulate_pair(LIVELY, *days)
