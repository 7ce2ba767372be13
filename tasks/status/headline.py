"""Headline: whether a volcano deforms, as far as is known today, in the one line read first."""

import datetime as dt
import math
from typing import Final

from catalogs.ledger.ledger import Ledger
from catalogs.settings import Settings
from tasks.judge.silence import silence_days_of

_SILENT: Final = ("no data", "unknown")


def headline_of(ledger: Ledger, volcano: str, settings: Settings, today: dt.date) -> str:
    """Return the state of a volcano, since when, how sure that is and how old what it rests on.

    Parameters
    ----------
    ledger
        Open; what it said last of each date counts.
    volcano
        Its slug.
    settings
        Name the method, after whose silence nothing is known.
    today
        UTC date that the age is counted from.
    """
    said = {date: given[-1].verdict for date, given in ledger.verdicts(volcano).items()}
    if not said:
        what = "judged by this version yet" if ledger.age_words else "ever judged"
        return f"{volcano}: UNKNOWN: nothing was {what}"
    known = [date for date, verdict in said.items() if verdict.state not in _SILENT]
    last = max(said)
    lost = len(ledger.lost_pairs(volcano))
    lacking = f"; {lost} pairs that it rests on are lost" if lost else ""
    if not known or (last > max(known) and said[last].state == "unknown"):
        return f"{volcano}: UNKNOWN{lacking}; last date {last}, {_age(last, today)}"
    newest = max(known)
    verdict = said[newest]
    since = f" since {verdict.since}" if verdict.since else ""
    if (today - newest).days > silence_days_of(settings.for_volcano(volcano)):
        return (
            f"{volcano}: UNKNOWN: no data newer than {newest}, {_age(newest, today)}; it was "
            f"{verdict.state}{since} then{lacking}"
        )
    chance = verdict.probability
    sure = f", probability {chance:.2f}" if math.isfinite(chance) else ""
    state = f"{verdict.state.upper()}{since}{sure}"
    return f"{volcano}: {state}; data of {newest}, {_age(newest, today)}{lacking}"


def _age(date: dt.date, today: dt.date) -> str:
    days = (today - date).days
    return f"{days} day{'s' * (days != 1)} old"
