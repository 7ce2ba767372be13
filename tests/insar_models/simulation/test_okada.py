from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.simulation.okada import Plane, Slip, rectangle_displacement

STRIKE, DIP, OPENING = Slip(strike_m=1.0), Slip(dip_m=1.0), Slip(opening_m=1.0)
SLIPS = st.sampled_from((STRIKE, DIP, OPENING))

places = st.floats(-20_000, 20_000)
lengths = st.floats(100, 10_000)
tops = st.floats(100, 8_000)
dips = st.floats(0, 90)


def _plane(top_m: float, dip_degrees: float, length_m: float, width_m: float) -> Plane:
    bottom_m = top_m + width_m * np.sin(np.radians(dip_degrees))
    return Plane(bottom_m, dip_degrees, length_m, width_m)


PLANES = st.builds(_plane, tops, dips, lengths, lengths)


# Okada 1985, table 2: a rectangle of 3 x 2 of which the deeper edge (dip 70, 90), or the shallower
# one (dip -90), lies at 4; the slip is 1.
@pytest.mark.parametrize(
    ("point", "dip", "slip", "expected"),
    [
        ((2.0, 3.0), 70.0, STRIKE, (-8.689e-3, -4.298e-3, -2.747e-3)),
        ((2.0, 3.0), 70.0, DIP, (-4.682e-3, -3.527e-2, -3.564e-2)),
        ((2.0, 3.0), 70.0, OPENING, (-2.660e-4, 1.056e-2, 3.214e-3)),
        ((0.0, 0.0), 90.0, STRIKE, (0.0, 5.253e-3, 0.0)),
        ((0.0, 0.0), 90.0, DIP, (0.0, 0.0, 0.0)),
        ((0.0, 0.0), 90.0, OPENING, (1.223e-2, 0.0, -1.606e-2)),
        ((0.0, 0.0), -90.0, STRIKE, (0.0, -1.303e-3, 0.0)),
        ((0.0, 0.0), -90.0, DIP, (0.0, 0.0, 0.0)),
        ((0.0, 0.0), -90.0, OPENING, (3.507e-3, 0.0, -7.740e-3)),
    ],
)
def test_okadas_own_check_list(
    point: tuple[float, float], dip: float, slip: Slip, expected: tuple[float, float, float]
) -> None:
    moved = rectangle_displacement(*point, Plane(4.0, dip, 3.0, 2.0), slip)
    four_figures = [float(f"{part:.3e}") for part in moved]
    assert four_figures == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_two_triangles_make_the_same_rectangle() -> None:
    halfspace = pytest.importorskip("cutde.halfspace")
    generator = np.random.default_rng(7)
    for _ in range(10):
        top_m, length_m, width_m = generator.uniform((200, 500, 500), (5_000, 8_000, 8_000))
        plane = _plane(top_m, generator.uniform(1, 89), length_m, width_m)
        lean_m = width_m * np.cos(np.radians(plane.dip_degrees))
        low, high = -float(np.asarray(plane.bottom_m)), -top_m
        corners = [(0, 0, low), (length_m, 0, low), (length_m, lean_m, high), (0, lean_m, high)]
        triangles = np.array(corners)[[[0, 1, 2], [0, 2, 3]]]
        along, across = generator.uniform(-15_000, 15_000, (2, 50))
        points = np.stack((along, across, np.zeros(50)), axis=1)
        # (point, component, triangle, slip); the three slips are in the order of `Slip`.
        matrix = halfspace.disp_matrix(points, triangles, 0.25).sum(axis=2)
        for column, slip in enumerate((STRIKE, DIP, OPENING)):
            expected = matrix[:, :, column].T
            moved = rectangle_displacement(along, across, plane, slip)
            np.testing.assert_allclose(
                moved, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max()
            )


@given(places, places, PLANES, SLIPS)
@example(0.0, 0.0, Plane(4.0, -90.0, 3.0, 2.0), OPENING)  # xi = q = 0, R + eta = 0
@example(0.0, 5.0, Plane(4.0, -90.0, 3.0, 2.0), DIP)
@example(1_000.0, 0.0, Plane(1_000.0, 90.0, 1_000.0, 500.0), OPENING)  # q = 0, xi = 0
@example(-1_000.0, 0.0, Plane(1_000.0, 90.0, 1_000.0, 500.0), STRIKE)
@example(0.0, 0.0, Plane(1_000.0, 0.0, 1_000.0, 500.0), DIP)
@example(500.0, 500.0, Plane(1_000.0, 0.0, 1_000.0, 500.0), OPENING)
def test_no_point_is_singular(along: float, across: float, plane: Plane, slip: Slip) -> None:
    # Warnings are errors: neither may a division by zero be mended later.
    moved = rectangle_displacement(along, across, plane, slip)
    assert np.isfinite(moved).all()
    assert np.abs(moved).max() <= 2.0


def test_beside_a_singular_point_the_ground_moves_as_on_it() -> None:
    # R + eta is 2.5e-15 there; R and eta are 4.
    plane = Plane(4.0, -90.0, 3.0, 2.0)
    for slip in (STRIKE, DIP, OPENING):
        on, beside = (rectangle_displacement(x, x, plane, slip) for x in (0.0, 1e-7))
        np.testing.assert_allclose(beside, on, rtol=0, atol=1e-8)


@given(places, places, st.floats(1_000, 8_000), lengths, lengths, SLIPS)
def test_a_nearly_vertical_rectangle_is_nearly_the_vertical_one(
    along: float, across: float, top: float, length: float, width: float, slip: Slip
) -> None:
    upright, within, outside = (
        rectangle_displacement(along, across, _plane(top, dip, length, width), slip)
        for dip in (90.0, 90.0 - 1e-7, 89.9991)
    )
    # The general form would lose all figures at the first angle; it is used at the second, which
    # moves the lower edge by up to 0.16 m.
    np.testing.assert_allclose(within, upright, rtol=0, atol=1e-6)
    np.testing.assert_allclose(outside, upright, rtol=0, atol=1e-3)


@given(places, places, PLANES, SLIPS)
def test_the_two_halves_along_strike_move_the_ground_in_mirror_image(
    along: float, across: float, plane: Plane, slip: Slip
) -> None:
    length = float(np.asarray(plane.length_m))
    first = rectangle_displacement(along, across, plane, slip)
    mirrored = rectangle_displacement(length - along, across, plane, slip)
    sign = np.array([1, -1, -1] if slip is STRIKE else [-1, 1, 1])
    np.testing.assert_allclose(mirrored, sign * first, rtol=1e-6, atol=1e-9)


@given(places, places, PLANES, st.floats(0.1, 0.9), SLIPS)
def test_two_parts_of_a_rectangle_add_up(
    along: float, across: float, plane: Plane, share: float, slip: Slip
) -> None:
    bottom, dip, length, width = (float(np.asarray(part)) for part in plane)
    sine, cosine = np.sin(np.radians(dip)), np.cos(np.radians(dip))
    lower = plane._replace(width_m=share * width)
    upper = Plane(bottom - share * width * sine, dip, length, width - share * width)
    whole = rectangle_displacement(along, across, plane, slip)
    parts = rectangle_displacement(along, across, lower, slip) + rectangle_displacement(
        along, across - share * width * cosine, upper, slip
    )
    np.testing.assert_allclose(parts, whole, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dip", [0.0, 30.0, 60.0, 89.0, 90.0])
def test_the_raised_volume_of_an_opening_falls_with_its_dip(dip: float) -> None:
    # Of a flat sill the whole opened volume, of a dyke three quarters (Poisson's ratio 1/4;
    # Delaney and McTigue 1994, Bull. Volcanol. 56, 417-424).
    edges = np.concatenate(([0.0], np.geomspace(1.0, 1e4, 600)))
    radius = ((edges[1:] + edges[:-1]) / 2)[:, None]
    angle = np.linspace(0.0, 2 * np.pi, 60, endpoint=False)[None, :]
    area = np.pi * np.diff(edges**2)[:, None] / 60
    plane = _plane(5.0, dip, 1.0, 1.0)
    up = rectangle_displacement(radius * np.cos(angle), radius * np.sin(angle), plane, OPENING)[2]
    expected = 1 - 0.25 * np.sin(np.radians(dip)) ** 2
    assert (up * area).sum() == pytest.approx(expected, rel=3e-3)


def test_poissons_ratio_changes_what_shear_and_opening_do() -> None:
    plane = Plane(4.0, 70.0, 3.0, 2.0)
    soft, stiff = (
        rectangle_displacement(2.0, 3.0, plane, OPENING, poisson_ratio=ratio)
        for ratio in (0.25, 0.4)
    )
    assert np.abs(soft - stiff).max() > 1e-3


def test_kinds_of_slip_add_up() -> None:
    plane = Plane(4_000.0, 55.0, 3_000.0, 2_000.0)
    both = rectangle_displacement(500.0, -800.0, plane, Slip(0.3, -0.7, 1.1))
    apart = (
        0.3 * rectangle_displacement(500.0, -800.0, plane, STRIKE)
        - 0.7 * rectangle_displacement(500.0, -800.0, plane, DIP)
        + 1.1 * rectangle_displacement(500.0, -800.0, plane, OPENING)
    )
    np.testing.assert_allclose(both, apart)


def test_many_rectangles_are_computed_at_once() -> None:
    # Upright and leaning ones in one call: each goes its own way.
    dip = np.array([90.0, 45.0, 0.0])[:, None]
    bottom = np.array([4_000.0, 3_000.0, 2_000.0])[:, None]
    opening = np.array([1.0, 0.0, 2.0])[:, None]
    along = np.linspace(-3_000.0, 4_000.0, 8)
    plane = Plane(bottom, dip, 1_500.0, 1_000.0)
    moved = rectangle_displacement(along, 700.0, plane, Slip(dip_m=0.5, opening_m=opening))
    assert moved.shape == (3, 3, 8)
    for row in range(3):
        alone = rectangle_displacement(
            along,
            700.0,
            Plane(bottom[row, 0], dip[row, 0], 1_500.0, 1_000.0),
            Slip(dip_m=0.5, opening_m=opening[row, 0]),
        )
        np.testing.assert_allclose(moved[:, row], alone, rtol=1e-12)


@pytest.mark.parametrize("key", Plane._fields + Slip._fields)
def test_any_one_number_may_be_an_array(key: str) -> None:
    plane: dict[str, Any] = {
        "bottom_m": 4_000.0,
        "dip_degrees": 40.0,
        "length_m": 3_000.0,
        "width_m": 2_000.0,
    }
    slip: dict[str, Any] = {"strike_m": 1.0, "dip_m": 1.0, "opening_m": 1.0}
    for numbers in (plane, slip):
        if key in numbers:
            numbers[key] *= np.array([0.5, 1.0, 1.1])
    moved = rectangle_displacement(500.0, -800.0, Plane(**plane), Slip(**slip))
    assert moved.shape == (3, 3)
    assert len(np.unique(moved[2])) == 3


@pytest.mark.parametrize(
    "plane",
    [
        Plane(1_000.0, 90.0, 500.0, 1_000.0),
        Plane(0.0, 0.0, 500.0, 1_000.0),
        Plane(np.nan, 0.0, 500.0, 1_000.0),
        Plane(np.array([3_000.0, 500.0]), 45.0, 500.0, 1_000.0),
    ],
)
def test_a_rectangle_that_reaches_the_ground_is_refused(plane: Plane) -> None:
    with pytest.raises(BadInputError, match="below the ground; make bottom_m larger"):
        rectangle_displacement(0.0, 0.0, plane, OPENING)
