"""Where a point lies, seen from a volcano's summit, in words."""

import math
from typing import Final

from catalogs.records import Volcano

_EARTH_KM: Final = 6371.0
_WINDS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_AT_THE_SUMMIT_KM: Final = 0.5


def place_words(volcano: Volcano, latitude: float, longitude: float) -> str:
    """Return distance and bearing, such as ``4 km S of summit``; empty for no place.

    On a sphere; the catalogue's coordinates are those of the summit or the middle of a field.
    """
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return ""
    here, there = math.radians(volcano.latitude), math.radians(latitude)
    east = math.radians((longitude - volcano.longitude + 180.0) % 360.0 - 180.0)
    half = (
        math.sin((there - here) / 2) ** 2
        + math.cos(here) * math.cos(there) * math.sin(east / 2) ** 2
    )
    distance_km = 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
    if distance_km < _AT_THE_SUMMIT_KM:
        return "at summit"
    bearing = math.degrees(
        math.atan2(
            math.sin(east) * math.cos(there),
            math.cos(here) * math.sin(there) - math.sin(here) * math.cos(there) * math.cos(east),
        )
    )
    return f"{max(distance_km, 1.0):.0f} km {_WINDS[round(bearing / 45) % 8]} of summit"
