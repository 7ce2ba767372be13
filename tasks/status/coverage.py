"""Coverage: which part of a frame's time was ever brought here, and where it has holes."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from catalogs.records import DatePair

LONGEST_STEP_DAYS: Final = 36
"""Three passes of one Sentinel-1 satellite: more between two acquisitions is a gap."""


@dataclass(frozen=True)
class TimeGap:
    """Two consecutive acquisitions (UTC dates) that lie too far apart."""

    after: dt.date
    before: dt.date

    @property
    def days(self) -> int:
        """Time between them in days."""
        return (self.before - self.after).days

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"no acquisition between {self.after} and {self.before} ({self.days} days)"


def time_gaps(pairs: Iterable[DatePair]) -> tuple[TimeGap, ...]:
    """Return the gaps between consecutive acquisitions of `pairs`, oldest first.

    >>> pair = DatePair.parse("20240106_20240301")
    >>> print(*time_gaps([pair]))
    no acquisition between 2024-01-06 and 2024-03-01 (55 days)
    """
    dates = sorted({date for pair in pairs for date in (pair.primary, pair.secondary)})
    gaps = (TimeGap(after, before) for after, before in pairwise(dates))
    return tuple(gap for gap in gaps if gap.days > LONGEST_STEP_DAYS)


def in_span(pairs: Iterable[DatePair], brought: Collection[DatePair]) -> tuple[DatePair, ...]:
    """Return those of `pairs` that lie between the first and the last date of `brought`, in order.

    What lies outside was never asked for: a backfill of one year leaves nine others listed.
    """
    if not brought:
        return ()
    start = min(pair.primary for pair in brought)
    end = max(pair.secondary for pair in brought)
    return tuple(sorted(pair for pair in pairs if pair.lies_in(start, end)))
