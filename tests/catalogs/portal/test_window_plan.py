import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.byte_ranges import ByteRange
from catalogs.portal.window_plan import WORTH_A_REQUEST_BYTES, plan_ranges

ROWS_OF_TILES = [
    ByteRange(1000 + tile * 200_000, 1000 + (tile + 1) * 200_000)
    for row in (1, 2, 3)
    for tile in range(row * 14 + 1, row * 14 + 4)
]


@pytest.mark.parametrize(("most", "count"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_rows_of_tiles_share_the_ranges_there_are(most: int, count: int) -> None:
    ranges = plan_ranges(ROWS_OF_TILES, most)
    assert len(ranges) == count
    assert ranges[0].start == 1000 + 15 * 200_000
    assert ranges[-1].stop == 1000 + (3 * 14 + 4) * 200_000


def test_the_widest_gap_is_the_one_left_out() -> None:
    near, far = ByteRange(0, 10), ByteRange(10 + WORTH_A_REQUEST_BYTES + 1, 300_000)
    farthest = ByteRange(900_000, 900_010)
    needed = (farthest, near, far)
    assert plan_ranges(needed, 3) == (near, far, farthest)
    assert plan_ranges(needed, 2) == (ByteRange(0, 300_000), farthest)
    assert plan_ranges(needed, 1) == (ByteRange(0, 900_010),)


def test_a_narrow_gap_is_read_along() -> None:
    parts = ByteRange(0, 10), ByteRange(10 + WORTH_A_REQUEST_BYTES, 300_000)
    assert plan_ranges(parts, 3) == (ByteRange(0, 300_000),)


def test_blocks_left_out_need_nothing() -> None:
    assert plan_ranges([ByteRange(0, 0), ByteRange(7, 7)], 3) == ()


@given(
    st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(1, 300_000)), min_size=1),
    st.integers(1, 4),
)
def test_all_that_is_needed_is_in_few_disjoint_ranges(
    blocks: list[tuple[int, int]], most: int
) -> None:
    needed = [ByteRange(start, start + size) for start, size in blocks]
    ranges = plan_ranges(needed, most)
    assert 1 <= len(ranges) <= most
    assert all(first.stop < second.start for first, second in itertools.pairwise(ranges))
    assert all(any(part.contains(block) for part in ranges) for block in needed)
