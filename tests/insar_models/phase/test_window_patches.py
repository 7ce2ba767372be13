from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.numbers import PATCH_OFFSETS, PATCH_SIZE, WINDOW_SIZE
from insar_models.phase.window_patches import (
    PATCH_ORIGINS,
    PATCHES_PER_WINDOW,
    coherent_patches,
    cut_patches,
    find_water,
    mask_water,
)


def test_patches_are_the_window_at_their_origins() -> None:
    window = np.arange(WINDOW_SIZE**2, dtype=np.int64).reshape(WINDOW_SIZE, WINDOW_SIZE)
    patches = cut_patches(window)
    assert patches.shape == (PATCHES_PER_WINDOW, PATCH_SIZE, PATCH_SIZE)
    for patch, origin in zip(patches, PATCH_ORIGINS, strict=True):
        assert patch[0, 0] == window[origin.row, origin.column]
        assert patch[-1, -1] == window[origin.row + 223, origin.column + 223]


def test_patches_cover_every_pixel_of_the_window() -> None:
    covered = np.zeros((WINDOW_SIZE, WINDOW_SIZE), dtype=int)
    for origin in PATCH_ORIGINS:
        covered[origin.slices] += 1
    assert covered.min() == 1
    assert PATCH_OFFSETS[-1] + PATCH_SIZE == WINDOW_SIZE


@given(st.integers(0, 2**32), st.sampled_from([np.uint8, np.float32]))
def test_laying_the_patches_back_gives_the_window(seed: int, kind: type) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (WINDOW_SIZE, WINDOW_SIZE))
    window: NDArray[Any] = noise.astype(kind)
    back = np.zeros_like(window)
    for patch, origin in zip(cut_patches(window), PATCH_ORIGINS, strict=True):
        back[origin.slices] = patch
    assert np.array_equal(back, window)


def test_a_window_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="500 x 500"):
        cut_patches(np.zeros((499, 500)))


def test_water_is_what_is_coherent_in_no_pair() -> None:
    # 26 / 255 is the first byte above 0.1: sea, lava of the second pair, ground, no data at all.
    coherence = np.array([[[8, 200, 90, 0]], [[25, 9, 26, 0]]], dtype=np.uint8)
    water = find_water(coherence, 0.1)
    assert water.tolist() == [[True, False, False, True]]
    assert mask_water(np.full((1, 4), 7, np.uint8), water).tolist() == [[0, 7, 7, 0]]
    assert find_water(coherence[:0], 0.1).all()


def test_a_patch_speaks_where_half_of_its_ground_is_coherent() -> None:
    phase = np.full((WINDOW_SIZE, WINDOW_SIZE), 7, np.uint8)
    coherence = np.zeros_like(phase)
    coherence[:, : PATCH_SIZE // 2] = 26
    assert coherent_patches(phase, coherence, 0.1).tolist() == [True, False, False] * 3
    assert not coherent_patches(phase, coherence, 0.11).any()
    phase[:, PATCH_SIZE // 2 :] = 0  # water: what is left of the first column is all coherent
    assert coherent_patches(phase, coherence, 0.1).tolist() == [True, False, False] * 3
    assert not coherent_patches(np.zeros_like(phase), coherence, 0.1).any()
