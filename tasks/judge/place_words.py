"""Places in words: how far from the summit, and which way."""

import math
from typing import Final

from catalogs.records import Volcano

_EARTH_KM: Final = 6371.0
_AT_THE_SUMMIT_KM: Final = 0.75  # the model points no closer than that
_WINDS: Final = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE",
    "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip


def distance_and_bearing(
    start: tuple[float, float], end: tuple[float, float]
) -> tuple[float, float]:
    """Return how far `end` is from `start`, km, and the bearing to it, degrees from north.

    Both are latitude and longitude in degrees, on a sphere; a degree of longitude may be counted
    on beyond 180.

    >>> distance, bearing = distance_and_bearing((0.0, 0.0), (0.0, 1.0))
    >>> round(distance), round(bearing)
    (111, 90)
    """
    (lat, lon), (to_lat, to_lon) = (tuple(map(math.radians, place)) for place in (start, end))
    across = to_lon - lon
    haversine = (
        math.sin((to_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(to_lat) * math.sin(across / 2) ** 2
    )
    east = math.sin(across) * math.cos(to_lat)
    north = math.cos(lat) * math.sin(to_lat) - math.sin(lat) * math.cos(to_lat) * math.cos(across)
    distance_km = 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(haversine)))
    return distance_km, math.degrees(math.atan2(east, north)) % 360


def from_summit(volcano: Volcano, latitude: float | None, longitude: float | None) -> str | None:
    """Return where a place lies, such as ``4 km S of the summit``; None where none is known."""
    if latitude is None or longitude is None or not math.isfinite(volcano.latitude):
        return None
    summit = (volcano.latitude, volcano.longitude)
    distance_km, bearing = distance_and_bearing(summit, (latitude, longitude))
    if distance_km < _AT_THE_SUMMIT_KM:
        return "at the summit"
    return f"{distance_km:.0f} km {compass_point(bearing)} of the summit"


def compass_point(bearing_degrees: float) -> str:
    """Return the nearest of sixteen points of the compass.

    >>> compass_point(181)
    'S'
    """
    return _WINDS[round(bearing_degrees / 22.5) % 16]
