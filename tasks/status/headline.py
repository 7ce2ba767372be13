"""Headline: whether a volcano deforms, as far as is known today, in the one line read first."""

import datetime as dt
import math

from catalogs.ledger.ledger import Ledger
from catalogs.settings import Settings
from tasks.judge.silence import silence_days_of
from tasks.judge.standing import standing_in


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
    standing, said = standing_in(
        ledger, volcano, today, silence_days_of(settings.for_volcano(volcano))
    )
    if not said:
        older = "UNKNOWN: nothing was judged by this version yet"
        return f"{volcano}: {older if ledger.age_words else f'NO DATA: {standing.because}'}"
    lost = len(ledger.lost_pairs(volcano))
    lacking = f"; {lost} pairs that it rests on are lost" if lost else ""
    last, newest, state = max(said), standing.newest, standing.state.upper()
    if newest is None:
        return f"{volcano}: {state}{lacking}; last date {last}, {_age(last, today)}"
    verdict = said[newest]
    was = f"{verdict.state}{f' since {verdict.since}' if verdict.since else ''}"
    if standing.state == said[last].state == "unknown":  # its newest date cannot be judged
        return f"{volcano}: UNKNOWN{lacking}; last date {last}, {_age(last, today)}"
    if standing.state == "unknown":
        age = f"no data newer than {newest}, {_age(newest, today)}"
        return f"{volcano}: UNKNOWN: {age}; it was {was} then{lacking}"
    chance = verdict.probability
    sure = f", probability {chance:.2f}" if math.isfinite(chance) else ""
    if verdict.state == "unrest":
        sure = _by_rate(ledger, volcano, settings, newest) or sure
    data = f"data of {newest}, {_age(newest, today)}"
    if newest != last:  # a date without data changes no state, and is not quiet either
        return f"{volcano}: {state} on {last}; before it {was}{sure}, {data}{lacking}"
    since = f" since {standing.since}" if standing.since else ""
    return f"{volcano}: {state}{since}{sure}; {data}{lacking}"


def _by_rate(ledger: Ledger, volcano: str, settings: Settings, date: dt.date) -> str | None:
    """How sure slow unrest is; None where no rate speaks for it."""
    # With numpy and Prefect, which a home at rest need not wait for.
    from insar_models.onset.slow_motion import follow_rates  # noqa: PLC0415
    from tasks.judge.detect import slow_motion_of  # noqa: PLC0415
    from tasks.judge.rates import place_rates  # noqa: PLC0415

    rule = slow_motion_of(settings.for_volcano(volcano))
    step = follow_rates(place_rates(ledger.measures(volcano)), rule).get(date) if rule else None
    if step is None or step.since is None:
        return None
    return f", by its rate, {step.rate.deviations:.1f} standard deviations from rest"


def _age(date: dt.date, today: dt.date) -> str:
    days = (today - date).days
    return f"{days} day{'s' * (days != 1)} old"
