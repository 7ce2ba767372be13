"""Which patches share ground, against a comparison of each with each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.corpora.ground import UNKNOWN, link, overlapping

SIDE = 0.224
NAN = float("nan")


def stretches(
    places: list[tuple[float, float]], buckets: list[int] | None = None
) -> NDArray[np.int64]:
    north, west = np.array(places, dtype=np.float64).reshape(-1, 2).T
    return overlapping(np.array(buckets or [0] * len(places), dtype=np.int64), north, west)


def partition(labels: NDArray[np.int64]) -> set[frozenset[int]]:
    return {
        frozenset(np.flatnonzero(labels == label).tolist()) for label in {*labels.tolist()} - {-1}
    }


def compared(places: list[tuple[int, int]], buckets: list[int]) -> set[frozenset[int]]:
    """The stretches of patches whose corners are whole pixels, each compared with each."""
    parts: list[set[int]] = []
    for k, (row, column) in enumerate(places):
        mine = {
            other
            for other, (its_row, its_column) in enumerate(places[:k])
            if buckets[other] == buckets[k]
            and abs(row - its_row) < 224
            and min((column - its_column) % 360_000, (its_column - column) % 360_000) < 224
        }
        met = [part for part in parts if part & mine]
        parts = [part for part in parts if not part & mine]
        parts.append({k}.union(*met))
    return {frozenset(part) for part in parts}


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-700, 700), st.integers(-700, 700), st.integers(0, 1)), max_size=16
    ),
    st.sampled_from([0, 40_123, 179_950, -180_000, 359_900]),
    st.sampled_from([0, 60_000, -77_123]),
)
def test_the_same_as_comparing_each_with_each(
    places: list[tuple[int, int, int]], column: int, row: int
) -> None:
    corners = [(row + y, column + x) for y, x, _ in places]
    buckets = [bucket for _, _, bucket in places]
    # Every other longitude counts westwards: another number for the same place.
    found = stretches([(y / 1000, x / 1000 % 360 - 360 * (x % 2)) for y, x in corners], buckets)
    assert partition(found) == compared(corners, buckets)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ((0.0, 10.0), (SIDE, 10.0), False),  # an edge in common
        ((0.0, 10.0), (SIDE - 0.001, 10.0), True),
        ((0.0, 10.0), (SIDE - 0.001, 10.0 + SIDE - 0.001), True),
        ((0.0, 10.0), (-SIDE + 0.001, 10.0 + SIDE), False),
        ((0.0, 10.0), (-SIDE + 0.001, 10.0 - SIDE + 0.001), True),
        ((0.0, 179.9), (0.0, -179.9), True),
        ((0.0, 179.7), (0.0, -179.9), False),
        ((0.0, 359.95), (0.0, 0.1), True),
        ((0.0, 370.0), (0.0, 10.0), False),  # no longitude
        ((89.9, 0.0), (90.0, 0.0), True),
        ((NAN, 10.0), (NAN, 10.0), False),
        ((0.0, float("inf")), (0.0, float("inf")), False),
        ((95.0, 0.0), (95.0, 0.0), False),
    ],
)
def test_two_patches(one: tuple[float, float], other: tuple[float, float], together: bool) -> None:
    first, second = stretches([one, other])
    assert (first == second != UNKNOWN) == together


def test_what_hangs_together_through_others() -> None:
    steps = [(0.0, 0.2 * k) for k in range(6)]
    np.testing.assert_array_equal(stretches([*steps, (0.0, 9.0)]), [0] * 6 + [1])
    assert stretches(steps[::2]).tolist() == [0, 1, 2]


def test_unknown_buckets_are_not_compared() -> None:
    assert stretches([(0.0, 0.0)] * 3, [UNKNOWN, 7, 7]).tolist() == [UNKNOWN, 0, 0]
    assert stretches([]).tolist() == []


def test_many_patches_of_one_spot_are_quick() -> None:
    # Each compared with each would be 10 thousand million comparisons.
    chance = np.random.default_rng(0)
    north, west = chance.uniform(0.0, 0.5, 100_000), chance.uniform(179.7, 180.2, 100_000)
    assert set(overlapping(np.zeros(100_000, dtype=np.int64), north, west).tolist()) == {0}


def test_link_numbers_by_first_appearance() -> None:
    first = np.array([UNKNOWN, 5, 5, UNKNOWN, 2])
    second = np.array([UNKNOWN, UNKNOWN, 0, 0, UNKNOWN])
    assert link([first, second]).tolist() == [0, 1, 1, 1, 2]
    assert link([np.array([], dtype=np.int64)]).tolist() == []
