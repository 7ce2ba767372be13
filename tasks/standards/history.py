"""When each change of state was first said, and which were said once and are not any more.

A review, or pairs that come late, can take a change back. Whoever read of it has to read of that,
too: such a change is told as withdrawn, once, with the time at which it was.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

from catalogs.ledger.rows import GivenVerdict
from tasks.judge.changes import Change, changes_of
from tasks.judge.standing import KNOWN_STATES, SaidOfDate

Given = Mapping[dt.date, Sequence[GivenVerdict]]
"""Of each date every verdict that was given, the first one first."""

_MOST_REVISIONS: Final = 30
"""The newest that are looked at: each costs a look at all dates."""
_Key = tuple[dt.date, str]


@dataclass(frozen=True)
class Withdrawn:
    """A change that was said, and is not said any more."""

    change: Change
    at: dt.datetime
    """When it was taken back, UTC."""
    now: str
    """What was said of its date from then on; of a silence what held of the volcano then."""


@dataclass(frozen=True)
class History:
    """What was said of a volcano's dates, and when."""

    given: Given = field(default_factory=dict)
    silence_days: int = 48

    def said_at(self, date: dt.date) -> dt.datetime | None:
        """Return when the state that a date has now was first said of it, without a break since.

        None of a date of which the ledger knows nothing.
        """
        found = None
        for each in reversed(self.given.get(date, ())):
            if found is not None and each.verdict.state != found.verdict.state:
                break
            found = each
        return found.judged_at if found else None

    def appeared_at(self, change: Change) -> dt.datetime | None:
        """Return when a change was first told, without a break since; None if nobody knows."""
        said_at = self.said_at(change.known or change.date)
        times = [at for at, new, _ in self._revisions if _key(change) in new]
        return max([*times, *filter(None, [said_at])], default=None)

    def withdrawn(self) -> Iterator[Withdrawn]:
        """Give the changes that were taken back, in the order in which they were.

        A date that still says the same is none: an earlier one says it, too, by now.
        """
        for at, _, gone in self._revisions:
            said = list(self._said(at, is_before=False))
            states = {one.date: one.state for one in said}
            holding = list(changes_of(said, self.silence_days, at.date()))
            for change in gone:
                now = states.get(change.date) or (holding[-1].after if holding else "no data")
                if now != change.after:
                    yield Withdrawn(change, at, now)

    @cached_property
    def _revisions(self) -> list[tuple[dt.datetime, set[_Key], list[Change]]]:
        """Of the newest times of revision which changes appeared, and which went."""
        found = []
        for at in sorted(set(self._times()))[-_MOST_REVISIONS:]:
            before, after = (
                list(changes_of(self._said(at, is_before=is_before), self.silence_days, at.date()))
                for is_before in (True, False)
            )
            old, new = set(map(_key, before)), set(map(_key, after))
            found.append((at, new - old, [one for one in before if _key(one) not in new]))
        return found

    def _times(self) -> Iterable[dt.datetime]:
        """Times at which something else was said of a date, or something of one in the past."""
        earliest = None
        for date in sorted(self.given, reverse=True):
            every = self.given[date]
            first = every[0].judged_at
            if earliest is not None and earliest < first:
                yield first
            earliest = min(first, earliest or first)
            for old, new in pairwise(every):
                if old.verdict.state != new.verdict.state:
                    yield new.judged_at

    def _said(self, at: dt.datetime, *, is_before: bool) -> Iterator[SaidOfDate]:
        """Give what was said of each date at a time, or right before it."""
        for every in self._in_order:
            told = None
            for judged_at, one in every:
                if judged_at < at or (judged_at == at and not is_before):
                    told = one
            if told is not None:
                yield told

    @cached_property
    def _in_order(self) -> list[list[tuple[dt.datetime, SaidOfDate]]]:
        """What was said of each date, and when, in order of the dates."""
        return [
            [(each.judged_at, _said_of(date, each.verdict.state)) for each in self.given[date]]
            for date in sorted(self.given)
        ]


def _said_of(date: dt.date, state: str) -> SaidOfDate:
    return SaidOfDate(date, state, None, "", state in KNOWN_STATES)


def _key(change: Change) -> _Key:
    return change.date, change.after
