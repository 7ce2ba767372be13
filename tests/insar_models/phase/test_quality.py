"""Numbers of quality on patches with a known answer, the same for all eight forms."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.phase.codes import encode_phase
from insar_models.phase.quality import PatchQuality, measure_quality
from insar_models.phase.symmetries import eight_forms
from tests.insar_models.fringes import scene

SIDE = 224


def ramp_codes(across: float, down: float, side: int = SIDE) -> NDArray[np.uint8]:
    """Clean fringes of so many cycles per pixel."""
    rows, columns = np.mgrid[:side, :side]
    return encode_phase(2 * np.pi * (across * columns + down * rows) + 0.3)


def noise_codes(side: int = SIDE, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(1, 256, (side, side), dtype=np.uint8)


def same(one: PatchQuality, other: PatchQuality) -> bool:
    return repr(one) == repr(other)  # NaN is equal to NaN here


@given(rate=st.floats(0.0, 0.45), direction=st.floats(0.0, 2 * np.pi))
@settings(max_examples=40, deadline=None)
def test_a_ramp_has_its_rate_in_any_direction(rate: float, direction: float) -> None:
    across, down = rate * np.cos(direction), rate * np.sin(direction)
    found = measure_quality(ramp_codes(across, down, 60))

    assert found.fringe_rate == pytest.approx(rate, abs=5e-4)
    # The mean phasor of a box of three by three is a product of two sums of three phasors.
    expected = abs((1 + 2 * np.cos(2 * np.pi * across)) * (1 + 2 * np.cos(2 * np.pi * down))) / 9
    assert found.phasor_coherence == pytest.approx(expected, abs=0.01)


def test_half_a_cycle_is_the_fastest_and_beyond_it_aliases() -> None:
    assert measure_quality(ramp_codes(0.5, 0.0)).fringe_rate == pytest.approx(0.5, abs=1e-3)
    assert measure_quality(ramp_codes(0.7, 0.0)).fringe_rate == pytest.approx(0.3, abs=1e-3)


def test_noise() -> None:
    found = measure_quality(noise_codes())

    assert found.valid_fraction == 1.0
    assert found.phasor_coherence == pytest.approx(0.30, abs=0.005)
    assert 0.35 < found.fringe_rate < 0.45
    assert found.equal_share < 0.006


def test_one_value_everywhere_is_clean_and_blank() -> None:
    found = measure_quality(np.full((SIDE, SIDE), 128, dtype=np.uint8))
    assert found == PatchQuality(1.0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize("codes", [ramp_codes(0.003, 0.0), ramp_codes(0.0, -0.0035)])
def test_the_wrap_is_no_jump(codes: NDArray[np.uint8]) -> None:
    assert np.ptp(codes) > 200
    found = measure_quality(codes)
    assert found.fringe_rate < 0.004
    assert found.phasor_coherence > 0.999


def test_the_bytes_of_plus_and_minus_pi_are_one_phase() -> None:
    codes = np.where(np.indices((30, 30)).sum(axis=0) % 2 == 0, 1, 255).astype(np.uint8)
    found = measure_quality(codes)
    assert found.phasor_coherence == pytest.approx(1.0, abs=1e-4)
    assert found.fringe_rate == 0.0


def test_no_data() -> None:
    found = measure_quality(np.zeros((SIDE, SIDE), dtype=np.uint8))
    assert found.valid_fraction == 0.0
    assert math.isnan(found.phasor_coherence)
    assert math.isnan(found.fringe_rate)
    assert math.isnan(found.equal_share)


def test_a_half_that_is_masked_changes_nothing_in_the_other() -> None:
    codes = noise_codes()
    codes[:, :112] = ramp_codes(0.05, 0.1)[:, :112]
    masked = codes.copy()
    masked[:, 112:] = 0
    found, alone = measure_quality(masked), measure_quality(codes[:, :112])

    assert found.valid_fraction == 0.5
    assert found.phasor_coherence == alone.phasor_coherence
    assert found.fringe_rate == alone.fringe_rate == pytest.approx(math.hypot(0.05, 0.1), abs=1e-4)
    assert found.equal_share == alone.equal_share


def test_masks_do_not_make_noise_look_better() -> None:
    codes = noise_codes()
    codes[np.random.default_rng(2).random(codes.shape) < 0.2] = 0
    assert measure_quality(codes).phasor_coherence == pytest.approx(0.30, abs=0.01)


def test_without_a_whole_box_nothing_is_said_of_fringes() -> None:
    codes = ramp_codes(0.1, 0.0)
    codes[::3] = 0
    found = measure_quality(codes)

    assert math.isnan(found.phasor_coherence)
    assert math.isnan(found.fringe_rate)
    assert found.valid_fraction == pytest.approx(2 / 3, abs=0.01)
    assert 0 < found.equal_share < 1


@given(height=st.integers(1, 12), width=st.integers(1, 12), seed=st.integers(0, 99))
def test_small_patches_of_any_shape(height: int, width: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(1, 256, (height, width), dtype=np.uint8)
    found = measure_quality(codes)

    assert math.isnan(found.phasor_coherence) == (min(height, width) < 3)
    assert math.isnan(found.fringe_rate) == (min(height, width) < 5)
    assert 1 / codes.size <= found.equal_share + 1e-6


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_all_eight_forms_have_the_same_quality(seed: int) -> None:
    codes = encode_phase(scene(seed, 48))
    expected = measure_quality(codes)

    assert all(same(measure_quality(form), expected) for form in eight_forms(codes))


@pytest.mark.parametrize("form", range(8))
def test_a_noisy_patch_of_real_size_turns_and_keeps_its_quality(form: int) -> None:
    codes = noise_codes(seed=7)
    codes[20:90, 50:160] = 0
    assert same(measure_quality(eight_forms(codes)[form]), measure_quality(codes))


@pytest.mark.parametrize(
    "codes",
    [np.zeros((4, 4)), np.zeros((2, 4, 4), dtype=np.uint8), np.zeros((0, 4), dtype=np.uint8)],
)
def test_what_is_no_patch_is_refused(codes: NDArray[np.uint8]) -> None:
    with pytest.raises(BadInputError, match="no patch"):
        measure_quality(codes)


def test_it_is_quick() -> None:
    """About 3 ms on a 2-core machine: a million patches in an hour."""
    codes = noise_codes()
    times = []
    for _ in range(10):
        start = time.perf_counter()
        measure_quality(codes)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02  # room for a machine that does other work
