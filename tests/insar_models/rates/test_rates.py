"""Rates of places from wrapped pairs, held against a slow and obvious version and against truth."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import FRINGE_M, WAVELENGTH_M
from insar_models.phase.codes import encode_phase
from insar_models.rates.air_dates import disturbed_air
from insar_models.rates.courses import STEADY, SUDDEN, Course
from insar_models.rates.estimate import best_course, place_map, place_motion
from insar_models.rates.field import MotionField, motion_field
from insar_models.rates.looks import cell_phasors
from insar_models.rates.periodogram import RAD_PER_M, find_peaks, reach_m
from insar_models.rates.stack import PairStack, seen_pairs
from insar_models.rates.surroundings import against_ring
from tests.docs.blocks import blocks
from tests.insar_models.rates.synthetic import CELL_M, PLACE, SIDE, bulge_m, day, network, stack_of

EVERY_SIX = list(range(0, 66, 6))


def steady(days: int) -> float:
    return float(days)


def slow_peak(series: list[complex], shares: list[float], largest_m: float) -> float:
    """The motion with the highest periodogram, by trying every tenth of a millimetre."""

    def height(motion: float) -> float:
        return sum(
            (a * cmath.exp(1j * 4 * math.pi / WAVELENGTH_M * motion * f)).real
            for a, f in zip(series, shares, strict=True)
        )

    steps = math.ceil(largest_m / 1e-4)
    return max((k * largest_m / steps for k in range(-steps, steps + 1)), key=height)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-0.012, 0.012),
    st.lists(st.sampled_from([0.2, 0.4, 0.6, 1.0]), min_size=6, max_size=12),
    st.integers(0, 1000),
)
def test_the_periodogram_is_that_of_the_slow_version(
    motion: float, shares: list[float], seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.3, len(shares))
    phase = -RAD_PER_M * motion * np.array(shares) + noise
    series = (0.7 * np.exp(1j * phase)).astype(np.complex64)
    found = find_peaks(series[:, np.newaxis], np.array(shares), 0.013)
    slow = slow_peak(series.tolist(), shares, 0.013)
    heights = [
        float((series * np.exp(1j * RAD_PER_M * m * np.array(shares))).real.sum())
        for m in (float(found.motion_m[0]), slow)
    ]
    assert heights[0] >= heights[1] - 1e-3
    assert found.coherence[0] == pytest.approx(heights[0] / (0.7 * len(shares)), abs=1e-4)


def test_ground_that_comes_towards_the_satellite_has_less_phase_and_a_positive_rate() -> None:
    pairs = network(EVERY_SIX)
    stack = stack_of(pairs, bulge_m(0.001), steady)
    assert np.angle(stack.phasors[0][PLACE]) < 0
    found = place_motion(stack, stack.days, motion_field(stack, stack.days))
    assert found is not None
    assert (found.row, found.column) == PLACE
    assert 0.0005 < found.motion_m < 0.001  # a place is wider than the summit, its ring moves too


def test_a_caldera_that_rises_by_fringes_in_each_pair_is_not_folded() -> None:
    truth = bulge_m(0.006)  # 1.3 fringes in six days, 3.9 in eighteen
    assert truth.max() * 6 > 1.2 * FRINGE_M
    stack = stack_of(network(EVERY_SIX), truth, steady)
    field = motion_field(stack, stack.days)
    assert np.allclose(field.motion_m - field.motion_m.min(), truth - truth.min(), atol=1e-5)
    # Each cell alone, as a plain periodogram would have it, is folded.
    alone = find_peaks(stack.phasors[:, 30:31, 34], stack.days, reach_m(stack.days, stack.days))
    assert abs(alone.motion_m[0] - truth[PLACE]) > 0.001


@pytest.mark.parametrize("peak", [0.0008, -0.0008])
def test_truth_lies_within_the_interval_under_air(peak: float) -> None:
    truth = place_map_of(bulge_m(peak))
    inside = 0
    for seed in range(12):
        stack = stack_of(network(EVERY_SIX), bulge_m(peak), steady, 0.005, seed=seed)
        found = place_motion(stack, stack.days, motion_field(stack, stack.days))
        assert found is not None
        assert found.motion_m * peak > 0
        inside += found.low_m <= truth[found.row, found.column] <= found.high_m
    assert inside >= 10


def place_map_of(moved: NDArray[np.float64]) -> NDArray[np.float64]:
    return place_map(MotionField(moved, np.ones_like(moved)), CELL_M).motion_m


def test_more_dates_with_the_same_air_make_the_interval_narrower_and_more_pairs_do_not() -> None:
    def deviation(days: list[int], spans: tuple[int, ...]) -> float:
        stack = stack_of(network(days, spans), bulge_m(0.001), steady, 0.005)
        found = place_motion(stack, stack.days, motion_field(stack, stack.days), PLACE)
        assert found is not None
        return found.deviation_m

    few = deviation(list(range(0, 66, 12)), (1, 2, 3))
    assert deviation(EVERY_SIX, (1, 2, 3)) < few
    # Nearly twice the pairs of the same dates: were they independent, it would be 0.7 times.
    assert deviation(EVERY_SIX, (1, 2, 3, 4, 5)) > 0.8 * deviation(EVERY_SIX, (1, 2, 3))


def test_the_course_of_a_step_is_told_from_steady_motion() -> None:
    begin, end = day(0), day(60)
    jump = stack_of(network(EVERY_SIX), bulge_m(0.03), lambda d: float(d > 0), 0.002)
    even = stack_of(network(EVERY_SIX), bulge_m(0.06), lambda d: d / 60, 0.002)
    assert best_course(jump, begin, end, PLACE).decay_days == SUDDEN
    assert best_course(even, begin, end, PLACE).decay_days == STEADY
    shares = Course(begin, end, SUDDEN).shares(jump)
    found = place_motion(jump, shares, motion_field(jump, shares))
    assert found is not None
    truth = place_map_of(bulge_m(0.03))
    assert found.low_m <= truth[found.row, found.column] <= found.high_m


def test_shares_of_a_course_add_up() -> None:
    stack = stack_of([(0, 6), (6, 30), (0, 30), (30, 36)], bulge_m(0.0), steady)
    for decay in (SUDDEN, 10.0, STEADY):
        first, second, whole, after = Course(day(0), day(30), decay).shares(stack)
        assert first + second == pytest.approx(whole) == pytest.approx(1.0)
        assert after == 0
    with pytest.raises(BadInputError, match="a day at least"):
        Course(day(3), day(3), STEADY)


def test_an_acquisition_in_bad_air_is_told_by_its_sign_and_motion_is_not_taken_for_it() -> None:
    days = list(range(0, 54, 6))
    stack = stack_of(network(days), bulge_m(0.04), lambda d: float(d > 24), 0.003, {30: 4.0})
    found = disturbed_air(stack, stack.days, motion_field(stack, stack.days))
    assert found[day(30)] > 0.9
    assert all(value < 0.5 for date, value in found.items() if date != day(30))
    short = stack_of(network([0, 6, 12]), bulge_m(0.0), steady, 0.003)
    assert disturbed_air(short, short.days, motion_field(short, short.days)) == {}


def test_noise_and_no_data_have_no_rate() -> None:
    generator = np.random.default_rng(1)
    pairs = network(EVERY_SIX)
    noise = np.exp(2j * np.pi * generator.random((len(pairs), SIDE, SIDE))) * 0.12
    dates = tuple((day(a), day(b)) for a, b in pairs)
    for looks in (noise, np.zeros_like(noise)):
        stack = PairStack(looks.astype(np.complex64), dates, CELL_M)
        field = motion_field(stack, stack.days)
        assert place_motion(stack, stack.days, field) is None
        assert not np.isfinite(field.motion_m).any()


def test_a_gap_of_a_winter_and_networks_that_are_not_connected_still_tell_a_rate() -> None:
    pairs = network([0, 6, 12, 18, 24]) + network([200, 206, 212, 218, 224])
    stack = stack_of(pairs, bulge_m(0.001), steady, 0.002)
    found = place_motion(stack, stack.days, motion_field(stack, stack.days))
    assert found is not None
    assert abs(found.row - PLACE[0]) <= 2
    assert abs(found.column - PLACE[1]) <= 2
    assert found.low_m > 0


def test_one_pair_tells_a_motion_and_an_interval_of_what_the_ground_round_it_does() -> None:
    stack = stack_of([(0, 12)], bulge_m(0.002), steady, 0.002)
    found = place_motion(stack, stack.days, motion_field(stack, stack.days))
    assert found is not None
    assert found.motion_m > 0
    assert np.isfinite(found.deviation_m)


def test_bad_stacks_are_refused() -> None:
    looks = np.ones((2, 3, 3), np.complex64)
    with pytest.raises(BadInputError, match="2020-01-01_2020-01-07 is there twice"):
        PairStack(looks, ((day(0), day(6)), (day(0), day(6))), CELL_M)
    with pytest.raises(BadInputError, match="older one"):
        PairStack(looks, ((day(0), day(6)), (day(9), day(6))), CELL_M)
    with pytest.raises(BadInputError, match="give \\(pairs, rows, columns\\)"):
        PairStack(looks, ((day(0), day(6)),), CELL_M)


def test_order_of_pairs_is_of_no_matter() -> None:
    stack = stack_of(network(EVERY_SIX), bulge_m(0.001), steady, 0.003)
    turned = stack.chosen(list(range(len(stack)))[::-1])
    first, second = (motion_field(one, one.days).motion_m for one in (stack, turned))
    assert np.allclose(first, second, atol=1e-7)
    assert stack.within(day(6), day(18)).dates == (
        (day(6), day(12)),
        (day(12), day(18)),
        (day(6), day(18)),
    )


def test_an_acquisition_is_seen_where_one_of_its_pairs_is_usable() -> None:
    pairs = [(day(a), day(b)) for a, b in ((0, 6), (0, 12), (6, 12), (6, 18), (12, 18))]
    assert seen_pairs(pairs, [True] * 5) == [0, 1, 2, 3, 4]
    # 18 is noise in both of its pairs; 6 to 12 is noise between two that are seen.
    assert seen_pairs(pairs, [True, True, False, False, False]) == [0, 1, 2]
    assert seen_pairs(pairs, [False] * 5) == []


def test_cells_are_mean_phasors_by_coherence() -> None:
    generator = np.random.default_rng(0)
    phase = encode_phase(generator.uniform(-3, 3, (20, 17)).astype(np.float32))
    coherence = generator.integers(1, 255, (20, 17)).astype(np.uint8)
    phase[:8, :8] = 0
    water = np.zeros((20, 17), dtype=np.bool_)
    water[:, 16] = True
    found = cell_phasors(phase, coherence, water)
    assert found.shape == (3, 3)
    assert found[0, 0] == 0
    assert not found[:, 2].any()
    cell = np.s_[8:16, 8:16]
    unit = np.exp(1j * ((phase[cell].astype(float) - 1) * 2 * np.pi / 254 - np.pi))
    weight = (coherence[cell] / 255) ** 2
    assert found[1, 1] == pytest.approx((unit * weight).sum() / weight.sum(), abs=1e-5)
    with pytest.raises(BadInputError, match="bytes"):
        cell_phasors(phase.astype(np.float32), coherence)
    with pytest.raises(BadInputError, match="give one window"):
        cell_phasors(phase, coherence[1:])


def test_a_ramp_is_no_motion_against_the_ring() -> None:
    rows, columns = np.indices((SIDE, SIDE)).astype(np.float64)
    ramp = 0.01 * rows + 0.02 * columns
    inner = np.s_[18:-18, 18:-18]
    assert np.abs(against_ring(ramp, CELL_M)[inner]).max() < 0.05
    assert np.isnan(against_ring(np.full((SIDE, SIDE), np.nan), CELL_M)).all()


def test_a_corner_has_no_ring_and_an_edge_or_a_coast_has() -> None:
    local = against_ring(np.zeros((SIDE, SIDE)), CELL_M)
    assert np.isnan([local[0, 0], local[0, -1], local[-1, 3], local[5, -2]]).all()
    assert np.isfinite([local[0, 31], local[31, 0], local[20, 20], local[12, 4]]).all()
    coast = np.zeros((SIDE, SIDE))
    coast[:, 33:] = np.nan
    assert np.isfinite(against_ring(coast, CELL_M)[31, 32])


def test_the_code_of_the_page_runs_as_written() -> None:
    (block,) = (b for b in blocks() if b.page == "docs/rates.md" and b.language == "python")
    smooth = np.linspace(-2, 2, 500 * 500, dtype=np.float32).reshape(500, 500)
    tiles = [(encode_phase(smooth * k), np.full((500, 500), 200, np.uint8)) for k in (1, 2)]
    dates = ((day(0), day(6)), (day(6), day(12)))
    names: dict[str, object] = {"np": np, "tiles": tiles, "dates": dates, "water": None}
    exec(compile(block.text, block.name, "exec"), names)  # noqa: S102 - our own page
    assert names["found"] is not None
