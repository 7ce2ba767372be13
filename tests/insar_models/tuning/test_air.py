"""Air for tuning: it follows the relief, the weather, the cone, at the size that was asked for."""

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.patchfile.air_file import Air
from insar_models.tuning.air import AirMaker
from tests.insar_models.small_windows import hills_and_weather

RNG = np.random.default_rng


def test_stratified_air_follows_heights_with_either_sign() -> None:
    maker = AirMaker(hills_and_weather(), 56)
    fields = [maker.stratified((1.0, 4.0), RNG(seed)) for seed in range(40)]
    spreads = np.array([field.std() for field in fields])
    assert spreads.max() <= 4.001
    assert spreads.max() > 2.0
    # A cone is a spike: its delay leans to one side, to either of them over many draws.
    leans = np.array([((f - f.mean()) ** 3).mean() for f in fields if f.std() >= 0.99])
    assert (leans > 0).any()
    assert (leans < 0).any()
    assert np.allclose([field.mean() for field in fields], 0.0, atol=1e-3)


def test_weather_is_the_difference_of_two_dates() -> None:
    maker = AirMaker(hills_and_weather(), 56)
    for seed in range(8):
        field = maker.weather(RNG(seed))
        down, right = np.abs(np.diff(field, axis=0)), np.abs(np.diff(field, axis=1))
        slope, other = (down, right) if down.mean() > right.mean() else (right, down)
        assert other.max() < 0.3 * slope.mean()
    # 30 mm of zenith delay over 400 pixels, two-way, slanted: no more than two cycles in a cut.
    assert np.ptp(field) < 30


def test_cones_have_a_top() -> None:
    maker = AirMaker(Air({}, {}, ""), 56)
    for seed in range(8):
        field = maker.cones((5.0, 10.0), RNG(seed))
        assert 4.0 < np.ptp(field) < 21.0
    assert not maker.has_relief
    assert not maker.has_delays


def test_the_same_draws_give_the_same_air() -> None:
    maker = AirMaker(hills_and_weather(), 56)
    for draw in (
        lambda g: maker.stratified((1, 2), g),
        maker.weather,
        lambda g: maker.cones((1, 2), g),
    ):
        assert np.array_equal(draw(RNG(3)), draw(RNG(3)))


def test_small_fields_are_refused() -> None:
    with pytest.raises(BadInputError, match="'tile' of shape \\(100, 400\\) is too small"):
        AirMaker(Air({"tile": np.zeros((100, 400), np.int16)}, {}, ""), 56)
    with pytest.raises(BadInputError, match="two dates"):
        AirMaker(Air({}, {"one": np.zeros((1, 400, 400), np.int16)}, ""), 56)
