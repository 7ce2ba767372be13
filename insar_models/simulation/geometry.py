"""Where a simulated scene lies: its grid, its line of sight, its outlines."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import AboveZero, CheckedRecord, Count
from fringewatch.errors import BadInputError

Outline: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (longitude, latitude) in degrees of a polygon; the last joins the first."""

_METRES_PER_DEGREE = 6_371_008.8 * math.pi / 180.0  # of latitude, on the mean sphere
_LEAST_CORNERS = 3


@dataclass(frozen=True)
class GroundGrid(CheckedRecord):
    """A north-up grid in degrees; ``west`` and ``north`` are the outer edges of the first pixel."""

    west: float
    north: float
    step_degrees: AboveZero
    width: Count
    height: Count

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.height, self.width

    @property
    def longitudes(self) -> NDArray[np.float64]:
        """Longitude of each column's pixel centres; shape (width,), degrees."""
        return self.west + self.step_degrees * (np.arange(self.width, dtype=np.float64) + 0.5)

    @property
    def latitudes(self) -> NDArray[np.float64]:
        """Latitude of each row's pixel centres, north first; shape (height,), degrees."""
        return self.north - self.step_degrees * (np.arange(self.height, dtype=np.float64) + 0.5)

    @property
    def spacing_m(self) -> tuple[float, float]:
        """Height and width of a pixel in metres, at the grid's middle latitude.

        At 64 degrees north a LiCSAR pixel is 111 m high and 49 m wide.
        """
        north_m = self.step_degrees * _METRES_PER_DEGREE
        middle = self.north - self.step_degrees * self.height / 2
        return north_m, north_m * math.cos(math.radians(middle))

    def metres_from(
        self, longitude: float, latitude: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """East of each column, shape (1, width), and north of each row, (height, 1), in metres."""
        north_m, east_m = self.spacing_m
        east = (self.longitudes - longitude) / self.step_degrees * east_m
        north = (self.latitudes - latitude) / self.step_degrees * north_m
        return east[None, :], north[:, None]


@dataclass(frozen=True)
class LineOfSight:
    """How a right-looking radar satellite sees the ground."""

    heading_degrees: float
    """Flight direction clockwise from north; descending Sentinel-1: about -168."""
    incidence_degrees: float
    """Angle between the line of sight and the vertical at the ground."""

    @property
    def unit_vector(self) -> tuple[float, float, float]:
        """East, north, up of the unit vector from the ground to the satellite.

        The radar looks to the right of its flight, so the satellite stands 90 degrees to the left
        of the heading as seen from the ground: LiCSAR's E, N, U rasters have these signs.

        Examples
        --------
        >>> [round(part, 2) for part in LineOfSight(-168.0, 39.0).unit_vector]
        [0.62, -0.13, 0.78]
        """
        heading, incidence = (
            math.radians(angle) for angle in (self.heading_degrees, self.incidence_degrees)
        )
        horizontal = math.sin(incidence)
        return (
            -horizontal * math.cos(heading),
            horizontal * math.sin(heading),
            math.cos(incidence),
        )


def inside(
    outline: Outline, longitude: NDArray[np.floating], latitude: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Whether points lie inside a polygon, by the even-odd rule.

    Parameters
    ----------
    outline
        At least three corners.
    longitude, latitude
        Degrees, shapes that broadcast together; the result has their common shape.

    Raises
    ------
    BadInputError
        If the outline has fewer than three corners.

    Examples
    --------
    >>> inside(((0, 0), (2, 0), (0, 2)), np.array([0.5, 1.5]), np.array([0.5, 1.5])).tolist()
    [True, False]
    """
    if len(outline) < _LEAST_CORNERS:
        message = f"an outline of {len(outline)} corners encloses nothing: give three or more"
        raise BadInputError(message)
    crossed = np.zeros(np.broadcast_shapes(longitude.shape, latitude.shape), dtype=np.bool_)
    for (west, south), (east, north) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if south == north:  # a ray along the parallel never crosses this side
            continue
        spans = (latitude < south) != (latitude < north)
        crossing = west + (latitude - south) / (north - south) * (east - west)
        crossed ^= spans & (longitude < crossing)
    return crossed
