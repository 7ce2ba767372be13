"""The pairs of the last dates, and the intervals between dates that they span."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insar_models.onset.evidence import PairEvidence

_TRACK_APART = 10_000_000  # more than any day number, so that track and day make one number


@dataclass(frozen=True)
class PairWindow:
    """Pairs in order of their secondary dates; days are proleptic ordinals, int64 (pairs,)."""

    primary: NDArray[np.int64]
    secondary: NDArray[np.int64]
    track: NDArray[np.int64]
    """Number of the track, from 0."""
    probability: NDArray[np.float64]

    @classmethod
    def of(cls, pairs: Sequence[PairEvidence]) -> "PairWindow":
        """Return the window of all `pairs`, which have scores."""
        ordered = sorted(pairs, key=lambda pair: (pair.secondary, pair.track, pair.primary))
        tracks = {name: k for k, name in enumerate(sorted({pair.track for pair in pairs}))}
        return cls(
            np.array([pair.primary.toordinal() for pair in ordered], dtype=np.int64),
            np.array([pair.secondary.toordinal() for pair in ordered], dtype=np.int64),
            np.array([tracks[pair.track] for pair in ordered], dtype=np.int64),
            np.array([pair.probability for pair in ordered], dtype=np.float64),
        )

    def ending(self, after: int, until: int) -> "PairWindow":
        """Return the pairs that end after the day `after` and not after the day `until`."""
        first, stop = np.searchsorted(self.secondary, [after, until], side="right")
        rows = slice(int(first), int(stop))
        return PairWindow(
            self.primary[rows], self.secondary[rows], self.track[rows], self.probability[rows]
        )

    def intervals(self, after: int) -> NDArray[np.int64]:
        """Return the intervals between neighbouring dates of the pairs, (intervals, 2).

        An interval (first day, last day] begins with the acquisition of one date and ends with
        that of the next. What lies before the day `after` is one interval, however long.
        """
        days = np.unique(np.concatenate((self.primary, self.secondary)))
        days = np.concatenate((days[:1], days[1:][days[1:] > after]))
        return np.column_stack((days[:-1], days[1:]))

    def overlap_days(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many days of each interval (first, last] a pair spans, (pairs, intervals)."""
        begin = np.maximum(self.primary[:, np.newaxis], first)
        end = np.minimum(self.secondary[:, np.newaxis], last)
        return np.asarray(np.maximum(end - begin, 0), dtype=np.int64)

    def acquisitions(self, after: int) -> NDArray[np.bool_]:
        """Return which pairs share an acquisition, (pairs, acquisitions).

        An acquisition is a track's date later than the day `after`; each pair has two at most.
        """
        first = self.track * _TRACK_APART + self.primary
        second = self.track * _TRACK_APART + self.secondary
        every = np.unique(np.concatenate((first, second)))
        every = every[every % _TRACK_APART > after]
        return np.asarray(
            (first[:, np.newaxis] == every) | (second[:, np.newaxis] == every), dtype=np.bool_
        )
