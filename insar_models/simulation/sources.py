"""What moves the ground: a swelling point, or a rectangle that opens or slips."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.simulation.checked_numbers import Limits, check_number
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.mogi import mogi_displacement
from insar_models.simulation.okada import Plane, Slip, rectangle_displacement

_LARGEST_M = 1e6
"""No depth, length or opening is larger: beyond it a unit was mistaken."""

_LONGITUDE = Limits(-180.0, 180.0, "degrees east")
_LATITUDE = Limits(-90.0, 90.0, "degrees north")
_DEPTH = Limits(0.0, _LARGEST_M, "metres below the ground", above_low=True)
_LENGTH = Limits(0.0, _LARGEST_M, "metres", above_low=True)
_AMOUNT = Limits(-_LARGEST_M, _LARGEST_M, "metres")
_VOLUME = Limits(-(_LARGEST_M**2), _LARGEST_M**2, "cubic metres")
_STRIKE = Limits(-360.0, 360.0, "degrees clockwise from north")
_DIP = Limits(0.0, 90.0, "degrees from the horizontal")
_DYKE_DIP = Limits(0.0, 90.0, "degrees from the horizontal", above_low=True)


@dataclass(frozen=True)
class Mogi:
    """A small sphere that swells or shrinks."""

    longitude: float
    latitude: float
    """Above the source, degrees."""
    depth_m: float
    """Of the sphere's middle below the ground."""
    volume_m3: float
    """Change of the sphere's volume; negative shrinks it."""

    def __post_init__(self) -> None:
        _check_place("Mogi", self.longitude, self.latitude)
        check_number("Mogi", "depth_m", self.depth_m, _DEPTH)
        check_number("Mogi", "volume_m3", self.volume_m3, _VOLUME)
        if self.volume_m3 == 0:
            message = "Mogi: volume_m3=0 moves nothing: give cubic metres, negative to shrink"
            raise BadInputError(message)


@dataclass(frozen=True)
class Rectangle:
    """A rectangle in the ground: a dyke or a sill that opens, a fault that slips."""

    longitude: float
    latitude: float
    """Above the middle of the upper edge, degrees."""
    top_m: float
    """Depth of the upper edge below the ground."""
    strike_degrees: float
    """Direction of the upper edge, clockwise from north; the rectangle dips to the right of it."""
    dip_degrees: float
    """0 lies flat, 90 stands upright."""
    length_m: float
    """Along strike."""
    width_m: float
    """Down the dip."""
    opening_m: float = 0.0
    """Negative closes it."""
    strike_slip_m: float = 0.0
    """Positive is left-lateral."""
    dip_slip_m: float = 0.0
    """Positive is a thrust, negative a normal fault."""

    def __post_init__(self) -> None:
        _check_place("Rectangle", self.longitude, self.latitude)
        check_number("Rectangle", "top_m", self.top_m, _DEPTH)
        check_number("Rectangle", "strike_degrees", self.strike_degrees, _STRIKE)
        check_number("Rectangle", "dip_degrees", self.dip_degrees, _DIP)
        for key in ("length_m", "width_m"):
            check_number("Rectangle", key, getattr(self, key), _LENGTH)
        amounts = ("opening_m", "strike_slip_m", "dip_slip_m")
        for key in amounts:
            check_number("Rectangle", key, getattr(self, key), _AMOUNT)
        if not any(getattr(self, key) for key in amounts):
            message = f"Rectangle: {', '.join(amounts)} are all 0, which moves nothing: give one"
            raise BadInputError(message)

    @property
    def volume_m3(self) -> float:
        """Volume that has opened; negative where it closes."""
        return self.opening_m * self.length_m * self.width_m


Source: TypeAlias = Mogi | Rectangle


def dyke(
    place: tuple[float, float],
    depths_m: tuple[float, float],
    strike_degrees: float,
    length_m: float,
    opening_m: float,
    dip_degrees: float = 90.0,
) -> Rectangle:
    """A sheet that stands between two depths and opens.

    Parameters
    ----------
    place
        Longitude and latitude of the middle of its upper edge, degrees.
    depths_m
        Of its upper and of its lower edge.
    strike_degrees, length_m, opening_m, dip_degrees
        As of `Rectangle`; a dip of 0 is none.

    Raises
    ------
    BadInputError
        If the lower edge does not lie below the upper one, or a value is out of its range.
    """
    top_m, bottom_m = depths_m
    check_number("dyke", "top_m", top_m, _DEPTH)
    below = Limits(top_m, _LARGEST_M, "metres below the ground and the top", above_low=True)
    check_number("dyke", "bottom_m", bottom_m, below)
    check_number("dyke", "dip_degrees", dip_degrees, _DYKE_DIP)
    width_m = (bottom_m - top_m) / math.sin(math.radians(dip_degrees))
    return Rectangle(*place, top_m, strike_degrees, dip_degrees, length_m, width_m, opening_m)


def sill(
    place: tuple[float, float],
    depth_m: float,
    size_m: tuple[float, float],
    opening_m: float,
    strike_degrees: float = 0.0,
    dip_degrees: float = 0.0,
) -> Rectangle:
    """A sheet that lies flat, or nearly so, and opens.

    Parameters
    ----------
    place
        Longitude and latitude of its middle, degrees.
    depth_m
        Of its middle below the ground.
    size_m
        Length along the strike, width down the dip.
    opening_m, strike_degrees, dip_degrees
        As of `Rectangle`.

    Raises
    ------
    BadInputError
        If its upper edge does not lie below the ground, or a value is out of its range.
    """
    length_m, width_m = size_m
    _check_place("sill", *place)
    for key, value in (("length_m", length_m), ("width_m", width_m)):
        check_number("sill", key, value, _LENGTH)
    check_number("sill", "strike_degrees", strike_degrees, _STRIKE)
    check_number("sill", "dip_degrees", dip_degrees, _DIP)
    check_number("sill", "depth_m", depth_m, _DEPTH)
    dip, strike = math.radians(dip_degrees), math.radians(strike_degrees)
    top_m = depth_m - width_m / 2 * math.sin(dip)
    if not top_m > 0:
        message = (
            f"sill: a width of {width_m:g} m and a dip of {dip_degrees:g} degrees at "
            f"depth_m={depth_m:g} raise its upper edge above the ground: make it deeper or flatter"
        )
        raise BadInputError(message)
    longitude, latitude = place
    # The upper edge lies to the left of the strike from the middle.
    left_m = width_m / 2 * math.cos(dip)
    north_m, east_m = GroundGrid(longitude, latitude + 0.5, 1.0, 1, 1).spacing_m
    edge = (
        math.remainder(longitude - left_m * math.cos(strike) / east_m, 360.0),
        latitude + left_m * math.sin(strike) / north_m,
    )
    return Rectangle(*edge, top_m, strike_degrees, dip_degrees, length_m, width_m, opening_m)


def displacement_m(source: Source, grid: GroundGrid) -> NDArray[np.float64]:
    """Displacement of the ground; shape (3, height, width): east, north, up, in metres.

    The grid may reach over the date line: the source is taken where it is nearest to its middle.
    """
    middle = grid.west + grid.step_degrees * grid.width / 2
    turns = round((middle - source.longitude) / 360.0)
    east, north = grid.metres_from(source.longitude + 360.0 * turns, source.latitude)
    if isinstance(source, Mogi):
        return mogi_displacement(east, north, source.depth_m, source.volume_m3)
    strike, dip = math.radians(source.strike_degrees), math.radians(source.dip_degrees)
    along = east * math.sin(strike) + north * math.cos(strike)
    left = north * math.sin(strike) - east * math.cos(strike)
    plane = Plane(
        bottom_m=source.top_m + source.width_m * math.sin(dip),
        dip_degrees=source.dip_degrees,
        length_m=source.length_m,
        width_m=source.width_m,
    )
    slip = Slip(source.strike_slip_m, source.dip_slip_m, source.opening_m)
    moved_along, moved_left, up = rectangle_displacement(
        along + source.length_m / 2, left + source.width_m * math.cos(dip), plane, slip
    )
    return np.stack(
        (
            moved_along * math.sin(strike) - moved_left * math.cos(strike),
            moved_along * math.cos(strike) + moved_left * math.sin(strike),
            up,
        )
    )


def range_change_m(source: Source, grid: GroundGrid, sight: LineOfSight) -> NDArray[np.float64]:
    """Growth of the distance to the satellite, metres; shape (height, width).

    Positive is away from the satellite: an uplift is negative.
    """
    change: NDArray[np.float64] = -np.tensordot(
        np.array(sight.unit_vector), displacement_m(source, grid), axes=1
    )
    return change


def _check_place(owner: str, longitude: object, latitude: object) -> None:
    check_number(owner, "longitude", longitude, _LONGITUDE)
    check_number(owner, "latitude", latitude, _LATITUDE)
