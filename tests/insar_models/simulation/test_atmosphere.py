import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from insar_models.simulation.atmosphere import Turbulence, turbulent_delay_m, two_slope_field

SHAPE = (512, 512)
SPACING_M = (100.0, 100.0)


def _mean_power(turbulence: Turbulence) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spatial frequency (cycles per metre) and power, averaged over seeds; two flat arrays."""
    taper = np.outer(np.hanning(SHAPE[0]), np.hanning(SHAPE[1]))  # the field is not periodic
    power = np.zeros(SHAPE)
    for seed in range(8):
        field = two_slope_field(turbulence, SHAPE, SPACING_M, np.random.default_rng(seed))
        power += np.abs(np.fft.fft2(field * taper)) ** 2
    rows, columns = np.meshgrid(*(np.fft.fftfreq(side, 100.0) for side in SHAPE))
    return np.hypot(rows, columns).ravel(), power.ravel()


@pytest.mark.parametrize(
    ("longest_m", "shortest_m", "slope"), [(25_000, 6_000, -8 / 3), (2_500, 400, -11 / 3)]
)
def test_the_spectrum_has_its_two_slopes(longest_m: float, shortest_m: float, slope: float) -> None:
    frequency, power = _mean_power(Turbulence(break_m=4_000.0, outer_m=50_000.0))
    band = (frequency > 1 / longest_m) & (frequency < 1 / shortest_m)
    found = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
    assert found == pytest.approx(slope, abs=0.25)


def test_the_field_is_isotropic_on_the_ground() -> None:
    """On pixels that are twice as high as wide, equal distances in metres differ equally."""
    down, across = [], []
    for seed in range(6):
        field = two_slope_field(
            Turbulence(), (400, 800), (100.0, 50.0), np.random.default_rng(seed)
        )
        down.append((field[10:] - field[:-10]).std())
        across.append((field[:, 20:] - field[:, :-20]).std())
    assert np.mean(down) == pytest.approx(np.mean(across), rel=0.15)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(2, 90), st.integers(2, 90))
def test_the_delay_peaks_between_its_two_bounds(seed: int, rows: int, columns: int) -> None:
    delay = turbulent_delay_m(Turbulence(), (rows, columns), SPACING_M, np.random.default_rng(seed))
    assert delay.shape == (rows, columns)
    assert delay.dtype == np.float32
    assert 0.01 - 1e-6 <= np.abs(delay).max() <= 0.02 + 1e-6
    assert abs(float(delay.mean())) < 1e-5


def test_the_same_generator_gives_the_same_field_and_another_another() -> None:
    first, again, other = (
        turbulent_delay_m(Turbulence(), (60, 80), SPACING_M, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_opposite_edges_do_not_look_alike() -> None:
    """A field made by FFT is periodic; what is cut from it must not be."""
    edges = []
    for seed in range(30):
        field = two_slope_field(Turbulence(), (96, 96), SPACING_M, np.random.default_rng(seed))
        edges.append((field[0] - field[-1]).std() / (field[0] - field[1]).std())
    assert np.median(edges) > 3
