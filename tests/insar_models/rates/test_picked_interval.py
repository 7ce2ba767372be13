"""The interval of the place that moves most holds the truth, though that place was picked."""

import math

import numpy as np
import pytest
from scipy.stats import t as student_t

from insar_models.rates.estimate import place_motion
from insar_models.rates.field import motion_field
from insar_models.rates.picked_interval import picked_interval_m
from tests.insar_models.rates.synthetic import bulge_m, network, stack_of

PLACES = 100
ROUNDS = 1_000


@pytest.mark.parametrize("moves", [0.0, 2.0, 5.0, 30.0])
@pytest.mark.parametrize("acquisitions", [5, 13])
def test_nineteen_of_twenty_intervals_hold_the_truth(moves: float, acquisitions: int) -> None:
    generator = np.random.default_rng(int(moves) + acquisitions)
    truth = np.zeros(PLACES)
    truth[:3] = moves, -moves, moves / 2
    found = truth + generator.standard_t(acquisitions - 2, (ROUNDS, PLACES))
    picked = np.abs(found).argmax(axis=1)
    inside = 0
    for row, place in zip(found, picked, strict=True):
        low, high = picked_interval_m(float(row[place]), 1.0, acquisitions, PLACES)
        inside += low <= truth[place] <= high
    assert inside >= 0.95 * ROUNDS - 14  # two standard deviations of chance


def test_the_ends_are_those_of_students_t() -> None:
    low, high = picked_interval_m(10.0, 1.0, 12, 1.0)
    assert (high - 10.0, 10.0 - low) == pytest.approx((2.228, 2.228), abs=1e-3)
    inner, outer = picked_interval_m(10.0, 1.0, 12, 100.0)
    assert outer == high  # not more than of one place
    # Of a hundred places the largest error is beyond it in one of forty rounds.
    assert (1.0 - 2.0 * student_t.sf(10.0 - inner, 10)) ** 100 == pytest.approx(0.975)
    assert picked_interval_m(-10.0, 1.0, 12, 100.0) == (-outer, -inner)


def test_what_may_rest_moves_at_most_as_far_either_way() -> None:
    assert picked_interval_m(1.0, 1.0, 5, 300.0) == pytest.approx((-4.182, 4.182), abs=1e-3)
    low, high = picked_interval_m(1.0, math.inf, 5, 300.0)
    assert (low, high) == (-math.inf, math.inf)


def test_quiet_ground_under_air_is_told_to_be_at_rest() -> None:
    quiet, plain = 0, 0
    for seed in range(20):
        stack = stack_of(network(range(0, 66, 6)), bulge_m(0.0), lambda d: d, 0.005, seed=seed)
        found = place_motion(stack, stack.days, motion_field(stack, stack.days))
        assert found is not None
        quiet += found.low_m <= 0.0 <= found.high_m
        plain += abs(found.motion_m) <= 1.96 * found.deviation_m
    assert quiet >= 19
    assert plain <= 10  # the interval of a place that nobody picked


def test_a_place_that_was_named_is_not_picked() -> None:
    stack = stack_of(network(range(0, 66, 6)), bulge_m(0.002), lambda d: d, 0.002)
    field = motion_field(stack, stack.days)
    picked = place_motion(stack, stack.days, field)
    assert picked is not None
    named = place_motion(stack, stack.days, field, (picked.row, picked.column))
    assert named is not None
    assert (named.motion_m, named.high_m) == (picked.motion_m, picked.high_m)
    assert picked.low_m < named.low_m
