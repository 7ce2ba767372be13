"""The frames over a place: what `fringewatch volcanoes --near` prints."""

import math

from catalogs.world.frame_geometry import load_frame_centres
from catalogs.world.frames_near import WHOLE, frames_over, tracks_over, tracks_passing
from catalogs.world.volcanoes import VolcanoCatalogue
from flows.cli.common import NOTHING_HAD
from fringewatch.errors import BadInputError

_NEIGHBOURS_KM = 50.0
_KM_A_DEGREE = 111.2


def show_near(words: str, catalogue: VolcanoCatalogue) -> int:
    """Print the tracks and frames over a place, and the volcanoes beside it; return the exit code.

    Raises
    ------
    BadInputError
        If the words are no latitude and longitude.
    """
    latitude, longitude = _parse_place(words)
    tracks = tracks_over(latitude, longitude)
    for track in tracks:
        print(f"{track.track}: {track.joined_share:.0%} of the window round {words}")
        for one in track.frames:
            print(f"  {one.frame}  {one.share:.0%}")
        if len(track.joined) > 1:
            print(f"  joined along the track: {' '.join(map(str, track.joined))}")
        elif track.joined_share < WHOLE:
            print("  no other frame of the track adds to it")
    for name, km in _volcanoes_beside(catalogue, latitude, longitude):
        print(f"{name} is {km:.0f} km away")
    if not tracks:
        print(
            f"no frame that is known lies over {words}: the catalogue knows the "
            f"{len(load_frame_centres())} that lie near its own volcanoes"
        )
    _show_passing(latitude, longitude)
    if not tracks:
        print(
            "which frames LiCSAR has there, the map of its portal shows: name them as "
            "frames = [...] in [volcano.NAME] of fringewatch.toml"
        )
        return NOTHING_HAD
    names = ", ".join(f'"{frame}"' for frame in frames_over(latitude, longitude))
    print(f"frames = [{names}]")
    return 0


def _show_passing(latitude: float, longitude: float) -> None:
    """Print where frames that are not known would be found."""
    for one in tracks_passing(latitude, longitude):
        first, last = one.numbers
        print(
            f"{one.track} passes {one.offset_km:.0f} km from it: its frames there are called "
            f"{one.track}_{first:05}_... to {one.track}_{last:05}_..., in folder "
            f"{int(one.track[:-1])} of the portal"
        )


def _parse_place(words: str) -> tuple[float, float]:
    try:
        latitude, longitude = (float(part) for part in words.split(","))
    except ValueError as error:
        message = f"--near '{words}': give LATITUDE,LONGITUDE in degrees, such as -0.37,-91.55"
        raise BadInputError(message) from error
    if not (abs(latitude) <= 90.0 and abs(longitude) <= 180.0):  # noqa: PLR2004 - degrees
        message = f"--near '{words}': latitudes are -90 to 90, longitudes -180 to 180"
        raise BadInputError(message)
    return latitude, longitude


def _volcanoes_beside(
    catalogue: VolcanoCatalogue, latitude: float, longitude: float
) -> list[tuple[str, float]]:
    """Return the volcanoes near a place with their distances in km, the nearest first."""
    found = []
    for volcano in catalogue.volcanoes:
        aside = (volcano.longitude - longitude + 180.0) % 360.0 - 180.0
        east = aside * math.cos(math.radians(latitude))
        km = _KM_A_DEGREE * math.hypot(volcano.latitude - latitude, east)
        if km <= _NEIGHBOURS_KM:
            found.append((volcano.slug, km))
    return sorted(found, key=lambda one: one[1])
