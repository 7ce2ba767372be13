import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.file_parts import ByteRange
from catalogs.portal.tiff_layout import UNCOMPRESSED, TiffLayout
from catalogs.portal.window_plan import WORTH_A_REQUEST_BYTES, plan_ranges
from catalogs.rasters.grid import Grid, Window
from fringewatch.errors import CorruptProductError

DEFLATE = 8


def layout_of(
    size: tuple[int, int], block: tuple[int, int], block_bytes: int, compression: int = DEFLATE
) -> TiffLayout:
    """Blocks of (rows, columns), one after the other from byte 1000."""
    (height, width), (block_height, block_width) = size, block
    count = math.ceil(height / block_height) * math.ceil(width / block_width)
    return TiffLayout(
        width=width,
        height=height,
        pixel_bytes=4,
        compression=compression,
        block_width=block_width,
        block_height=block_height,
        blocks=tuple(
            ByteRange(1000 + index * block_bytes, 1000 + (index + 1) * block_bytes)
            for index in range(count)
        ),
    )


def window_at(layout: TiffLayout, row: int, column: int, size: int = 500) -> Window:
    return Window(Grid(0.0, 0.0, 0.001, 0.001, layout.width, layout.height), row, column, size)


def test_a_band_of_strips_is_one_range() -> None:
    layout = layout_of((2700, 3500), (1, 3500), 7000)
    ranges = plan_ranges(layout, window_at(layout, 1000, 1500), 3)
    assert ranges == (ByteRange(1000 + 1000 * 7000, 1000 + 1500 * 7000),)


def test_strips_of_four_rows_are_taken_whole() -> None:
    layout = layout_of((2700, 3500), (4, 3500), 6000)
    ranges = plan_ranges(layout, window_at(layout, 1001, 1500), 3)
    assert ranges == (ByteRange(1000 + 250 * 6000, 1000 + 376 * 6000),)


def test_a_high_uncompressed_strip_is_entered() -> None:
    layout = layout_of((2700, 3500), (2700, 3500), 2700 * 14_000, UNCOMPRESSED)
    ranges = plan_ranges(layout, window_at(layout, 1000, 1500), 3)
    assert ranges == (ByteRange(1000 + 1000 * 14_000, 1000 + 1500 * 14_000),)


def test_an_uncompressed_strip_that_is_too_short_is_damage() -> None:
    layout = layout_of((2700, 3500), (2700, 3500), 1000 * 14_000, UNCOMPRESSED)
    with pytest.raises(CorruptProductError, match="cut or damaged"):
        plan_ranges(layout, window_at(layout, 1000, 1500), 3)


@pytest.mark.parametrize(("most", "count"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_rows_of_tiles_share_the_ranges_there_are(most: int, count: int) -> None:
    layout = layout_of((2700, 3500), (256, 256), 200_000)
    window = window_at(layout, 256, 300)  # rows of tiles 1 to 2, columns 1 to 3
    ranges = plan_ranges(layout, window_at(layout, 400, 300), most)  # rows of tiles 1 to 3
    assert len(ranges) == count
    assert ranges[0].start == 1000 + 15 * 200_000
    assert ranges[-1].stop == 1000 + (3 * 14 + 4) * 200_000
    assert len(plan_ranges(layout, window, most)) == min(most, 2)


def test_the_widest_gap_is_the_one_left_out() -> None:
    near, far = ByteRange(0, 10), ByteRange(10 + WORTH_A_REQUEST_BYTES + 1, 300_000)
    farthest = ByteRange(900_000, 900_010)
    layout = TiffLayout(3, 3, 4, DEFLATE, 3, 1, (farthest, near, far))
    window = window_at(layout, 0, 0)
    assert plan_ranges(layout, window, 3) == (near, far, farthest)
    assert plan_ranges(layout, window, 2) == (ByteRange(0, 300_000), farthest)
    assert plan_ranges(layout, window, 1) == (ByteRange(0, 900_010),)


def test_a_narrow_gap_is_read_along() -> None:
    parts = ByteRange(0, 10), ByteRange(10 + WORTH_A_REQUEST_BYTES, 300_000)
    layout = TiffLayout(3, 2, 4, DEFLATE, 3, 1, parts)
    assert plan_ranges(layout, window_at(layout, 0, 0), 3) == (ByteRange(0, 300_000),)


def test_blocks_left_out_need_nothing() -> None:
    layout = TiffLayout(3, 2, 4, UNCOMPRESSED, 3, 1, (ByteRange(0, 0), ByteRange(0, 0)))
    assert plan_ranges(layout, window_at(layout, 0, 0), 3) == ()


def test_a_window_outside_needs_nothing() -> None:
    layout = layout_of((600, 600), (1, 600), 100)
    assert plan_ranges(layout, window_at(layout, -500, 0), 3) == ()
    assert plan_ranges(layout, window_at(layout, 0, 600), 3) == ()


@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.tuples(st.integers(-30, 70), st.integers(-30, 70)),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_every_pixel_of_the_window_is_among_the_ranges(
    size: tuple[int, int],
    block: tuple[int, int],
    corner: tuple[int, int],
    most: int,
    order: random.Random,
) -> None:
    ordered = layout_of(size, block, 50_000)
    blocks = list(ordered.blocks)
    order.shuffle(blocks)
    layout = TiffLayout(
        ordered.width, ordered.height, 4, DEFLATE, ordered.block_width, ordered.block_height,
        tuple(blocks),
    )  # fmt: skip
    ranges = plan_ranges(layout, window_at(layout, *corner, size=25), most)
    assert len(ranges) <= most
    assert all(first.stop < second.start for first, second in itertools.pairwise(ranges))
    for row in range(max(corner[0], 0), min(corner[0] + 25, size[0])):
        for column in range(max(corner[1], 0), min(corner[1] + 25, size[1])):
            index = row // block[0] * layout.blocks_across + column // block[1]
            assert any(part.contains(blocks[index]) for part in ranges)
