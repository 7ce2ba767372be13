"""A volcano's own past: what its scores are like while it is quiet, track by track.

Scores are compared on one scale, whatever model gave them: standard deviations above the middle of
all quiet ground, where 1 in 50 quiet windows reaches the model's threshold. What is usual on all
quiet ground is drawn towards what is usual here as the past grows. It can only weaken evidence: a
few calm dates do not know the tails of the air.

What moved is no past. By the model's own threshold, which is that of all quiet ground, the ground
moved on a day if three of four pairs that span it are positive: motion is in all of them, the air
of an acquisition only in those that have it, and rings in every second pair are in half. Pairs that
span such a day are left out, unless a person called them atmosphere.

What is usual in the rest is a normal distribution through the upper part of the scores, those that
16 % and 5 % exceed: where air draws rings on some days and none on others, scores have two middles,
and a spread of all of them would hide whatever is new. Of blocks of dates the lower quartile
counts, so that motion that too few pairs see is not usual either, as long as a quarter of the past
is quiet.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from insar_models.onset.evidence import PairEvidence, Past

RECENT_DAYS: Final = 48
"""Dates of the last days are no past: an episode that begins now must not be usual by itself."""
BLOCK_DATES: Final = 10
"""The past is cut into blocks of dates: an episode fills a few of them, air is in all."""
LEAST_DATES: Final = 5
"""Quiet dates that a block must have: of fewer nobody knows what is usual."""
MOVED_SHARE: Final = 0.75
"""Of the pairs that span a day: if so many are positive, the ground moved on it."""
_WITNESSES: Final = 2  # pairs that a day needs: one alone cannot tell motion from air
_LOCALISED_DAYS: Final = RECENT_DAYS  # of longer pairs the whole is never known in time
_USUAL: Final = 0.25  # of the blocks lie below: what is in three of four blocks is no episode
_UPPER: Final = 0.84134  # normal scores: one standard deviation above the middle
_TAIL: Final = 0.95
_TAIL_DEVIATIONS: Final = 1.6449
_WIDEST: Final = 2.0  # of a past, or else a few rings between many calm dates would hide anything
_SUREST: Final = 1e-9


@dataclass(frozen=True)
class _Block:
    dates: int
    first: dt.date
    last: dt.date
    high: tuple[float, float]
    """The scores that 16 % and 5 % of its pairs exceed."""


class TrackHistory:
    """The dates of one track in order of time, and what of them was past on a date."""

    def __init__(self, track: str) -> None:
        """Begin without a date."""
        self._track = track
        self._days: list[dt.date] = []
        self._pairs: list[tuple[PairEvidence, ...]] = []
        self._motion = _DayCounts()
        self._whole: list[_Block | None] = []

    def add(self, date: dt.date, pairs: Sequence[PairEvidence]) -> None:
        """Take in a later date's pairs, all scored and one at least, as the model scored them."""
        self._days.append(date)
        self._pairs.append(tuple(pairs))
        for pair in pairs:
            self._motion.add(pair)

    def before(self, date: dt.date, prior_dates: int) -> Past:
        """Return what was past on `date`, of dates that were added.

        Parameters
        ----------
        date
            Later than any that was added.
        prior_dates
            Quiet dates that all quiet ground counts for.
        """
        known = bisect_right(self._days, date - dt.timedelta(days=RECENT_DAYS))
        whole = known // BLOCK_DATES
        while len(self._whole) < whole:  # for good: all that spans their days is known by now
            first = len(self._whole) * BLOCK_DATES
            self._whole.append(self._block(first, first + BLOCK_DATES))
        # The dates of an unfinished block wait, but for those of the first: they are all there is.
        blocks = self._whole[:whole] or [self._block(0, known)]
        quiet = [block for block in blocks if block is not None]
        if not quiet:
            since = self._days[0] if whole else None
            return Past(self._track, 0, None, None, 0.0, 1.0, since)
        count = sum(block.dates for block in quiet)
        upper, tail = np.quantile([b.high for b in quiet], _USUAL, axis=0, method="lower")
        spread = float(np.clip((tail - upper) / (_TAIL_DEVIATIONS - 1), 1.0, _WIDEST))
        middle = float(upper) - spread
        variance = prior_dates + count * spread**2
        return Past(
            self._track,
            count,
            quiet[0].first,
            quiet[-1].last,
            count * middle / (prior_dates + count),
            float(np.sqrt(variance / (prior_dates + count))),
            None,
        )

    def _block(self, first: int, stop: int) -> _Block | None:
        """Return what is usual on some dates; None where too few of them are quiet."""
        moved = self._motion.moved_until(self._days[stop - 1]) if stop else None
        kept: dict[dt.date, list[float]] = {}
        for day, pairs in zip(self._days[first:stop], self._pairs[first:stop], strict=True):
            for pair in pairs:
                if pair.atmosphere or not (moved and moved.is_spanned_by(pair)):
                    kept.setdefault(day, []).append(_standard(pair))
        if len(kept) < LEAST_DATES:
            return None
        scores = [score for own in kept.values() for score in own]
        upper, tail = np.quantile(scores, [_UPPER, _TAIL])
        return _Block(len(kept), min(kept), max(kept), (float(upper), float(tail)))


class _DayCounts:
    """How many pairs span each day, and how many of them are positive."""

    def __init__(self) -> None:
        self._begin = 0
        self._counts = np.zeros((2, 0), dtype=np.int32)

    def add(self, pair: PairEvidence) -> None:
        """Count a pair that is short enough to say when the ground moved."""
        if pair.days > _LOCALISED_DAYS:
            return
        first, stop = pair.primary.toordinal() + 1, pair.secondary.toordinal() + 1
        if not self._counts.size:
            self._begin = first
        before, after = max(self._begin - first, 0), stop - self._begin - self._counts.shape[1]
        # Twice as long as needed, so that a long history is not copied for each date.
        room = (0, after + self._counts.shape[1] if after > 0 else 0)
        if before or room[1]:
            self._counts = np.pad(self._counts, ((0, 0), (before, room[1])))
            self._begin -= before
        spanned = np.s_[first - self._begin : stop - self._begin]
        self._counts[0, spanned] += 1
        self._counts[1, spanned] += pair.positive and not pair.atmosphere

    def moved_until(self, last: dt.date) -> "_MovedDays":
        """Return the days on which the ground moved, up to one."""
        length = max(0, last.toordinal() - self._begin + 1)
        pairs, positive = self._counts[:, :length]
        moved = (pairs >= _WITNESSES) & (positive >= MOVED_SHARE * pairs)
        return _MovedDays(self._begin, np.concatenate(([0], np.cumsum(moved))))


@dataclass(frozen=True, eq=False)
class _MovedDays:
    begin: int
    """Ordinal of the first day that is counted."""
    total: NDArray[np.int64]
    """Days that moved before each day; (days + 1,)."""

    def is_spanned_by(self, pair: PairEvidence) -> bool:
        """Return whether the ground moved on a day that a pair spans."""
        ends = (pair.primary.toordinal() + 1, pair.secondary.toordinal() + 1)
        first, stop = np.clip(np.subtract(ends, self.begin), 0, len(self.total) - 1)
        return bool(self.total[stop] > self.total[first])


def _standard(pair: PairEvidence) -> float:
    own = float(logit(np.clip(pair.probability, _SUREST, 1 - _SUREST)))
    return (own - pair.quiet.centre) / pair.quiet.spread
