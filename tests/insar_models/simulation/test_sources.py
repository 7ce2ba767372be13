import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.sources import (
    Dyke,
    Mogi,
    Rectangle,
    Sill,
    Source,
    displacement_m,
    range_change_m,
)

# Odd sides: the middle pixel lies at longitude and latitude 0, where metres are the same both ways.
GRID = GroundGrid(west=-0.2025, north=0.2025, step_degrees=0.005, width=81, height=81)
MIDDLE = 40
MOGI = Mogi(0.0, 0.0, 3_000.0, 4e6)
FAULT = Rectangle(0.0, 0.0, 1_000.0, 30.0, 60.0, 5_000.0, 3_000.0, dip_slip_m=1.0)

places = st.floats(-0.1, 0.1)
strikes = st.floats(-360, 360)
rectangles = st.builds(
    Rectangle,
    longitude=places,
    latitude=places,
    top_m=st.floats(200, 8_000),
    strike_degrees=strikes,
    dip_degrees=st.floats(0, 90),
    length_m=st.floats(500, 10_000),
    width_m=st.floats(500, 10_000),
    opening_m=st.floats(0.05, 2.0),
)
points = st.builds(Mogi, places, places, st.floats(500, 10_000), st.floats(1e5, 1e7))


def _peak_place(up: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(int(np.abs(up).argmax()), up.shape)
    return int(row), int(column)


@given(points, st.integers(-8, 8), st.integers(-8, 8))
def test_a_source_takes_its_field_along(source: Source, down: int, right: int) -> None:
    moved = replace(
        source,
        longitude=source.longitude + right * GRID.step_degrees,
        latitude=source.latitude - down * GRID.step_degrees,
    )
    first, second = displacement_m(source, GRID), displacement_m(moved, GRID)
    np.testing.assert_allclose(
        second[:, 10 + down : 70 + down, 10 + right : 70 + right],
        first[:, 10:70, 10:70],
        rtol=1e-6,
        atol=1e-9,
    )


def test_a_point_raises_the_ground_above_it_and_pushes_it_outwards() -> None:
    east, north, up = displacement_m(MOGI, GRID)
    assert _peak_place(up) == (MIDDLE, MIDDLE)
    assert up[MIDDLE, MIDDLE] == pytest.approx(0.75 * 4e6 / (math.pi * 3_000.0**2))
    assert east[MIDDLE, MIDDLE + 5] > 0 > east[MIDDLE, MIDDLE - 5]
    assert north[MIDDLE - 5, MIDDLE] > 0 > north[MIDDLE + 5, MIDDLE]


def test_a_rectangle_dips_to_the_right_of_its_strike() -> None:
    # It strikes north: a thrust raises the ground in the east, the side to which it dips.
    fault = replace(FAULT, strike_degrees=0.0)
    _, _, up = displacement_m(fault, GRID)
    row, column = _peak_place(up)
    assert up[row, column] > 0
    assert column > MIDDLE
    # It strikes east, and so dips to the south, which is down in the picture.
    turned = displacement_m(replace(fault, strike_degrees=90.0), GRID)
    np.testing.assert_allclose(turned[2], np.rot90(up, -1), atol=1e-9)


def test_left_lateral_slip_moves_the_far_side_to_the_left() -> None:
    # Strike north, upright: seen from the west, the east moves to the left, which is north.
    fault = Rectangle(0.0, 0.0, 500.0, 0.0, 90.0, 9_000.0, 5_000.0, strike_slip_m=1.0)
    _, north, _ = displacement_m(fault, GRID)
    assert north[MIDDLE, MIDDLE + 2] > 0.1
    assert north[MIDDLE, MIDDLE - 2] < -0.1


@given(rectangles)
def test_a_rectangle_turned_by_half_a_turn_mirrors_its_field(source: Rectangle) -> None:
    source = replace(source, longitude=0.0, latitude=0.0)
    turned = replace(source, strike_degrees=(source.strike_degrees + 180.0) % 360.0)
    east, north, up = displacement_m(source, GRID)
    expected = np.stack((-east, -north, up))[:, ::-1, ::-1]
    np.testing.assert_allclose(displacement_m(turned, GRID), expected, rtol=1e-5, atol=1e-8)


@given(rectangles | points, st.floats(-170, 170), st.floats(20, 50))
def test_range_grows_against_the_line_of_sight(
    source: Source, heading: float, incidence: float
) -> None:
    sight = LineOfSight(heading, incidence)
    east, north, up = displacement_m(source, GRID)
    to_east, to_north, upwards = sight.unit_vector
    expected = -(to_east * east + to_north * north + upwards * up)
    np.testing.assert_allclose(range_change_m(source, GRID, sight), expected, atol=1e-12)


def test_uplift_comes_nearer_to_the_satellite() -> None:
    assert range_change_m(MOGI, GRID, LineOfSight(-168.0, 39.0)).min() < -0.05


def test_a_dyke_reaches_from_depth_to_depth() -> None:
    leaning = Dyke(-22.2, 63.9, 1_000.0, 5_000.0, 37.0, 9_000.0, 0.95, 60.0).rectangle()
    assert leaning.top_m == 1_000.0
    assert leaning.width_m * math.sin(math.radians(60.0)) == pytest.approx(4_000.0)
    assert (leaning.strike_degrees, leaning.dip_degrees) == (37.0, 60.0)
    upright = Dyke(-22.2, 63.9, 1_000.0, 5_000.0, 37.0, 9_000.0, 0.95).rectangle()
    assert upright.volume_m3 == pytest.approx(0.95 * 9_000.0 * 4_000.0)


@given(st.floats(0, 360), st.floats(0, 20))
def test_a_sill_lies_round_its_middle(strike: float, dip: float) -> None:
    flat = Sill(0.0, 0.0, 3_000.0, 2_000.0, 4_000.0, 0.5, strike, dip).rectangle()
    middle_m = flat.top_m + flat.width_m / 2 * math.sin(math.radians(dip))
    assert middle_m == pytest.approx(3_000.0)
    # It leans to the right of its strike, and so does the ground's rise: by less than the depth.
    row, column = _peak_place(displacement_m(flat, GRID)[2])
    aside = GRID.spacing_m[0] * math.hypot(row - MIDDLE, column - MIDDLE)
    assert aside <= 3_000.0 * math.tan(math.radians(dip)) + 800.0


def test_a_flat_sill_raises_the_ground_evenly_round_its_middle() -> None:
    flat = Sill(0.0, 0.0, 3_000.0, 4_000.0, 2_000.0, 0.5, 20.0)
    _, _, up = displacement_m(flat.rectangle(), GRID)
    np.testing.assert_allclose(up, up[::-1, ::-1], rtol=1e-3)


def test_a_sill_far_north_still_lies_round_its_middle() -> None:
    grid = GroundGrid(west=-0.2025, north=64.2025, step_degrees=0.005, width=81, height=81)
    flat = Sill(0.0, 64.0, 3_000.0, 4_000.0, 2_000.0, 0.5)
    _, _, up = displacement_m(flat.rectangle(), grid)
    np.testing.assert_allclose(up, up[:, ::-1], rtol=1e-3)


def test_a_grid_may_reach_over_the_date_line() -> None:
    # Taveuni lies at 179.97 degrees west; windows round it begin east of it.
    grid = replace(GRID, west=GRID.west + 179.97)
    here = displacement_m(replace(MOGI, longitude=179.97), grid)
    there = displacement_m(replace(MOGI, longitude=-179.97), replace(grid, west=grid.west + 0.06))
    np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-10)


def test_a_sill_may_lie_on_the_date_line() -> None:
    flat = Sill(-180.0, 0.0, 3_000.0, 2_000.0, 4_000.0, 0.5).rectangle()
    assert flat.longitude == pytest.approx(180.0 - 2_000.0 / 111_195.0, abs=1e-4)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("depth_m", 0.0),
        ("depth_m", -500.0),
        ("depth_m", math.nan),
        ("depth_m", 1e9),
        ("depth_m", "3 km"),
        ("volume_m3", math.inf),
        ("volume_m3", 0.0),
        ("volume_m3", True),
        ("longitude", 190.0),
        ("latitude", -90.5),
    ],
)
def test_an_impossible_point_is_refused(key: str, value: Any) -> None:
    with pytest.raises(BadInputError, match=f"Mogi: {key}={value}|Mogi: {key}='3 km'|{key}=0 "):
        replace(MOGI, **{key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("top_m", 0.0),
        ("top_m", -1.0),
        ("dip_degrees", -0.1),
        ("dip_degrees", 90.1),
        ("dip_degrees", math.nan),
        ("strike_degrees", 361.0),
        ("length_m", 0.0),
        ("width_m", -3.0),
        ("opening_m", math.inf),
        ("strike_slip_m", math.nan),
        ("dip_slip_m", 1e7),
        ("longitude", math.nan),
        ("latitude", 91.0),
    ],
)
def test_an_impossible_rectangle_is_refused(key: str, value: float) -> None:
    with pytest.raises(BadInputError, match=f"Rectangle: {key}={value}"):
        replace(FAULT, **{key: value})


def test_a_rectangle_that_does_nothing_is_refused() -> None:
    with pytest.raises(BadInputError, match="opening_m, strike_slip_m, dip_slip_m are all 0"):
        replace(FAULT, dip_slip_m=0.0)


@pytest.mark.parametrize(
    ("depths", "dip", "named"),
    [
        ((1_000.0, 1_000.0), 90.0, "bottom_m=1000.0"),
        ((1_000.0, math.nan), 90.0, "bottom_m=nan"),
        ((-10.0, 1_000.0), 90.0, "top_m=-10.0"),
        ((1_000.0, 2_000.0), 0.0, "dip_degrees=0.0"),
    ],
)
def test_an_impossible_dyke_is_refused(depths: tuple[float, float], dip: float, named: str) -> None:
    with pytest.raises(BadInputError, match=f"Dyke: {named}"):
        Dyke(0.0, 0.0, *depths, 0.0, 1_000.0, 1.0, dip)


def test_a_sill_that_leans_out_of_the_ground_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"dip of 37 degrees at depth_m=500 raise"):
        Sill(0.0, 0.0, 500.0, 2_000.0, 3_000.0, 0.5, 0.0, 37.0)
    with pytest.raises(BadInputError, match=r"Sill: depth_m=0.0"):
        Sill(0.0, 0.0, 0.0, 2_000.0, 3_000.0, 0.5)
    with pytest.raises(BadInputError, match=r"Sill: width_m=0.0"):
        Sill(0.0, 0.0, 500.0, 2_000.0, 0.0, 0.5)
