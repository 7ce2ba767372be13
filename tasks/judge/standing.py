"""What still stands of a volcano's verdicts on a day: nothing, after too long a silence."""

import datetime as dt
from dataclasses import dataclass, field

import pandas as pd

from fringewatch.plain_text import counted
from insar_models.onset.evidence import DateState
from insar_models.onset.reasons import NO_PAIR
from tasks.judge.left_out import LEFT_OUT


@dataclass(frozen=True)
class Standing:
    """A volcano's state on a day."""

    state: str
    since: dt.date | None
    """First date of the running episode of unrest."""
    because: str
    newest: dt.date | None = field(default=None, compare=False)
    """Date of the newest pair that counts, or of the newest masked one."""

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


def standing_of(dates: pd.DataFrame, today: dt.date, silence_days: int) -> Standing:
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
    last = dates.iloc[-1]
    since = None if pd.isna(last["since"]) else last["since"]
    # Whoever masks a date knows of it: it breaks no silence that a person would have to look into.
    known = dates.loc[(dates["pairs"] > 0) | (dates["state"] == DateState.MASKED), "date"]
    newest = None if known.empty else known.iloc[-1]
    if newest is None or (today - newest).days <= silence_days:
        return Standing(str(last["state"]), since, str(last["because"]), newest)
    before = f"unrest since {since} not seen to end" if since else f"last known on {known.iloc[-1]}"
    if last["state"] == DateState.UNKNOWN:
        before = str(last["because"]).partition("; ")[2]
    silent = (today - known.iloc[-1]).days
    later = dates.loc[dates["date"] > known.iloc[-1], "because"]
    which = f"{NO_PAIR} that counts" if later.str.contains(LEFT_OUT).any() else NO_PAIR
    because = f"{which} for {counted(silent, 'day')}; {before}"
    return Standing(DateState.UNKNOWN.value, None, because, newest)
