import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from insar_models.simulation.filtering import adaptive_filter

SHAPE = (150, 170)


def _noise(seed: int = 0) -> NDArray[np.complex64]:
    parts = np.random.default_rng(seed).standard_normal((*SHAPE, 2)).astype(np.float32)
    noise: NDArray[np.complex64] = (parts[..., 0] + 1j * parts[..., 1]).astype(np.complex64)
    return noise


def _coherence(value: float) -> NDArray[np.float32]:
    return np.full(SHAPE, value, dtype=np.float32)


def _fringes(rate: float) -> NDArray[np.complex64]:
    phase = np.tile(rate * np.arange(SHAPE[1]), (SHAPE[0], 1))
    fringes: NDArray[np.complex64] = np.exp(1j * phase).astype(np.complex64)
    return fringes


@pytest.mark.parametrize("rate", [0.0, 0.4, 1.2])
def test_fringes_are_kept_and_noise_on_them_is_taken_away(rate: float) -> None:
    fringes = _fringes(rate)
    noisy = fringes + 0.2 * _noise()
    left = np.angle(adaptive_filter(noisy, _coherence(0.8), 1.0) * fringes.conj())[8:-8, 8:-8]
    assert left.std() < 0.4 * np.angle(noisy * fringes.conj()).std()
    assert abs(left.mean()) < 0.01


def test_a_stronger_filter_takes_more() -> None:
    noisy = _fringes(0.3) + 0.3 * _noise()
    scatter = [
        np.angle(adaptive_filter(noisy, _coherence(0.8), strength) * _fringes(0.3).conj()).std()
        for strength in (0.0, 0.3, 0.6, 1.0)
    ]
    assert np.all(np.diff(scatter) < 0)


def test_noise_without_coherence_stays_white() -> None:
    noise = _noise()
    coherence = _coherence(0.0)
    assert np.array_equal(adaptive_filter(noise, coherence, 1.0), noise)
    coherence[:, :60] = 0.9  # pieces of the filter reach across the coast
    z = adaptive_filter(noise, coherence, 1.0)[:, 64:]
    z /= np.abs(z)
    assert abs((z[:, 1:] * z[:, :-1].conj()).mean()) < 0.02


@settings(max_examples=15)
@given(st.integers(1, 70), st.integers(1, 70))
def test_the_pieces_of_the_filter_add_up_at_any_size(rows: int, columns: int) -> None:
    flat = np.full((rows, columns), 1 + 1j, dtype=np.complex64)
    coherence = np.ones((rows, columns), dtype=np.float32)
    filtered = adaptive_filter(flat, coherence, 1e-6)
    assert filtered.shape == (rows, columns)
    assert filtered.dtype == np.complex64
    np.testing.assert_allclose(filtered, flat, atol=1e-4)


def test_strength_0_changes_nothing() -> None:
    noise = _noise()
    assert adaptive_filter(noise, _coherence(0.9), 0.0) is noise
