import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.simulation.atmosphere import (
    Turbulence,
    lasting_parts,
    strength_m,
    two_slope_field,
)
from insar_models.simulation.random_fields import power_law_field

SHAPE = (512, 512)
SPACING_M = (100.0, 100.0)


def fitted_slope(
    make: Callable[[np.random.Generator], NDArray[np.float32]], longest_m: float, shortest_m: float
) -> float:
    """Exponent of the mean power spectrum of eight fields between two wavelengths."""
    taper = np.outer(np.hanning(SHAPE[0]), np.hanning(SHAPE[1]))  # the field is not periodic
    power = np.zeros(SHAPE)
    for seed in range(8):
        power += np.abs(np.fft.fft2(make(np.random.default_rng(seed)) * taper)) ** 2
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(side, 100.0) for side in SHAPE)))
    band = (frequency > 1 / longest_m) & (frequency < 1 / shortest_m)
    # The mean power of rings of equal width in the logarithm: each scale counts alike.
    ring = np.floor(8 * np.log(frequency[band])).astype(int)
    rings = np.unique(ring)
    means = [power[band][ring == number].mean() for number in rings]
    places = [np.log(frequency[band][ring == number]).mean() for number in rings]
    return float(np.polyfit(places, np.log(means), 1)[0])


@pytest.mark.parametrize(
    ("longest_m", "shortest_m", "slope"), [(25_000, 6_000, -8 / 3), (2_500, 400, -11 / 3)]
)
def test_the_spectrum_has_its_two_slopes(longest_m: float, shortest_m: float, slope: float) -> None:
    turbulence = Turbulence(break_m=4_000.0, outer_m=50_000.0)
    found = fitted_slope(
        lambda generator: two_slope_field(turbulence, SHAPE, SPACING_M, generator),
        longest_m,
        shortest_m,
    )
    assert found == pytest.approx(slope, abs=0.2)


@pytest.mark.parametrize("exponent", [2.2, 3.2])
def test_hills_have_the_slope_that_is_asked_for(exponent: float) -> None:
    found = fitted_slope(
        lambda generator: power_law_field(exponent, SHAPE, SPACING_M, generator), 20_000, 500
    )
    assert found == pytest.approx(-exponent, abs=0.15)


def test_the_variance_is_one_over_many_fields() -> None:
    fields = [
        two_slope_field(Turbulence(), (300, 300), SPACING_M, np.random.default_rng(seed))
        for seed in range(40)
    ]
    assert np.mean(np.square(fields)) == pytest.approx(1.0, abs=0.2)
    assert all(field.dtype == np.float32 and field.shape == (300, 300) for field in fields)


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


def test_the_same_generator_gives_the_same_field_and_another_another() -> None:
    first, again, other = (
        two_slope_field(Turbulence(), (60, 80), SPACING_M, np.random.default_rng(seed))
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


def test_days_differ_in_strength_round_a_median() -> None:
    generator = np.random.default_rng(0)
    drawn = [strength_m(Turbulence(typical_m=0.004, spread=0.5), generator) for _ in range(4_000)]
    assert np.median(drawn) == pytest.approx(0.004, rel=0.05)
    assert np.log(drawn).std() == pytest.approx(0.5, rel=0.05)
    assert strength_m(Turbulence(typical_m=0.0), generator) == 0.0


@given(st.dates(dt.date(1991, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 30))
def test_neighbouring_dates_share_a_slow_field_and_far_ones_none(day: dt.date, apart: int) -> None:
    turbulence = Turbulence(lasting_share=0.5, lasting_days=30.0)
    here = dict(lasting_parts(turbulence, day))
    near = dict(lasting_parts(turbulence, day + dt.timedelta(apart)))
    far = dict(lasting_parts(turbulence, day + dt.timedelta(61)))
    assert math.hypot(*here.values()) == pytest.approx(1.0)
    assert set(here) & set(near)
    assert not set(here) & set(far)
    assert min(here) >= 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"typical_m": -0.001},
        {"typical_m": math.nan},
        {"spread": -1.0},
        {"break_m": 0.0},
        {"break_m": 60_000.0},
        {"lasting_share": 1.5},
        {"lasting_days": 0.0},
    ],
)
def test_impossible_turbulence_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match=r"[Tt]urbulence"):
        replace(Turbulence(), **wrong)
