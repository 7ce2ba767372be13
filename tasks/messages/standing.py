"""What holds of a volcano now, and what a message says of it."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any, Final

from catalogs.ledger.outbox_records import Standing, Telling
from catalogs.ledger.rows import ScoredPair
from catalogs.records import Direction, Volcano
from catalogs.settings import Settings
from fringewatch.plain_text import counted
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict, SlowEvidence
from insar_models.rates.motion_words import TABLE_DIGITS, Motion
from tasks.judge.changes import changes_of
from tasks.judge.silence import silence_days_of
from tasks.judge.standing import KNOWN_STATES, SaidOfDate
from tasks.messages.channel import channel_name
from tasks.messages.place_words import place_words

News = tuple[Standing, dict[str, Any], Telling]

_DIGITS: Final = 2


def news_of(
    volcano: Volcano,
    verdicts: Sequence[DateVerdict],
    scored: Sequence[ScoredPair],
    settings: Settings,
    today: dt.date | None = None,
    *,
    in_doubt_from: dt.date | None = None,
) -> News:
    """Return what the ledger notes with the verdicts, so that a change becomes a message.

    Parameters
    ----------
    volcano
        Whose they are.
    verdicts
        Of all of its dates, in order of time; one at least.
    scored
        The pairs that they rest on.
    settings
        Say who is told, and after how long a silence nothing is known.
    today
        UTC; the day it is, if not given.
    in_doubt_from
        First date whose verdict lacks pairs that were here; None if all have what they rest on.
    """
    today = today or today_utc()
    silence_days = silence_days_of(settings)
    standing, because = standing_now(verdicts, today, silence_days, in_doubt_from=in_doubt_from)
    facts: dict[str, Any] = {"name": volcano.name, "because": because}
    facts["was"] = _before(verdicts, standing, silence_days, today)
    verdict = next((each for each in verdicts if each.date == standing.date), None)
    if verdict is not None:
        facts |= _evidence(volcano, verdict, scored)
    return standing, facts, telling_of(settings)


def _before(
    verdicts: Sequence[DateVerdict], standing: Standing, silence_days: int, today: dt.date
) -> str | None:
    """Return what was said before this state, as page and feed say it; empty for nothing.

    None where they say something else of now: they know masked dates, of which nobody is told.
    """
    said = [
        SaidOfDate(one.date, one.state.value, one.since, "", one.state.value in KNOWN_STATES)
        for one in verdicts
    ]
    changes = list(changes_of(said, silence_days, today))
    return changes[-1].before if changes and changes[-1].after == standing.state else None


def standing_now(
    verdicts: Sequence[DateVerdict],
    today: dt.date,
    silence_days: int,
    *,
    in_doubt_from: dt.date | None = None,
) -> tuple[Standing, str]:
    """Return what holds on a day, and why in words; a date without data changes nothing.

    Nothing holds where the newest date cannot be judged for pairs that are lost (`in_doubt_from`),
    or where the newest ones are masked and no unrest was running.
    """
    newest = verdicts[-1]
    is_in_doubt = in_doubt_from is not None and newest.date >= in_doubt_from
    if is_in_doubt and newest.state is DateState.UNKNOWN:
        return Standing(newest.state.value, None, newest.date), newest.because
    known = [verdict for verdict in verdicts if not verdict.state.is_silent]
    if not known:
        return Standing(DateState.UNKNOWN.value), "no pair could be scored yet"
    last = known[-1]
    masked = [v for v in verdicts if v.state is DateState.MASKED and v.date > last.date]
    if masked and masked[-1].since is None:
        last = masked[-1]
    silent = (today - last.date).days
    if silent <= silence_days:
        return Standing(last.state.value, last.since, last.date), last.because
    before = (
        f"unrest since {last.since} not seen to end" if last.since else f"last known {last.date}"
    )
    standing = Standing(DateState.UNKNOWN.value, None, last.date)
    return standing, f"no pair for {counted(silent, 'day')}; {before}"


def telling_of(settings: Settings) -> Telling:
    """Return who is told of changes, and how patiently; channels by names without addresses."""
    names = dict.fromkeys(channel_name(url) for url in settings.notify)
    return Telling(
        tuple(names),
        settings.notify_watch,
        dt.timedelta(settings.notify_cooldown_days),
        dt.timedelta(settings.notify_rearm_days),
        settings.notify_digest,
    )


def today_utc() -> dt.date:
    """Return the day it is."""
    return dt.datetime.now(dt.UTC).date()


def _evidence(
    volcano: Volcano, verdict: DateVerdict, scored: Sequence[ScoredPair]
) -> dict[str, Any]:
    """What a message tells of why a date is judged so."""
    there = [row for row in scored if math.isfinite(row.score.score)]
    pairs = [row for row in there if row.pair.secondary == verdict.date]
    strongest = max(
        (row for row in pairs if row.score.positive), key=lambda row: row.score.score, default=None
    )
    place = ""
    if strongest is not None:
        place = place_words(volcano, strongest.score.peak_latitude, strongest.score.peak_longitude)
    elif verdict.slow is not None:
        place = place_words(volcano, verdict.slow.latitude, verdict.slow.longitude)
    rate = _rate_words(verdict.slow) if verdict.slow is not None and verdict.is_by_rate else ""
    is_number = math.isfinite(verdict.probability) and not rate
    return {
        "rate": rate,
        "probability": round(verdict.probability, _DIGITS) if is_number else None,
        "pairs": verdict.pairs_for + verdict.pairs_against,
        "positive": verdict.pairs_for,
        "tracks": sorted({row.frame.pass_name for row in pairs}),
        "place": place,
        "others": _other_directions(pairs, there),
    }


def _rate_words(slow: SlowEvidence) -> str:
    ends = (round(end, TABLE_DIGITS) for end in (slow.low_mm_per_day, slow.high_mm_per_day))
    return f"rate {Motion.of_rate(round(slow.mm_per_day, TABLE_DIGITS), *ends).short}"


def _other_directions(pairs: Sequence[ScoredPair], there: Sequence[ScoredPair]) -> list[str]:
    """What the directions say that did not see the date: one without data is no witness."""
    seen = {row.frame.direction for row in pairs}
    said = []
    for direction in Direction:
        if direction in seen:
            continue
        rows = [row for row in there if row.frame.direction is direction]
        newest = max((row.pair.secondary for row in rows), default=None)
        if newest is None:
            said.append(f"{direction.value}: no data")
            continue
        of_day = [row for row in rows if row.pair.secondary == newest]
        positive = sum(row.score.positive for row in of_day)
        said.append(f"{direction.value} {newest}: {positive} of {counted(len(of_day), 'pair')}")
    return said
