"""Whether a volcano's window can lie in a frame: a check of the catalogue, made without network.

``frames.csv`` holds the centre of each frame of ``volcanoes.csv``. It is known by the ``table`` of
LiCSAR frames of 2021 (the centre of its geocoded raster), or by the ``track``: the latitude is in
the frame's name, and the longitude follows from the nearest frame of its track along the ground
track. Taken so, the centres of the table's own frames are 2 km off in the median and 20 km for one
in ten. It is blank where neither tells.

The outline is not known to the kilometre, but its shape is: a rectangle along the ground track, as
wide as its sub-swaths and as long as its bursts. The frame's name counts the bursts of each
sub-swath.

Measured: the frame 106A_09048_000909 (two sub-swaths, nine bursts) is 168 km wide and 177 km
long, and a full frame (three sub-swaths, thirteen bursts) 258 km by 259 km. Hephaestus lists
190 pairs of volcano and frame whose centres are known: the outline holds 0.49 to 1 of each window.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from catalogs.csv_rows import CsvRow, read_csv_rows
from catalogs.records import Direction, FrameId, Volcano
from fringewatch.errors import BadInputError
from fringewatch.numbers import PIXEL_DEGREES, WINDOW_SIZE

_CENTRES = Path(__file__).with_name("frames.csv")
_HEADER = ("frame", "center_latitude", "center_longitude", "known_by")
_WAYS = ("table", "track")
_BURSTS = re.compile(r"_(\d{2})(\d{2})(\d{2})$")

_EARTH_RADIUS_KM = 6371.0
_SUB_SWATH_WIDTH_KM = 85.0
_BURST_LENGTH_KM = 19.7
_STRIPMAP_SIDE_KM = 80.0  # the swath of a stripmap beam; its scenes are cut to about the same

MINIMUM_WINDOW_SHARE = 0.45
"""Share of the window that must lie in the outline.

A volcano on the very edge of a frame has half of its window in it, and Hephaestus labels such
pairs; a little below one half allows for what the outline is uncertain by (2 km).
"""

_SAMPLES = 11  # points along each side of the window


class FrameFit(StrEnum):
    """What can be said about a volcano's window and a frame."""

    FITS = "fits"
    MISSES = "misses"
    UNKNOWN = "unknown"
    """Nothing gives the frame's centre."""


@dataclass(frozen=True)
class FrameCentre:
    """Where the middle of a frame's geocoded raster lies, in degrees."""

    frame: FrameId
    latitude: float
    longitude: float


def read_frame_centres(path: Path) -> Mapping[FrameId, FrameCentre | None]:
    """Return the frames of a table of centres, with None where no centre is known.

    Raises
    ------
    BadInputError
        If the file or a value is wrong, or a frame stands there twice; the message names the
        file, the line and the value.
    """
    centres: dict[FrameId, FrameCentre | None] = {}
    for row in read_csv_rows(path, _HEADER):
        frame, centre = _parse_centre(row)
        if frame in centres:
            row.reject("frame", "each frame once")
        centres[frame] = centre
    return MappingProxyType(centres)


@cache
def load_frame_centres() -> Mapping[FrameId, FrameCentre | None]:
    """Return the centres of the catalogue's frames, None for one that no table knows.

    Raises
    ------
    BadInputError
        If someone has edited the table into something that cannot be read.
    """
    return read_frame_centres(_CENTRES)


def window_share(volcano: Volcano, centre: FrameCentre) -> float:
    """Return the share (0 to 1) of the volcano's 0.5 degree window inside the frame's outline."""
    return float(points_inside(volcano.latitude, volcano.longitude, centre).mean())


def points_inside(latitude: float, longitude: float, centre: FrameCentre) -> NDArray[np.bool_]:
    """Return which points of the window round a place lie in the frame's outline, (11, 11).

    They lie evenly, south to north and west to east.
    """
    side = WINDOW_SIZE * PIXEL_DEGREES
    steps = ((np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5) * side
    north, east = np.meshgrid(latitude + steps, longitude + steps, indexing="ij")
    across_km, along_km = _ground_track_km(centre, north, east)
    width_km, length_km = _outline_km(centre.frame)
    return (np.abs(across_km) <= width_km / 2) & (np.abs(along_km) <= length_km / 2)


def track_offset_km(latitude: float, longitude: float, centre: FrameCentre) -> float:
    """Return how far a place lies beside the ground track through a frame's centre.

    Infinite beyond the horizon. Of frames of one track that lie up to 10 degrees of latitude apart,
    one's centre is so found 1 km off in the median, and 37 km for one in ten.
    """
    north, east = np.array([latitude]), np.array([longitude])
    across_km, _ = _ground_track_km(centre, north, east)
    return float(abs(across_km[0]))


def window_fits(volcano: Volcano, centre: FrameCentre) -> bool:
    """Return whether enough of the volcano's window can lie in the frame.

    The rest of the window, outside of the frame, is no data.
    """
    return window_share(volcano, centre) >= MINIMUM_WINDOW_SHARE


def check_frame(volcano: Volcano, frame: FrameId) -> FrameFit:
    """Return what the table of centres says about one of the volcano's frames.

    Raises
    ------
    BadInputError
        If the frame has no row in the table.
    """
    centres = load_frame_centres()
    if frame not in centres:
        message = (
            f"frame {frame} of {volcano.slug} has no row in {_CENTRES}: add one, with blank "
            "coordinates if nothing gives its centre"
        )
        raise BadInputError(message)
    centre = centres[frame]
    if centre is None:
        return FrameFit.UNKNOWN
    return FrameFit.FITS if window_fits(volcano, centre) else FrameFit.MISSES


def _parse_centre(row: CsvRow) -> tuple[FrameId, FrameCentre | None]:
    """A row's frame, and its centre where the row has one."""
    try:
        frame = FrameId.parse(row.text("frame"))
    except BadInputError as error:
        row.reject("frame", f"a frame ({error})")
    if not row.values["center_latitude"] and not row.values["center_longitude"]:
        return frame, None
    if row.values["known_by"] not in _WAYS:
        row.reject("known_by", " or ".join(_WAYS))
    latitude = row.degrees("center_latitude", 90.0)
    longitude = row.degrees("center_longitude", 180.0)
    return frame, FrameCentre(frame, latitude, longitude)


def _outline_km(frame: FrameId) -> tuple[float, float]:
    """Return width (across the track) and length (along it) of the frame's outline."""
    found = _BURSTS.search(frame.text)
    if found is None:
        return _STRIPMAP_SIDE_KM, _STRIPMAP_SIDE_KM
    bursts = [int(count) for count in found.groups()]
    sub_swaths = sum(count > 0 for count in bursts)
    return _SUB_SWATH_WIDTH_KM * sub_swaths, _BURST_LENGTH_KM * max(bursts)


def _tilt_rad(frame: FrameId, latitude: float) -> float:
    """Return the angle from north to the ground track, positive to the west.

    A parabola through the headings of LiCSAR's table of 2021: 10 degrees at 40 N, 12 at the
    equator, 17 at 40 S; the largest residue, 2.1 degrees, is 5 km at the end of a frame.
    """
    tilt = math.radians(11.84 - 0.0877 * latitude + 0.00118 * latitude**2)
    return tilt if frame.direction is Direction.ASCENDING else -tilt


def _ground_track_km(
    centre: FrameCentre, latitude: NDArray[np.float64], longitude: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distances across and along the ground track, infinite beyond the horizon.

    Points are projected on the plane that touches the sphere in the centre (orthographic), which
    knows no antimeridian; at the end of the longest frame it is short by 0.1 per cent.
    """
    phi, phi_0 = np.radians(latitude), math.radians(centre.latitude)
    difference = np.radians(longitude - centre.longitude)
    east_km = _EARTH_RADIUS_KM * np.cos(phi) * np.sin(difference)
    north_km = _EARTH_RADIUS_KM * (
        math.cos(phi_0) * np.sin(phi) - math.sin(phi_0) * np.cos(phi) * np.cos(difference)
    )
    up = math.sin(phi_0) * np.sin(phi) + math.cos(phi_0) * np.cos(phi) * np.cos(difference)
    tilt = _tilt_rad(centre.frame, centre.latitude)
    across_km = east_km * math.cos(tilt) + north_km * math.sin(tilt)
    along_km = north_km * math.cos(tilt) - east_km * math.sin(tilt)
    # The far side of the sphere would be seen through it.
    return np.where(up > 0, across_km, np.inf), np.where(up > 0, along_km, np.inf)
