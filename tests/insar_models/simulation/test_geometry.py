import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid, LineOfSight, inside

ICELAND = GroundGrid(west=-22.6, north=64.2, step_degrees=0.001, width=700, height=600)


def test_a_pixel_at_64_degrees_north_is_twice_as_high_as_wide() -> None:
    north_m, east_m = ICELAND.spacing_m
    assert north_m == pytest.approx(111.2, abs=0.1)
    assert east_m == pytest.approx(111.2 * math.cos(math.radians(63.9)), abs=0.1)


def test_metres_grow_to_the_east_and_to_the_north() -> None:
    east, north = ICELAND.metres_from(-22.25, 63.9)
    assert east.shape == (1, 700)
    assert north.shape == (600, 1)
    assert np.all(np.diff(east) > 0)
    assert np.all(np.diff(north, axis=0) < 0)
    assert abs(east[0, 349] + east[0, 350]) < 1e-6
    assert abs(north[299, 0] + north[300, 0]) < 1e-6


@pytest.mark.parametrize(("width", "height", "step"), [(0, 5, 0.1), (5, -1, 0.1), (5, 5, 0.0)])
def test_a_grid_without_area_is_refused(width: int, height: int, step: float) -> None:
    with pytest.raises(BadInputError, match="give a "):
        GroundGrid(0.0, 0.0, step, width, height)


@given(st.floats(-180, 180), st.floats(20, 50))
def test_the_line_of_sight_is_a_unit_vector_at_its_incidence(
    heading: float, incidence: float
) -> None:
    east, north, up = LineOfSight(heading, incidence).unit_vector
    assert math.hypot(east, north, up) == pytest.approx(1.0)
    assert math.degrees(math.acos(up)) == pytest.approx(incidence)
    # Across the flight: the horizontal part has no share along the heading.
    along = east * math.sin(math.radians(heading)) + north * math.cos(math.radians(heading))
    assert along == pytest.approx(0.0, abs=1e-12)


def test_a_descending_satellite_stands_in_the_east_and_an_ascending_one_in_the_west() -> None:
    descending = LineOfSight(-168.0, 39.0).unit_vector
    ascending = LineOfSight(-12.0, 39.0).unit_vector
    assert descending[0] > 0.5
    assert ascending[0] < -0.5
    assert descending[1] < 0
    assert ascending[1] < 0


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_inside_agrees_with_a_rectangle(x: float, y: float) -> None:
    rectangle = ((-1.0, -2.0), (1.0, -2.0), (1.0, 2.0), (-1.0, 2.0))
    on_edge = abs(x) == 1.0 or abs(y) == 2.0
    expected = abs(x) < 1.0 and abs(y) < 2.0
    assert on_edge or bool(inside(rectangle, np.array(x), np.array(y))) == expected


def test_inside_knows_a_bay() -> None:
    horseshoe = ((0, 0), (5, 0), (5, 5), (4, 5), (4, 1), (1, 1), (1, 5), (0, 5))
    x = np.array([0.5, 2.5, 4.5, 2.5])
    y = np.array([3.0, 3.0, 3.0, 0.5])
    assert inside(horseshoe, x, y).tolist() == [True, False, True, True]


def test_an_outline_needs_three_corners() -> None:
    with pytest.raises(BadInputError, match="2 corners"):
        inside(((0, 0), (1, 1)), np.zeros(1), np.zeros(1))
