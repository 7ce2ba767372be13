"""What still stands of a volcano's verdicts on a day: nothing, after too long a silence."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import Verdict
from fringewatch.plain_text import counted
from insar_models.onset.date_state import NO_PAIR, DateState
from tasks.judge.opinions import LEFT_OUT

if TYPE_CHECKING:
    import pandas as pd

KNOWN_STATES: Final = frozenset(state.value for state in DateState) - {"no data", "unknown"}
"""Of a date of which something is known."""


@dataclass(frozen=True)
class Standing:
    """A volcano's state on a day."""

    state: str
    since: dt.date | None
    """First date of the running episode of unrest."""
    because: str
    newest: dt.date | None = field(default=None, compare=False)
    """Date of the newest pair that counts, or of the newest masked one: *newest data* of everything
    that tells how old it is, and the day since which an unknown volcano is unknown."""

    def words(self, today: dt.date) -> str:
        """Return it for a person on a day, one line."""
        since = f" since {self.since}" if self.since else ""
        return f"{self.state}{since} on {today} UTC, {age_words(self.newest, today)}"


def age_words(newest: dt.date | None, today: dt.date) -> str:
    """Return how old the newest data are, in words."""
    if newest is None:
        return "no pair was ever scored"
    days = (today - newest).days
    return f"newest data of {newest}, {days} day{'s' * (days != 1)} old"


@dataclass(frozen=True)
class SaidOfDate:
    """What is said of a date, by the table or by the ledger."""

    date: dt.date
    state: str
    since: dt.date | None
    because: str
    """Empty where only the ledger is asked: it keeps no reasons."""
    is_known: bool
    """Whether a pair that ends on it counts, or somebody masked it: that breaks a silence."""


def standing_of(dates: "pd.DataFrame", today: dt.date, silence_days: int) -> Standing:
    """Return the state of the newest date, or *unknown* if no pair has ended for too long.

    Parameters
    ----------
    dates
        The dates table, one row at least, in order of time.
    today
        UTC.
    silence_days
        Of the method: days without a pair after which its verdicts no longer stand.
    """
    known = ((dates["pairs"] > 0) | dates["state"].isin(KNOWN_STATES)).to_numpy().nonzero()[0]
    # What was said before the last known date changes nothing, and a table can be long.
    newest = dates.iloc[known[-1] if known.size else -1 :]
    return standing_on(list(said_of_dates(newest)), today, silence_days)


def standing_in(
    ledger: Ledger, volcano: str, today: dt.date, silence_days: int
) -> tuple[Standing, Mapping[dt.date, Verdict]]:
    """Return the same by the ledger alone, without reasons, and the verdicts that it rests on.

    These are those of the newest dates, back to the last of which something is known. A volcano
    of which nothing was ever judged has *no data*, as on its page.

    Parameters
    ----------
    ledger
        Open.
    volcano
        Its slug.
    today, silence_days
        As in `standing_of`.
    """
    given = ledger.newest_verdicts(volcano, known=KNOWN_STATES)
    said = [
        SaidOfDate(date, one.state, one.since, "", one.state in KNOWN_STATES)
        for date, one in sorted(given.items())
    ]
    if not said:
        return Standing(DateState.NO_DATA.value, None, "nothing was ever judged"), given
    return standing_on(said, today, silence_days), given


def said_of_dates(dates: "pd.DataFrame") -> Iterator[SaidOfDate]:
    """Give what a dates table says of each date, in its order."""
    columns = ["date", "state", "since", "because", "pairs"]
    return said_of_rows(dates[columns].to_dict("records"))


def said_of_rows(rows: Iterable[Mapping[Any, Any]]) -> Iterator[SaidOfDate]:
    """Give the same of rows of the table."""
    for row in rows:
        since = row["since"]
        if since != since:  # noqa: PLR0124 - NaN and NaT are not themselves
            since = None
        # Whoever masks a date knows of it: it breaks no silence that one would have to look into.
        is_known = row["pairs"] > 0 or row["state"] in KNOWN_STATES
        yield SaidOfDate(row["date"], row["state"], since, row["because"], bool(is_known))


def standing_on(said: Sequence[SaidOfDate], today: dt.date, silence_days: int) -> Standing:
    """Return the state that stands on a day; see `standing_of`.

    Parameters
    ----------
    said
        Of each date, in order of time; one at least.
    today, silence_days
        As there.
    """
    last = said[-1]
    known = next((one.date for one in reversed(said) if one.is_known), None)
    if known is None or (today - known).days <= silence_days:
        return Standing(last.state, last.since, last.because, known)
    before = (
        f"unrest since {last.since} not seen to end" if last.since else f"last known on {known}"
    )
    if last.state == DateState.UNKNOWN:
        before = last.because.partition("; ")[2]
    silent = (today - known).days
    is_left_out = any(LEFT_OUT in one.because for one in said if one.date > known)
    which = f"{NO_PAIR} that counts" if is_left_out else NO_PAIR
    because = f"{which} for {counted(silent, 'day')}; {before}"
    return Standing(DateState.UNKNOWN.value, None, because, known)
