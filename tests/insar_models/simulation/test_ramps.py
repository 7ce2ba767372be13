import numpy as np
import pytest

from fringewatch.errors import BadInputError
from fringewatch.numbers import FRINGE_M
from insar_models.simulation.ramps import OrbitError, orbit_ramp_m

SPACING_M = (100.0, 50.0)


def _ramp(orbit: OrbitError, seed: int) -> np.ndarray:
    return orbit_ramp_m(orbit, (40, 60), SPACING_M, np.random.default_rng(seed))


def test_it_is_a_plane() -> None:
    ramp = _ramp(OrbitError(3.0), 1).astype(np.float64)
    assert ramp.shape == (40, 60)
    assert np.abs(np.diff(ramp, 2, axis=0)).max() < 1e-8
    assert np.abs(np.diff(ramp, 2, axis=1)).max() < 1e-8


@pytest.mark.parametrize("axis", [0, 1])
def test_slopes_have_the_spread_that_is_asked_for(axis: int) -> None:
    orbit = OrbitError(fringes_per_100_km=2.0, offset_fringes=0.0)
    slopes = [
        np.diff(_ramp(orbit, seed), axis=axis)[0, 0] / SPACING_M[axis] for seed in range(1_000)
    ]
    assert np.std(slopes) * 100_000 / FRINGE_M == pytest.approx(2.0, rel=0.08)


def test_the_offset_can_be_any_phase() -> None:
    offsets = [_ramp(OrbitError(0.0), seed)[0, 0] / FRINGE_M for seed in range(500)]
    assert min(offsets) < 0.02
    assert 0.98 < max(offsets) <= 1.0


def test_without_errors_there_is_nothing() -> None:
    assert np.all(_ramp(OrbitError(0.0, 0.0), 3) == 0)


@pytest.mark.parametrize("wrong", [(-1.0, 0.0), (0.0, -1.0), (float("nan"), 0.0)])
def test_an_impossible_orbit_error_is_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(BadInputError, match="OrbitError"):
        OrbitError(*wrong)
