import numpy as np
import pytest

from fringewatch.numbers import PATCH_OFFSETS, PATCH_SIZE, WINDOW_SIZE
from insar_models.patches import PATCH_ORIGINS, PATCHES_PER_WINDOW, cut_patches, mask_incoherent


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


def test_laying_the_patches_back_gives_the_window() -> None:
    window = np.random.default_rng(3).integers(0, 256, (WINDOW_SIZE, WINDOW_SIZE), dtype=np.uint8)
    back = np.zeros_like(window)
    for patch, origin in zip(cut_patches(window), PATCH_ORIGINS, strict=True):
        back[origin.slices] = patch
    assert np.array_equal(back, window)


def test_a_window_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="500 x 500"):
        cut_patches(np.zeros((499, 500)))


def test_incoherent_pixels_become_no_data() -> None:
    phase = np.array([9, 9, 9, 0], dtype=np.uint8)
    coherence = np.array([0, 25, 26, 200], dtype=np.uint8)  # 26 / 255 is the first above 0.1
    assert mask_incoherent(phase, coherence, 0.1).tolist() == [0, 0, 9, 0]
    assert mask_incoherent(phase, coherence, 0.0).tolist() == [0, 9, 9, 0]
