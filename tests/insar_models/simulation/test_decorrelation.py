import numpy as np
import pytest
from numpy.typing import NDArray

from insar_models.phase import wrap
from insar_models.simulation.decorrelation import (
    estimated_coherence,
    fringe_rate_coherence,
    noisy_phase,
    radar_cells,
)
from insar_models.simulation.geometry import GroundGrid, LineOfSight

GRID = GroundGrid(west=-22.6, north=64.2, step_degrees=0.001, width=300, height=250)
CELLS = radar_cells(GRID, LineOfSight(-168.0, 39.0))


def _coherence(value: float) -> NDArray[np.float32]:
    return np.full(GRID.shape, value, dtype=np.float32)


def _noise(value: float, seed: int = 1) -> NDArray[np.float32]:
    """Phase noise round a phase of 2 rad."""
    truth = np.full(GRID.shape, 2.0)
    phase = noisy_phase(truth, _coherence(value), CELLS, np.random.default_rng(seed))
    return wrap(phase - np.float32(2.0))


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


@pytest.mark.parametrize(("coherence", "least", "most"), [(0.15, 0.1, 0.35), (0.3, 0.03, 0.1)])
def test_the_filtered_phase_scatters_as_in_real_frames(
    coherence: float, least: float, most: float
) -> None:
    assert least < _noise(coherence)[5:-5, 5:-5].std() < most


def test_noise_falls_with_coherence_and_has_no_bias() -> None:
    scatter = [_noise(value)[5:-5, 5:-5].std() for value in (0.1, 0.2, 0.4, 0.7, 0.95)]
    assert np.all(np.diff(scatter) < 0)
    assert abs(_noise(0.4).mean()) < 0.01


def test_the_filter_keeps_fringes() -> None:
    ramp = np.cumsum(np.full(GRID.shape, 0.5), axis=1)
    phase = noisy_phase(ramp, _coherence(0.9), CELLS, np.random.default_rng(0))
    left = np.exp(1j * (phase - ramp))[5:-5, 5:-5]
    assert abs(left.mean()) > 0.99


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
    phase = np.broadcast_to(columns, GRID.shape)
    left = fringe_rate_coherence(phase, GRID.spacing_m, CELLS)
    np.testing.assert_allclose(left, expected, atol=1e-5)
