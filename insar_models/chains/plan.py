"""Which chains to make of a frame's pairs, and by which paths.

A chain from date a to date d follows pairs forward in time, each beginning where the one before
ended. It rests on nothing that ends after d, so that a nightly run and a backfill make the same.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fringewatch.errors import BadInputError

Dates = tuple[dt.date, dt.date]
"""Primary and secondary."""

MOST_PATHS: Final = 3
"""Of one chain; more share too many dates' noise to be worth their time."""

_NEAR: Final = 0.25  # of a wished span: so far from it may a chain be
_LEAST_COHERENCE: Final = 0.02  # of a pair; less would make one lost pair cost without end


@dataclass(frozen=True)
class ChainPlan:
    """A chain, and the pairs that it is made of."""

    primary: dt.date
    secondary: dt.date
    paths: tuple[tuple[Dates, ...], ...]
    """At least one; no two share a pair. The most coherent first."""

    @property
    def days(self) -> int:
        """Time span in days."""
        return (self.secondary - self.primary).days

    @property
    def pairs(self) -> tuple[Dates, ...]:
        """All pairs that it is made of, in order."""
        return tuple(sorted({pair for path in self.paths for pair in path}))


def plan_chains(
    coherence: Mapping[Dates, float], ends: Sequence[dt.date], spans_days: Sequence[int]
) -> tuple[ChainPlan, ...]:
    """Return the chains that end on some dates, in order of secondary and primary date.

    For each wished span there is one chain at most: that of the date whose span is nearest to it
    (by a quarter of it at most), of equally near ones the longer. There is none where a pair has
    these dates already, or where the pairs do not connect them.

    Parameters
    ----------
    coherence
        Of each pair of one frame, its dates in order of time, the mean coherence, 0 to 1: a path is
        the better, the larger the product of its pairs' coherence.
    ends
        Secondary dates.
    spans_days
        Wished spans, each 1 or more.

    Raises
    ------
    BadInputError
        If a span is below 1, or a pair's dates are not in order of time.
    """
    _check(coherence, spans_days)
    cost = {pair: -math.log(max(value, _LEAST_COHERENCE)) for pair, value in coherence.items()}
    found: dict[Dates, ChainPlan] = {}
    for end in sorted(set(ends)):
        before = _reached_backwards(cost, end)
        for span in spans_days:
            start = _nearest(before, end, span)
            if start is None or (start, end) in cost or (start, end) in found:
                continue
            paths = _separate_paths(cost, start, end)
            found[start, end] = ChainPlan(start, end, paths)
    return tuple(found[key] for key in sorted(found, key=lambda dates: dates[::-1]))


def _nearest(dates: set[dt.date], end: dt.date, span: int) -> dt.date | None:
    near = [date for date in dates if abs((end - date).days - span) <= _NEAR * span]
    return min(near, key=lambda date: (abs((end - date).days - span), date), default=None)


def _reached_backwards(cost: Mapping[Dates, float], end: dt.date) -> set[dt.date]:
    """Return the dates from which pairs lead to `end`."""
    reached = {end}
    for primary, secondary in sorted(cost, key=lambda pair: pair[1], reverse=True):
        if secondary in reached:
            reached.add(primary)
    return reached - {end}


def _separate_paths(
    cost: Mapping[Dates, float], start: dt.date, end: dt.date
) -> tuple[tuple[Dates, ...], ...]:
    """Return paths that share no pair, each the cheapest of what those before it left."""
    left = {pair: own for pair, own in cost.items() if start <= pair[0] and pair[1] <= end}
    paths: list[tuple[Dates, ...]] = []
    while len(paths) < MOST_PATHS and (path := _cheapest(left, start, end)):
        paths.append(path)
        for pair in path:
            del left[pair]
    return tuple(paths)


def _cheapest(cost: Mapping[Dates, float], start: dt.date, end: dt.date) -> tuple[Dates, ...]:
    """Return the cheapest path forward in time; empty if there is none."""
    best: dict[dt.date, tuple[float, tuple[Dates, ...]]] = {start: (0.0, ())}
    for pair in sorted(cost):  # by primary date: whatever leads to it has been looked at
        primary, secondary = pair
        if primary not in best:
            continue
        total, path = best[primary]
        total += cost[pair]
        if secondary not in best or total < best[secondary][0]:
            best[secondary] = (total, (*path, pair))
    return best[end][1] if end in best else ()


def _check(coherence: Mapping[Dates, float], spans_days: Sequence[int]) -> None:
    for primary, secondary in coherence:
        if primary >= secondary:
            message = f"pair {primary}_{secondary}: the primary date must be the older one"
            raise BadInputError(message)
    for span in spans_days:
        if span < 1:
            message = f"a chain of {span} days: give spans of 1 day or more"
            raise BadInputError(message)
