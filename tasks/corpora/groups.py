"""Groups and areas: which candidates must stay together when patches are split."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.records import FrameId
from catalogs.world.volcanoes import plain_spelling
from fringewatch.errors import BadInputError
from tasks.corpora.ground import UNKNOWN, link, overlapping, placed

_LETTERS_OF_TRACK = len("106A")
_CUBES = "cubes"


@dataclass(frozen=True, eq=False)
class Groups:
    """The group and the area of each candidate, int32 (n,), from 0 by first appearance."""

    group: NDArray[np.int32]
    """The finest unit that must never stand on both sides of any split."""
    area: NDArray[np.int32]
    """Whole groups, frames and volcanoes, and all ground that hangs together."""


def find_groups(rows: pd.DataFrame, content: NDArray[np.bool_]) -> Groups:
    """Return the groups and areas of candidates.

    A group is all that hangs together by any of these:

    - the same picture or simulated scene (source and location);
    - the same track (orbit and direction), the same pair of dates, and ground in common: adjacent
      frames of a track hold the same acquisitions, so frames make no difference;
    - a place that is unknown, where frame and pair, or volcano, track and pair, are the same;
    - a frame that is unknown, where volcano and pair are the same;
    - equal content, turned or mirrored or not.

    An area is all that hangs together by group, frame, volcano (in any spelling), or ground of any
    track and date. Candidates that were left out tie others together as well.

    Parameters
    ----------
    rows
        With the columns of `Candidate`.
    content
        bool, (n,): whether there is a picture in the patch. Empty and blank patches are equal
        wherever they are from, and tie nothing.
    """
    frame, volcano = _frames(rows), _volcanoes(rows)
    pair, track = pair_numbers(rows), track_numbers(rows)
    north, west = rows["north"].to_numpy(np.float64), rows["west"].to_numpy(np.float64)
    here = placed(north, west)
    track_pair = _both(track, pair)
    group = link(
        [
            _pictures(rows),
            overlapping(track_pair, north, west),
            _where_any(_both(frame, pair), ~here),
            _where_any(_both(volcano, track_pair), ~here),
            _where_any(_both(volcano, pair), frame == UNKNOWN),
            np.where(content, shape_numbers(rows), UNKNOWN),
        ]
    )
    anywhere = overlapping(np.zeros(len(rows), dtype=np.int64), north, west)
    area = link([group, frame, volcano, anywhere])
    return Groups(group.astype(np.int32), area.astype(np.int32))


def pair_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each pair of dates, int64 (n,); `UNKNOWN` where one is missing."""
    first, second = (
        pd.factorize(rows[name])[0].astype(np.int64) for name in ("primary", "secondary")
    )
    return _both(first, second)


def track_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each track, int64 (n,); `UNKNOWN` where the frame is.

    A frame whose name is not LiCSAR's is a track of its own.
    """
    return _numbers(rows["frame"].map({name: _track(name) for name in rows["frame"].unique()}))


def shape_numbers(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each content, int64 (n,), equal for twins; `UNKNOWN` without content.

    Equal bytes are equal content even where the shapes differ: those of pictures may take in a row
    or a column beside the patch.
    """
    shape, content = _numbers(rows["shape_sha256"]), _numbers(rows["sha256"])
    known = (shape != UNKNOWN) | (content != UNKNOWN)
    return np.where(known, link([shape, content]), UNKNOWN)


def _frames(rows: pd.DataFrame) -> NDArray[np.int64]:
    return _numbers(rows["frame"])


def _volcanoes(rows: pd.DataFrame) -> NDArray[np.int64]:
    spellings = {name: plain_spelling(name) for name in rows["volcano"].unique()}
    return _numbers(rows["volcano"].map(spellings))


def _pictures(rows: pd.DataFrame) -> NDArray[np.int64]:
    source = rows["source"].to_numpy(np.int64)
    return np.where(
        rows["kind"].to_numpy() != _CUBES, _both(source, _numbers(rows["location"])), UNKNOWN
    )


def _track(frame: str) -> str:
    try:
        return FrameId.parse(frame).text[:_LETTERS_OF_TRACK]
    except BadInputError:
        return frame


def _numbers(words: pd.Series) -> NDArray[np.int64]:
    numbers = pd.factorize(words)[0].astype(np.int64)
    return np.where(words.to_numpy() != "", numbers, UNKNOWN)


def _both(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each combination; unknown if either is."""
    combined = one * (int(other.max(initial=0)) + 1) + other
    numbers = pd.factorize(combined)[0].astype(np.int64)
    return np.where((one != UNKNOWN) & (other != UNKNOWN), numbers, UNKNOWN)


def _where_any(numbers: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The numbers that a chosen row has, at all their rows; unknown elsewhere."""
    return np.where(np.isin(numbers, numbers[chosen & (numbers != UNKNOWN)]), numbers, UNKNOWN)
