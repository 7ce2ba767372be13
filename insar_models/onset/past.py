"""A volcano's own past: what its scores are like while it is quiet, track by track.

Scores are compared on one scale, whatever model gave them: standard deviations above the middle of
all quiet ground, where 1 in 50 quiet windows reaches the model's threshold. What is usual on all
quiet ground is drawn towards what is usual here as the past grows. It can only weaken evidence: a
few calm dates do not know the tails of the air.

What is usual here is a normal distribution through the upper part of the scores, those that 16 %
and 5 % exceed: where air draws rings on some days and none on others, scores have two middles, and
a spread of all of them would hide whatever is new. Of blocks of dates the lower quartile counts,
so that episodes are not usual as long as a quarter of the past is quiet.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import logit

from insar_models.onset.evidence import PairEvidence, Past

RECENT_DAYS: Final = 48
"""Dates of the last days are no past: an episode that begins now must not be usual by itself."""
BLOCK_DATES: Final = 10
"""The past is cut into blocks of dates: an episode fills a few of them, air is in all."""
# A block in which half of the pairs of so many dates are positive, and as many pairs in all, is
# motion and no quiet past: air lets more dates go.
_MOVING_DATES: Final = 0.9
_MOVING_PAIRS: Final = 0.65
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
    moves: bool


class TrackHistory:
    """The dates of one track in order of time, and what of them was past on a date."""

    def __init__(self, track: str) -> None:
        """Begin without a date."""
        self._track = track
        self._days: list[dt.date] = []
        self._scores: list[list[float]] = []
        self._positive: list[int] = []
        self._whole: list[_Block] = []

    def add(self, date: dt.date, pairs: Sequence[PairEvidence]) -> None:
        """Take in a later date's pairs, all scored and one at least, as the model scored them."""
        self._days.append(date)
        self._scores.append([_standard(pair) for pair in pairs])
        self._positive.append(sum(pair.positive for pair in pairs))
        if len(self._days) % BLOCK_DATES == 0:
            self._whole.append(self._block(len(self._days) - BLOCK_DATES, len(self._days)))

    def before(self, date: dt.date, prior_dates: int) -> Past:
        """Return what was past on `date`, of dates that were added.

        Parameters
        ----------
        date
            Not earlier than any that was added.
        prior_dates
            Quiet dates that all quiet ground counts for.
        """
        known = bisect_right(self._days, date - dt.timedelta(days=RECENT_DAYS))
        whole = known // BLOCK_DATES
        # The dates of an unfinished block wait, but for those of the first: they are all there is.
        blocks = self._whole[:whole] or ([self._block(0, known)] if known else [])
        quiet = [block for block in blocks if not block.moves]
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

    def _block(self, first: int, stop: int) -> _Block:
        scores = [score for date in self._scores[first:stop] for score in date]
        upper, tail = np.quantile(scores, [_UPPER, _TAIL])
        positive, counts = self._positive[first:stop], [len(s) for s in self._scores[first:stop]]
        moving = sum(2 * own >= of for own, of in zip(positive, counts, strict=True))
        return _Block(
            stop - first,
            self._days[first],
            self._days[stop - 1],
            (float(upper), float(tail)),
            moving >= _MOVING_DATES * (stop - first)
            and sum(positive) >= _MOVING_PAIRS * sum(counts),
        )


def _standard(pair: PairEvidence) -> float:
    own = float(logit(np.clip(pair.probability, _SUREST, 1 - _SUREST)))
    return (own - pair.quiet.centre) / pair.quiet.spread
