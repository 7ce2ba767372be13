"""What still stands of a volcano's verdicts on a day: nothing, after too long a silence."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from catalogs.settings import Settings
from fringewatch.plain_text import counted
from insar_models.onset.evidence import DateState
from insar_models.onset.reasons import NO_PAIR
from insar_models.onset.states import SILENCE_DAYS
from tasks.judge.detect import method_of
from tasks.judge.left_out import LEFT_OUT


@dataclass(frozen=True)
class Standing:
    """A volcano's state on a day."""

    state: str
    since: dt.date | None
    """First date of the running episode of unrest."""
    because: str


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
    if known.empty or (today - known.iloc[-1]).days <= silence_days:
        return Standing(str(last["state"]), since, str(last["because"]))
    before = f"unrest since {since} not seen to end" if since else f"last known on {known.iloc[-1]}"
    if last["state"] == DateState.UNKNOWN:
        before = str(last["because"]).partition("; ")[2]
    silent = (today - known.iloc[-1]).days
    later = dates.loc[dates["date"] > known.iloc[-1], "because"]
    which = f"{NO_PAIR} that counts" if later.str.contains(LEFT_OUT).any() else NO_PAIR
    return Standing(
        DateState.UNKNOWN.value, None, f"{which} for {counted(silent, 'day')}; {before}"
    )


def silence_days_of(settings: Settings) -> int:
    """Return after how many days without a pair nothing is known; methods of others may not say."""
    return int(getattr(method_of(settings), "silence_days", SILENCE_DAYS))
