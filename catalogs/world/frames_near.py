"""Frames over a place, from the centres that the catalogue knows, joined along their tracks."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.records import FrameId
from catalogs.world.frame_geometry import (
    MINIMUM_WINDOW_SHARE,
    FrameCentre,
    load_frame_centres,
    points_inside,
    track_offset_km,
)

WHOLE: Final = 0.99
"""Share from which on a window counts as covered: the outline is not known to the kilometre."""

_GAIN: Final = 0.02  # of the window; a frame that adds less to those of its track is not joined


_REACH_DEGREES: Final = 10.0
"""Of latitude, over which a ground track is followed from a frame that is known."""

_HALF_A_SWATH_KM: Final = 128.0
_HALF_A_FRAME: Final = 130
"""Hundredths of a degree: half of a full frame along the track, and what is uncertain."""


@dataclass(frozen=True)
class FrameShare:
    """A frame, and the share of a window inside its outline."""

    frame: FrameId
    share: float
    """0 to 1."""


@dataclass(frozen=True)
class TrackFrames:
    """The frames of one track over a window."""

    track: str
    """Such as ``106A``."""
    frames: tuple[FrameShare, ...]
    """Those that hold any of it, the largest share first."""
    joined: tuple[FrameId, ...]
    """Those that together hold the most of it; one where one holds all of it."""
    joined_share: float
    """Share of the window that they hold together, 0 to 1."""


@dataclass(frozen=True)
class PassingTrack:
    """A track that passes over a place where none of its frames is known."""

    track: str
    offset_km: float
    """From the place to the middle of the swath."""
    numbers: tuple[int, int]
    """Between which the second number of its frames over the place lies."""


def tracks_passing(latitude: float, longitude: float) -> tuple[PassingTrack, ...]:
    """Return the tracks that pass over a place by the frames that are known elsewhere, best first.

    Whether LiCSAR has frames there, its portal alone knows. A name's second number is a hundred
    times the distance of the frame's centre from the north pole, in degrees.

    Parameters
    ----------
    latitude, longitude
        In degrees.
    """
    known = {track.track for track in tracks_over(latitude, longitude)}
    nearest: dict[str, FrameCentre] = {}
    for centre in load_frame_centres().values():
        if centre is None or abs(centre.latitude - latitude) > _REACH_DEGREES:
            continue
        name = centre.frame.pass_name
        best = nearest.get(name)
        if best is None or abs(centre.latitude - latitude) < abs(best.latitude - latitude):
            nearest[name] = centre
    middle = 100 * (90 - latitude)
    numbers = (round(middle - _HALF_A_FRAME), round(middle + _HALF_A_FRAME))
    offsets = {
        name: track_offset_km(latitude, longitude, centre)
        for name, centre in nearest.items()
        if name not in known
    }
    found = [PassingTrack(n, km, numbers) for n, km in offsets.items() if km <= _HALF_A_SWATH_KM]
    return tuple(sorted(found, key=lambda one: (one.offset_km, one.track)))


def tracks_over(latitude: float, longitude: float) -> tuple[TrackFrames, ...]:
    """Return the tracks whose frames hold any of the window round a place, best first.

    Only frames of which the catalogue knows the centre are looked at: those near its volcanoes.

    Parameters
    ----------
    latitude, longitude
        Of the window's middle, degrees.
    """
    by_track: dict[str, list[tuple[FrameCentre, NDArray[np.bool_]]]] = defaultdict(list)
    for centre in load_frame_centres().values():
        if centre is None:
            continue
        inside = points_inside(latitude, longitude, centre)
        if inside.any():
            by_track[centre.frame.pass_name].append((centre, inside))
    found = [_track(name, frames) for name, frames in by_track.items()]
    return tuple(sorted(found, key=lambda one: (-one.joined_share, len(one.joined), one.track)))


def frames_over(latitude: float, longitude: float) -> tuple[FrameId, ...]:
    """Return the frames to watch a place with, those that hold more of its window first.

    They are those that hold enough of it each (`MINIMUM_WINDOW_SHARE`), and those that only
    together with others of their track do.
    """
    shares: dict[FrameId, float] = {}
    for track in tracks_over(latitude, longitude):
        enough = track.joined_share >= MINIMUM_WINDOW_SHARE
        for one in track.frames:
            if one.share >= MINIMUM_WINDOW_SHARE or (enough and one.frame in track.joined):
                shares[one.frame] = one.share
    return tuple(sorted(shares, key=lambda frame: (-shares[frame], frame)))


def _track(name: str, frames: list[tuple[FrameCentre, NDArray[np.bool_]]]) -> TrackFrames:
    """The frames of one track, and those that are joined because each adds to the window."""
    ordered = sorted(frames, key=lambda one: (-one[1].mean(), one[0].frame))
    joined, held = [ordered[0][0].frame], ordered[0][1]
    left = ordered[1:]
    while held.mean() < WHOLE and left:
        best = max(left, key=lambda one: (float((one[1] | held).mean()), one[0].frame))
        if (best[1] | held).mean() - held.mean() < _GAIN:
            break
        joined.append(best[0].frame)
        held = held | best[1]
        left.remove(best)
    shares = tuple(FrameShare(centre.frame, float(inside.mean())) for centre, inside in ordered)
    return TrackFrames(name, shares, tuple(joined), float(held.mean()))
