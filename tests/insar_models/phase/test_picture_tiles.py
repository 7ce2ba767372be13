"""Tiles cover a picture of any size, without resizing it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fringewatch.numbers import PATCH_OFFSETS, PATCH_SIZE, WINDOW_SIZE
from insar_models.phase.picture_tiles import cut_tiles, tile_starts


@given(length=st.integers(1, 3000))
def test_tiles_leave_at_most_a_margin_unseen(length: int) -> None:
    seen = np.zeros(length, dtype=bool)
    for start in tile_starts(length):
        seen[max(0, start) : max(0, start + PATCH_SIZE)] = True

    assert (~seen).sum() <= 16
    assert len(tile_starts(length)) <= max(1, -(-length // PATCH_SIZE))


def test_a_volcano_window_gets_the_patches_of_the_cubes() -> None:
    assert tile_starts(WINDOW_SIZE) == PATCH_OFFSETS


@given(height=st.integers(1, 500), width=st.integers(1, 500))
@settings(max_examples=40, deadline=None)
def test_tiles_are_parts_of_the_picture(height: int, width: int) -> None:
    picture = np.arange(height * width, dtype=np.float32).reshape(height, width)

    tiles = cut_tiles(picture)

    assert tiles.shape[1:] == (PATCH_SIZE, PATCH_SIZE)
    assert tiles.dtype == np.float32
    for tile in tiles:
        valid = np.isfinite(tile)
        rows, columns = valid.any(axis=1), valid.any(axis=0)
        assert valid.sum() == min(height, PATCH_SIZE) * min(width, PATCH_SIZE)
        first = int(np.nanmin(tile))
        top, left = divmod(first, width)
        part = picture[top : top + rows.sum(), left : left + columns.sum()]
        np.testing.assert_array_equal(tile[np.ix_(rows, columns)], part)


@pytest.mark.parametrize(
    ("shape", "count"), [((227, 227), 1), ((224, 241), 2), ((426, 360), 4), ((100, 500), 3)]
)
def test_number_of_tiles(shape: tuple[int, int], count: int) -> None:
    assert len(cut_tiles(np.ones(shape, dtype=np.float32))) == count


def test_tiles_without_phase_are_left_out() -> None:
    picture = np.full((224, 500), np.nan, dtype=np.float32)
    assert cut_tiles(picture).shape == (0, PATCH_SIZE, PATCH_SIZE)

    picture[0, 0] = 1.0
    assert len(cut_tiles(picture)) == 1
