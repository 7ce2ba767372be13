"""Changes of a volcano's state, and what was before each: the same for pages, feeds and messages.

A date without data changes nothing; a silence does, once it has lasted for too long.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fringewatch.plain_text import counted
from insar_models.onset.date_state import DateState
from tasks.judge.standing import SaidOfDate

_UNKNOWN = DateState.UNKNOWN.value


@dataclass(frozen=True)
class Change:
    """A date on which another state holds than before it."""

    date: dt.date
    """UTC; of a silence the first day on which nothing stood any more."""
    before: str
    """Empty for the first of all."""
    after: str
    because: str
    known: dt.date | None = None
    """Of a silence: the last date of which something is known."""


def changes_of(
    said: Iterable[SaidOfDate], silence_days: int, today: dt.date | None = None
) -> Iterator[Change]:
    """Give each change of state, the oldest first.

    Parameters
    ----------
    said
        Of each date, in order of time.
    silence_days
        Days without a pair after which nothing stands.
    today
        UTC, on which the silence may have lasted for too long; None to end with the last date.
    """
    before, known = "", None
    for one in said:
        if one.state == DateState.NO_DATA:
            continue
        silence = _silence(before, known, one.date, silence_days)
        if silence is not None:
            yield silence
            before = _UNKNOWN
        if one.state != before:
            yield Change(one.date, before, one.state, one.because)
        before = one.state
        known = one.date if one.is_known else known
    silence = _silence(before, known, today, silence_days)
    if silence is not None:
        yield silence


def _silence(
    before: str, known: dt.date | None, day: dt.date | None, silence_days: int
) -> Change | None:
    """Return the change to *unknown* between the last known date and a day; None if there is none.

    Its date does not depend on the day: it is the same on every day that one looks.
    """
    if known is None or day is None or before == _UNKNOWN:
        return None
    if (day - known).days <= silence_days:
        return None
    because = f"unknown since {known}: no pair for more than {counted(silence_days, 'day')}"
    date = known + dt.timedelta(days=silence_days + 1)
    return Change(date, before, _UNKNOWN, because, known)
