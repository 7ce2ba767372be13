import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insar_models.simulation.mogi import mogi_displacement
from insar_models.simulation.okada import Plane, Slip, rectangle_displacement

metres = st.floats(-20_000, 20_000)
depths = st.floats(500, 15_000)
volumes = st.floats(1e5, 1e8)


def _crack(
    east_m: float, north_m: float, depth_m: float, strike_degrees: float, dip_degrees: float
) -> np.ndarray:
    """East, north, up of a square of 2 m that opens by 0.25 m, its middle below the origin."""
    strike, dip = np.radians(strike_degrees), np.radians(dip_degrees)
    along = east_m * np.sin(strike) + north_m * np.cos(strike)
    left = north_m * np.sin(strike) - east_m * np.cos(strike)
    plane = Plane(depth_m + np.sin(dip), dip_degrees, 2.0, 2.0)
    moved_along, moved_left, up = rectangle_displacement(
        along + 1.0, left + np.cos(dip), plane, Slip(opening_m=0.25)
    )
    return np.array(
        [
            moved_along * np.sin(strike) - moved_left * np.cos(strike),
            moved_along * np.cos(strike) + moved_left * np.sin(strike),
            up,
        ]
    )


@pytest.mark.parametrize(
    ("east", "north", "depth"),
    [(0.0, 0.0, 1_000.0), (700.0, -1_300.0, 2_000.0), (-5_000.0, 400.0, 3_000.0)],
)
def test_a_swelling_point_is_three_small_cracks_at_right_angles(
    east: float, north: float, depth: float
) -> None:
    # Each crack has the potency 1 m3; a sphere that swells by dV acts like three cracks of
    # (1 - nu) / (1 + nu) dV = 0.6 dV each.
    cracks = (
        _crack(east, north, depth, 0.0, 0.0)
        + _crack(east, north, depth, 30.0, 90.0)
        + _crack(east, north, depth, 120.0, 90.0)
    )
    expected = mogi_displacement(east, north, depth, 1 / 0.6)
    np.testing.assert_allclose(cracks, expected, rtol=3e-5, atol=1e-5 * np.abs(expected).max())


def test_a_swelling_point_has_its_closed_form_above_and_aside() -> None:
    # Above: (1 - nu) dV / (pi d^2). As far aside as deep: 2^-1.5 of it, outwards and up alike.
    above, aside = np.moveaxis(
        mogi_displacement(np.array([0.0, 3_000.0]), 0.0, 3_000.0, 4e6), -1, 0
    )
    peak = 0.75 * 4e6 / (math.pi * 3_000.0**2)
    np.testing.assert_allclose(above, [0.0, 0.0, peak])
    np.testing.assert_allclose(aside, [peak / 2**1.5, 0.0, peak / 2**1.5])


@pytest.mark.parametrize("poisson_ratio", [0.0, 0.25, 0.5])
def test_the_raised_volume_follows_poissons_ratio(poisson_ratio: float) -> None:
    # The ground's volume is 2 (1 - nu) dV; u_z is integrated over rings out to 1,000 depths.
    edges = np.concatenate(([0.0], np.geomspace(1.0, 1e6, 4_000)))
    radius = (edges[1:] + edges[:-1]) / 2
    area = math.pi * np.diff(edges**2)
    up = mogi_displacement(radius, 0.0, 1_000.0, 1e6, poisson_ratio=poisson_ratio)[2]
    assert (up * area).sum() == pytest.approx(2 * (1 - poisson_ratio) * 1e6, rel=2e-3)


@given(metres, metres, depths, volumes)
def test_a_swelling_point_looks_the_same_from_all_sides(
    east: float, north: float, depth: float, volume: float
) -> None:
    first = mogi_displacement(east, north, depth, volume)
    turned = mogi_displacement(-north, east, depth, volume)
    np.testing.assert_allclose(turned, [-first[1], first[0], first[2]])
    assert first[2] > 0
    np.testing.assert_allclose(mogi_displacement(east, north, depth, -volume), -first)


def test_many_points_are_computed_at_once() -> None:
    depths_m = np.array([1_000.0, 2_000.0, 5_000.0])[:, None, None]
    east, north = np.linspace(-3e3, 3e3, 5)[None, None, :], np.linspace(-2e3, 2e3, 4)[None, :, None]
    moved = mogi_displacement(east, north, depths_m, 1e6)
    assert moved.shape == (3, 3, 4, 5)
    np.testing.assert_allclose(
        moved[:, 1, 2, 3], mogi_displacement(east[0, 0, 3], north[0, 2, 0], 2_000.0, 1e6)
    )
