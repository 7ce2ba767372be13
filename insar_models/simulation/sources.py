"""What moves the ground: a swelling point, or a rectangle that opens or slips."""

import math
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import Limits, check_fields
from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.mogi import mogi_displacement
from insar_models.simulation.okada import Plane, Slip, rectangle_displacement

_LARGEST_M = 1e6
"""No depth, length or opening is larger: beyond it a unit was mistaken."""

_FROM_HORIZONTAL = "degrees from the horizontal"

Longitude = Annotated[float, Limits(-180.0, 180.0, "degrees east")]
Latitude = Annotated[float, Limits(-90.0, 90.0, "degrees north")]
DepthM = Annotated[float, Limits(0.0, _LARGEST_M, "metres below the ground", above_low=True)]
LengthM = Annotated[float, Limits(0.0, _LARGEST_M, "metres", above_low=True)]
AmountM = Annotated[float, Limits(-_LARGEST_M, _LARGEST_M, "metres")]
VolumeM3 = Annotated[float, Limits(-(_LARGEST_M**2), _LARGEST_M**2, "cubic metres")]
Strike = Annotated[float, Limits(-360.0, 360.0, "degrees clockwise from north")]
Dip = Annotated[float, Limits(0.0, 90.0, _FROM_HORIZONTAL)]


@dataclass(frozen=True)
class Mogi:
    """A small sphere that swells or shrinks."""

    longitude: Longitude
    latitude: Latitude
    """Above the source, degrees."""
    depth_m: DepthM
    """Of the sphere's middle below the ground."""
    volume_m3: VolumeM3
    """Change of the sphere's volume; negative shrinks it."""

    def __post_init__(self) -> None:
        check_fields(self)
        if self.volume_m3 == 0:
            message = "Mogi: volume_m3=0 moves nothing: give cubic metres, negative to shrink"
            raise BadInputError(message)


@dataclass(frozen=True)
class Rectangle:
    """A rectangle in the ground: a dyke or a sill that opens, a fault that slips."""

    longitude: Longitude
    latitude: Latitude
    """Above the middle of the upper edge, degrees."""
    top_m: DepthM
    """Depth of the upper edge below the ground."""
    strike_degrees: Strike
    """Direction of the upper edge, clockwise from north; the rectangle dips to the right of it."""
    dip_degrees: Dip
    """0 lies flat, 90 stands upright."""
    length_m: LengthM
    """Along strike."""
    width_m: LengthM
    """Down the dip."""
    opening_m: AmountM = 0.0
    """Negative closes it."""
    strike_slip_m: AmountM = 0.0
    """Positive is left-lateral."""
    dip_slip_m: AmountM = 0.0
    """Positive is a thrust, negative a normal fault."""

    def __post_init__(self) -> None:
        check_fields(self)
        amounts = ("opening_m", "strike_slip_m", "dip_slip_m")
        if not any(getattr(self, key) for key in amounts):
            message = f"Rectangle: {', '.join(amounts)} are all 0, which moves nothing: give one"
            raise BadInputError(message)

    @property
    def volume_m3(self) -> float:
        """Volume that has opened; negative where it closes."""
        return self.opening_m * self.length_m * self.width_m


@dataclass(frozen=True)
class Dyke:
    """A sheet that stands between two depths and opens: a rectangle in other words.

    Raises
    ------
    BadInputError
        If the lower edge does not lie below the upper one, or a value is out of its range.
    """

    longitude: Longitude
    latitude: Latitude
    """Of the middle of its upper edge, degrees."""
    top_m: DepthM
    bottom_m: float
    """Of its upper and of its lower edge below the ground."""
    strike_degrees: Strike
    length_m: LengthM
    opening_m: AmountM
    dip_degrees: Annotated[float, Limits(0.0, 90.0, _FROM_HORIZONTAL, above_low=True)] = 90.0

    def __post_init__(self) -> None:
        check_fields(self)
        below = Limits(self.top_m, _LARGEST_M, "metres below the ground and the top", True)  # noqa: FBT003
        if not below.hold(self.bottom_m):
            message = f"Dyke: bottom_m={self.bottom_m!r}: give {below}"
            raise BadInputError(message)

    def rectangle(self) -> Rectangle:
        """Return the rectangle that it is."""
        width_m = (self.bottom_m - self.top_m) / math.sin(math.radians(self.dip_degrees))
        return Rectangle(
            self.longitude, self.latitude, self.top_m, self.strike_degrees, self.dip_degrees,
            self.length_m, width_m, self.opening_m,
        )  # fmt: skip


@dataclass(frozen=True)
class Sill:
    """A sheet that lies flat, or nearly so, and opens: a rectangle in other words.

    Raises
    ------
    BadInputError
        If its upper edge does not lie below the ground, or a value is out of its range.
    """

    longitude: Longitude
    latitude: Latitude
    """Of its middle, degrees."""
    depth_m: DepthM
    """Of its middle below the ground."""
    length_m: LengthM
    """Along the strike."""
    width_m: LengthM
    """Down the dip."""
    opening_m: AmountM
    strike_degrees: Strike = 0.0
    dip_degrees: Dip = 0.0

    def __post_init__(self) -> None:
        check_fields(self)
        if not self._top_m > 0:
            message = (
                f"Sill: a width of {self.width_m:g} m and a dip of {self.dip_degrees:g} degrees at "
                f"depth_m={self.depth_m:g} raise its upper edge above the ground: make it deeper "
                "or flatter"
            )
            raise BadInputError(message)

    @property
    def _top_m(self) -> float:
        return self.depth_m - self.width_m / 2 * math.sin(math.radians(self.dip_degrees))

    def rectangle(self) -> Rectangle:
        """Return the rectangle that it is."""
        strike = math.radians(self.strike_degrees)
        # The upper edge lies to the left of the strike from the middle.
        left_m = self.width_m / 2 * math.cos(math.radians(self.dip_degrees))
        north_m, east_m = GroundGrid(self.longitude, self.latitude + 0.5, 1.0, 1, 1).spacing_m
        return Rectangle(
            math.remainder(self.longitude - left_m * math.cos(strike) / east_m, 360.0),
            self.latitude + left_m * math.sin(strike) / north_m,
            self._top_m, self.strike_degrees, self.dip_degrees,
            self.length_m, self.width_m, self.opening_m,
        )  # fmt: skip


Source: TypeAlias = Mogi | Rectangle


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
