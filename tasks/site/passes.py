"""Passes of a track: the newest one, how often it comes, and when the next is due."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pandas as pd

from catalogs.records import Direction, FrameId
from tasks.status.coverage import LONGEST_STEP_DAYS
from tasks.status.records import FrameStatus

REPEAT_DAYS: Final = 12
"""Of one satellite of Sentinel-1; two of them halve it."""

_RECENT: Final = dt.timedelta(days=180)
"""The constellation changes: what was years ago says nothing of the next pass."""


@dataclass(frozen=True)
class TrackPasses:
    """When a frame was seen, and when it will be."""

    frame: FrameId
    newest_scored: dt.date | None
    """Newest acquisition that ends a scored pair, UTC."""
    newest_here: dt.date | None
    """Newest acquisition of which a pair is here, UTC; what is listed alone was never looked at."""
    repeat_days: int
    is_absent: bool
    """Whether no source has the frame, and nothing of it is here."""

    @property
    def direction(self) -> Direction:
        """Ascending or descending."""
        return self.frame.direction

    @property
    def newest(self) -> dt.date | None:
        """The newest pass that is here; None of a frame of which nothing is."""
        known = [day for day in (self.newest_scored, self.newest_here) if day is not None]
        return max(known, default=None)

    @property
    def next_pass(self) -> dt.date | None:
        """The pass after the newest that is here; None of a frame of which nothing is."""
        return self.newest + dt.timedelta(days=self.repeat_days) if self.newest else None


def passes_of(status: FrameStatus, interferograms: pd.DataFrame) -> TrackPasses:
    """Return the passes of a frame, as the ledger and the table of pairs know them."""
    own = interferograms[interferograms["frame"] == str(status.frame)]
    scored = own.loc[own["probability"].notna(), "secondary_date"]
    days = {day for pair in status.in_cube for day in (pair.primary, pair.secondary)}
    return TrackPasses(
        status.frame,
        max(scored, default=None),
        max(days, default=None),
        repeat_of(days),
        status.is_unknown,
    )


def repeat_of(days: Iterable[dt.date]) -> int:
    """Return how many days lie between two passes, by the acquisitions of the last half year.

    The commonest step counts, of equally common ones the shortest. Two acquisitions are one pair,
    which need not be of passes that follow each other: that says no more than none, 12 days.

    >>> repeat_of([dt.date(2024, 1, 6), dt.date(2024, 1, 18), dt.date(2024, 1, 30)])
    12
    """
    ordered = sorted(set(days))
    recent = [day for day in ordered if day >= ordered[-1] - _RECENT]
    if len(ordered) <= 2:  # noqa: PLR2004
        return REPEAT_DAYS
    steps = Counter((after - before).days for before, after in pairwise(recent))
    return min(steps, key=lambda step: (-steps[step], step), default=REPEAT_DAYS)


def soonest_pass(tracks: Sequence[TrackPasses]) -> TrackPasses | None:
    """Return the track of which the next pass comes first; None if none was ever seen.

    A pass that was due before the newest data of another track did not come, or comes late: it
    hides none that is still to come.
    """
    seen = [track for track in tracks if track.next_pass is not None]
    newest = max((track.newest for track in seen if track.newest), default=dt.date.min)
    coming = [track for track in seen if track.next_pass and track.next_pass > newest]
    return min(coming, key=lambda track: (track.next_pass, track.frame), default=None)


def ended_tracks(tracks: Sequence[TrackPasses]) -> tuple[TrackPasses, ...]:
    """Return the tracks of which no pass came for so long that nobody should wait for one."""
    newest = max((track.newest for track in tracks if track.newest), default=dt.date.min)
    return tuple(
        track
        for track in tracks
        if track.newest and (newest - track.newest).days > LONGEST_STEP_DAYS
    )
