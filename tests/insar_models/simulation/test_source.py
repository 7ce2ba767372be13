import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.simulation import source
from insar_models.simulation.geometry import GroundGrid
from insar_models.simulation.source import (
    OpeningHistory,
    VerticalDyke,
    crack_displacement,
    dyke_displacement_m,
)

GRID = GroundGrid(west=-0.2, north=0.2, step_degrees=0.004, width=101, height=101)
MIDDLE = GRID.west + GRID.step_degrees * GRID.width / 2
DYKE = VerticalDyke(
    longitude=MIDDLE,
    latitude=GRID.north - GRID.step_degrees * GRID.height / 2,
    strike_degrees=0.0,
    length_m=9_000.0,
    top_m=1_000.0,
    bottom_m=6_000.0,
    opening_m=1.0,
)
HISTORY = OpeningHistory(dt.date(2021, 2, 24), dt.date(2021, 3, 19), 9.0)

metres = st.floats(-20_000, 20_000)
depths = st.floats(500, 10_000)


@given(metres, metres, depths)
def test_three_cracks_at_right_angles_are_a_centre_of_dilation(
    x: float, y: float, depth: float
) -> None:
    # Independent of the coded formulas: the sum of three orthogonal cracks is isotropic, and a
    # centre of dilation in a half-space of Poisson's ratio 1/4 moves the ground by
    # 5 / (4 pi) (x, y, d) / R^3; the horizontal crack alone by 3 d^2 / (2 pi) (x, y, d) / R^5.
    radius = math.sqrt(x * x + y * y + depth * depth)
    place = np.array([x, y, depth])
    first = np.array(crack_displacement(np.array(x), np.array(y), depth))
    along, across, up = crack_displacement(np.array(y), np.array(-x), depth)
    second = np.array([-across, along, up])
    horizontal = 3 * depth**2 / (2 * math.pi) * place / radius**5
    expected = 5 / (4 * math.pi) * place / radius**3
    np.testing.assert_allclose(first + second + horizontal, expected, rtol=1e-6, atol=1e-17)


@given(metres, metres, depths)
def test_a_crack_moves_the_ground_symmetrically(x: float, y: float, depth: float) -> None:
    along, across, up = crack_displacement(np.array([x, -x, x]), np.array([y, y, -y]), depth)
    np.testing.assert_allclose(along, along[0] * np.array([1, -1, 1]))
    np.testing.assert_allclose(across, across[0] * np.array([1, 1, -1]))
    np.testing.assert_allclose(up, up[0])


@pytest.mark.parametrize("bearing", [0.0, 40.0, 90.0])
def test_far_away_displacement_falls_with_the_square_of_distance(bearing: float) -> None:
    reach_m = np.array([200_000.0, 400_000.0])
    x, y = (reach_m * turn(math.radians(bearing)) for turn in (math.sin, math.cos))
    near, far = np.linalg.norm(crack_displacement(x, y, 2_000.0), axis=0)
    assert near / far == pytest.approx(4.0, rel=0.05)


def test_a_dyke_from_south_to_north_pushes_east_and_west() -> None:
    east, north, up = dyke_displacement_m(DYKE, GRID)
    middle = GRID.height // 2
    assert np.all(east[middle, middle + 1 :] > 0)
    assert np.all(east[middle, :middle] < 0)
    np.testing.assert_allclose(east, -east[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(up, up[::-1], atol=1e-12)
    np.testing.assert_allclose(north, -north[::-1], atol=1e-12)
    # Two shoulders rise beside a trough over the dyke.
    assert up[middle, middle] < up[middle].max() / 2


def test_turning_the_dyke_turns_the_displacement() -> None:
    east_n, north_n, up_n = dyke_displacement_m(DYKE, GRID)
    east_e, north_e, up_e = dyke_displacement_m(replace(DYKE, strike_degrees=90.0), GRID)
    # At the equator a pixel is square: the picture turns clockwise by 90 degrees.
    np.testing.assert_allclose(up_e, np.rot90(up_n, -1), atol=1e-6)
    np.testing.assert_allclose(east_e, np.rot90(north_n, -1), atol=1e-6)
    np.testing.assert_allclose(north_e, -np.rot90(east_n, -1), atol=1e-6)


def test_far_away_only_the_volume_of_the_dyke_counts() -> None:
    far = GroundGrid(west=3.0, north=0.5, step_degrees=0.1, width=10, height=10)
    dyke = replace(DYKE, longitude=0.0, latitude=0.0)
    whole = np.linalg.norm(dyke_displacement_m(dyke, far), axis=0)
    east, north = far.metres_from(0.0, 0.0)
    lone = dyke.volume_m3 * np.linalg.norm(
        np.stack(np.broadcast_arrays(*crack_displacement(north, east, 3_500.0))), axis=0
    )
    np.testing.assert_allclose(whole, lone, rtol=0.03)


def test_finer_elements_hardly_change_the_displacement(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = dyke_displacement_m(DYKE, GRID)
    monkeypatch.setattr(source, "_DEPTH_RATIO", 1.1)
    fine = dyke_displacement_m(DYKE, GRID)
    assert np.abs(fine - coarse).max() < 0.03 * np.abs(fine).max()


def test_closing_is_opening_backwards() -> None:
    closing = dyke_displacement_m(replace(DYKE, opening_m=-1.0), GRID)
    np.testing.assert_allclose(closing, -dyke_displacement_m(DYKE, GRID))


@pytest.mark.parametrize(
    "wrong", [{"top_m": 0.0}, {"top_m": 7_000.0}, {"length_m": -1.0}, {"bottom_m": -5.0}]
)
def test_an_impossible_dyke_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="depth"):
        replace(DYKE, **wrong)


def test_the_intrusion_starts_slows_down_and_stops() -> None:
    days = [dt.date(2021, 2, 12) + dt.timedelta(days=number) for number in range(60)]
    reached = np.array([HISTORY.fraction(day) for day in days])
    assert HISTORY.fraction(dt.date(2021, 2, 24)) == 0.0
    assert HISTORY.fraction(dt.date(2021, 3, 19)) == 1.0
    assert np.all(reached[:13] == 0.0)
    assert np.all(reached[35:] == 1.0)
    rates = np.diff(reached[12:36])
    assert np.all(rates > 0)
    assert np.all(np.diff(rates) < 0)


@pytest.mark.parametrize(
    "wrong", [{"stop": dt.date(2021, 2, 24)}, {"decay_days": 0.0}, {"decay_days": -3.0}]
)
def test_an_impossible_history_is_refused(wrong: dict[str, object]) -> None:
    values: dict[str, object] = {"start": HISTORY.start, "stop": HISTORY.stop, "decay_days": 9.0}
    with pytest.raises(BadInputError, match="intrusion from"):
        OpeningHistory(**(values | wrong))  # type: ignore[arg-type]  # mixed on purpose
