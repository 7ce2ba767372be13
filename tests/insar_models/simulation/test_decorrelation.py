import numpy as np
import pytest
from numpy.typing import NDArray

from insar_models.phase.codes import wrap
from insar_models.simulation.decorrelation import (
    PairNoise,
    estimated_coherence,
    fringe_rate_coherence,
    noisy_phasor,
    radar_cells,
    white_noise,
)
from insar_models.simulation.geometry import GroundGrid, LineOfSight

GRID = GroundGrid(west=-22.6, north=64.2, step_degrees=0.001, width=300, height=250)
SIGHT = LineOfSight(-168.0, 39.0)
CELLS = radar_cells(GRID, SIGHT)


def _coherence(value: float) -> NDArray[np.float32]:
    return np.full(GRID.shape, value, dtype=np.float32)


def _white(seed: int) -> NDArray[np.complex64]:
    return white_noise(CELLS, np.random.default_rng(seed))


def _noise(value: float, dates: tuple[int, int] = (1, 2)) -> NDArray[np.float32]:
    """Phase noise of a pair of dates round a phase of 2 rad."""
    noise = PairNoise(_white(dates[0]), _white(dates[1]), _white(100 * dates[0] + dates[1]))
    truth = np.full(GRID.shape, 2.0, dtype=np.float32)
    return wrap(np.angle(noisy_phasor(truth, _coherence(value), noise)) - np.float32(2.0))


def test_without_coherence_the_phase_is_uniform() -> None:
    counts = np.histogram(_noise(0.0), bins=16, range=(-np.pi, np.pi))[0]
    assert counts.min() > 0.9 * counts.mean()
    assert abs(np.exp(1j * _noise(0.0)).mean()) < 0.02


def test_over_sea_a_third_of_neighbours_show_the_same_cell_and_the_rest_is_white() -> None:
    phase = _noise(0.0)
    assert 0.25 < np.mean(phase[:, 1:] == phase[:, :-1]) < 0.40
    z = np.exp(1j * phase)
    assert abs((z[:, 2:] * z[:, :-2].conj()).mean()) < 0.03
    assert abs((z[1:] * z[:-1].conj()).mean()) < 0.03


def test_pixels_wider_than_a_cell_share_none() -> None:
    equator = GroundGrid(west=0.0, north=0.1, step_degrees=0.001, width=200, height=100)
    noise = white_noise(radar_cells(equator, SIGHT), np.random.default_rng(0))
    assert noise.shape == equator.shape
    assert noise.dtype == np.complex64
    assert np.unique(noise).size == noise.size
    assert noise.real.var() == pytest.approx(1.0, rel=0.03)
    assert noise.imag.var() == pytest.approx(1.0, rel=0.03)
    assert abs((noise.real * noise.imag).mean()) < 0.03


@pytest.mark.parametrize("coherence", [0.4, 0.7, 0.9])
def test_the_scatter_is_that_of_the_looks(coherence: float) -> None:
    expected = np.sqrt((1 - coherence**2) / (2 * 80 * coherence**2))
    assert _noise(coherence).std() == pytest.approx(expected, rel=0.05)
    assert abs(_noise(coherence).mean()) < 0.003


@pytest.mark.parametrize("coherence", [0.3, 0.6, 0.9])
def test_pairs_that_share_a_date_share_noise(coherence: float) -> None:
    first, second = _noise(coherence, (1, 2)).ravel(), _noise(coherence, (1, 3)).ravel()
    expected = coherence / (1 + coherence)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(expected, abs=0.03)
    chained = np.corrcoef(first, _noise(coherence, (2, 3)).ravel())[0, 1]
    assert chained == pytest.approx(-expected, abs=0.03)


@pytest.mark.parametrize("coherence", [0.5, 0.9])
def test_the_noise_of_a_loop_nearly_cancels_where_coherence_is_high(coherence: float) -> None:
    loop = _noise(coherence, (1, 2)) + _noise(coherence, (2, 3)) - _noise(coherence, (1, 3))
    # Three pairs of equal coherence: 3 (1 - c)^2 / (2 L c^2).
    expected = np.sqrt(3 / (2 * 80)) * (1 - coherence) / coherence
    assert loop.std() == pytest.approx(expected, rel=0.06)


def test_the_coherence_byte_over_sea_is_that_of_real_frames() -> None:
    estimate = estimated_coherence(_coherence(0.0), np.random.default_rng(2))
    assert estimate.min() >= 1
    np.testing.assert_allclose(np.percentile(estimate, [5, 50, 95]), [3, 8, 17], atol=1.5)


def test_the_coherence_byte_on_land_is_the_coherence() -> None:
    estimate = estimated_coherence(_coherence(0.8), np.random.default_rng(2)) / 255
    assert estimate.mean() == pytest.approx(0.8, abs=0.01)
    assert estimate.std() < 0.02


@pytest.mark.parametrize(
    ("turns", "expected"), [(0.0, 1.0), (0.5, 2 / np.pi), (1.0, 0.0), (1.7, 0.0)]
)
def test_fringes_within_a_cell_take_coherence(turns: float, expected: float) -> None:
    _, east_m = GRID.spacing_m
    columns = np.arange(GRID.width) * (2 * np.pi * turns * east_m / CELLS.width_m)
    left = fringe_rate_coherence(np.tile(columns, (GRID.height, 1)), GRID.spacing_m, CELLS)
    np.testing.assert_allclose(left, expected, atol=2e-4)
    assert left.min() >= 0
