"""A vertical dyke that opens: displacement of the ground, and how it grows with time.

The dyke is a sheet of point tensile cracks in an elastic half-space with Poisson's ratio 1/4
(Okada 1985, Bull. Seismol. Soc. Am. 75, 1135-1154, equations 10 for a tensile point source of
dip 90 degrees). Elements grow with depth, because the surface sees deep ones less sharply.
"""

import datetime as dt
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid

_LAME_RATIO = 0.5  # mu / (lambda + mu) for Poisson's ratio 1/4
_DEPTH_RATIO = 1.4  # of neighbouring element rows: elements stay below 0.4 of their depth


@dataclass(frozen=True)
class VerticalDyke:
    """A vertical rectangular sheet; its opening tapers to zero at both ends like a half ellipse."""

    longitude: float
    latitude: float
    """Middle of the trace at the surface, degrees."""
    strike_degrees: float
    """Direction of the trace, clockwise from north."""
    length_m: float
    top_m: float
    """Depth of the upper edge."""
    bottom_m: float
    opening_m: float
    """Opening at the middle of the dyke; negative closes it."""

    def __post_init__(self) -> None:
        if not (0 < self.top_m < self.bottom_m and self.length_m > 0):
            message = (
                f"a dyke from {self.top_m} m to {self.bottom_m} m depth and {self.length_m} m long "
                "is none: depths are positive, the top lies above the bottom"
            )
            raise BadInputError(message)

    @property
    def volume_m3(self) -> float:
        """Volume of the opened sheet."""
        return math.pi / 4 * self.opening_m * self.length_m * (self.bottom_m - self.top_m)


@dataclass(frozen=True)
class OpeningHistory:
    """An intrusion that begins quickly and slows down exponentially until it stops."""

    start: dt.date
    stop: dt.date
    decay_days: float

    def __post_init__(self) -> None:
        if self.start >= self.stop or self.decay_days <= 0:
            message = (
                f"an intrusion from {self.start} to {self.stop} with a decay of {self.decay_days} "
                "days is none: it must last a day or more, with a positive decay"
            )
            raise BadInputError(message)

    def fraction(self, day: dt.date) -> float:
        """Share of the final opening that is reached on `day`, 0 to 1."""
        total = (self.stop - self.start).days
        elapsed = min(max((day - self.start).days, 0), total)
        return math.expm1(-elapsed / self.decay_days) / math.expm1(-total / self.decay_days)


def crack_displacement(
    along_m: NDArray[np.float64], across_m: NDArray[np.float64], depth_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Displacement per unit potency (opening times area) of a vertical point tensile crack.

    Parameters
    ----------
    along_m, across_m
        Position from the point above the crack, along its strike and across it, in metres; shapes
        that broadcast together.
    depth_m
        Depth of the crack, positive.

    Returns
    -------
    along, across, up
        Per square metre, so that a potency in cubic metres gives metres.
    """
    # Okada's equations 10 with dip 90 degrees: p = d, q = y.
    along_sq, across_sq = along_m * along_m, across_m * across_m
    radius = np.sqrt(along_sq + across_sq + depth_m * depth_m)
    radius_cube = radius**3
    lifted = radius + depth_m
    lifted_sq = lifted * lifted
    bend = (3 * radius + depth_m) / (radius_cube * lifted_sq * lifted)
    base = 1 / (radius * lifted_sq)
    integral_1 = across_m * (base - along_sq * bend)
    integral_2 = along_m * (base - across_sq * bend)
    integral_3 = along_m / radius_cube - integral_2
    integral_5 = 1 / (radius * lifted) - along_sq * (2 * radius + depth_m) / (
        radius_cube * lifted_sq
    )
    direct = 3 * across_sq / (radius_cube * radius * radius)
    scale = 1 / (2 * math.pi)
    return (
        scale * (along_m * direct - _LAME_RATIO * integral_3),
        scale * (across_m * direct - _LAME_RATIO * integral_1),
        scale * (depth_m * direct - _LAME_RATIO * integral_5),
    )


def dyke_displacement_m(dyke: VerticalDyke, grid: GroundGrid) -> NDArray[np.float64]:
    """Displacement of the ground by the whole opening; shape (3, H, W): east, north, up, metres."""
    east, north = grid.metres_from(dyke.longitude, dyke.latitude)
    strike = math.radians(dyke.strike_degrees)
    along = east * math.sin(strike) + north * math.cos(strike)
    across = -east * math.cos(strike) + north * math.sin(strike)
    total = np.zeros((3, *grid.shape))
    for place_m, depth_m, potency_m3 in _elements(dyke):
        parts = crack_displacement(along - place_m, across, depth_m)
        for component, part in enumerate(parts):
            total[component] += potency_m3 * part
    moved_along, moved_across, up = total
    return np.stack(
        (
            moved_along * math.sin(strike) - moved_across * math.cos(strike),
            moved_along * math.cos(strike) + moved_across * math.sin(strike),
            up,
        )
    )


def _elements(dyke: VerticalDyke) -> Iterator[tuple[float, float, float]]:
    """Place along strike from the middle (m), depth (m) and potency (m3) of each element."""
    rows = math.ceil(math.log(dyke.bottom_m / dyke.top_m) / math.log(_DEPTH_RATIO))
    edges_m = np.geomspace(dyke.top_m, dyke.bottom_m, rows + 1)
    for upper_m, lower_m in itertools.pairwise(edges_m):
        count = math.ceil(dyke.length_m / (lower_m - upper_m))
        side_m = dyke.length_m / count
        places_m = side_m * (np.arange(count) + 0.5) - dyke.length_m / 2
        taper = np.sqrt(1 - (2 * places_m / dyke.length_m) ** 2)
        # The middles of few elements sample the half ellipse coarsely: keep its volume.
        taper *= math.pi / 4 / taper.mean()
        for place_m, share in zip(places_m, taper, strict=True):
            potency_m3 = dyke.opening_m * share * side_m * (lower_m - upper_m)
            yield float(place_m), float(upper_m + lower_m) / 2, float(potency_m3)
