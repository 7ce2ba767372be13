"""Detect: from scored pairs to one row per date, and what was first said of each."""

import datetime as dt
import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from catalogs.ledger.measures import DateMeasure
from catalogs.ledger.rows import GivenVerdict, ScoredPair, Verdict
from catalogs.records import FrameId, ModelId, Volcano
from catalogs.settings import Settings
from catalogs.tables import DATES
from insar_models.detectors.protocol import Detector
from insar_models.onset.evidence import DateVerdict
from insar_models.onset.methods import OnsetMethod, find_method, knows_atmosphere
from insar_models.onset.scored_pair import evidence_of
from insar_models.onset.slow_motion import SlowMotion, with_rates
from tasks.judge.left_out import NOTHING, LeftOut
from tasks.judge.measured import measured_columns
from tasks.judge.opinions import UNREVIEWED, Opinions
from tasks.judge.rates import place_rates

_DIGITS = 4  # a ten-thousandth of a degree is a tenth of a pixel, and a person reads this table


def method_of(settings: Settings) -> OnsetMethod:
    """Return the method that the settings name, with their options.

    Raises
    ------
    BadInputError
        If the method has no such option, or a value is of no use.
    """
    return find_method(settings.method, settings.method_options)


def slow_motion_of(settings: Settings) -> SlowMotion | None:
    """Return when rates begin and end an episode; None where they change no state."""
    begin = settings.slow_deviations
    if not (begin and settings.rate_days):
        return None
    return SlowMotion(begin=begin, end=min(SlowMotion.end, begin))


def judge_dates(
    scored: Sequence[ScoredPair],
    model: Detector,
    method: OnsetMethod,
    tried: Iterable[dt.date],
    left_out: LeftOut = NOTHING,
) -> tuple[DateVerdict, ...]:
    """Return what the method says of each date on which a pair ends or was tried.

    Parameters
    ----------
    scored
        The pairs of one volcano; one without a score is a date that was tried.
    model
        That scored them.
    method
        From `method_of`.
    tried
        Dates on which a pair ended that could not be had: they get a row, because silence is not
        quiet.
    left_out
        Pairs that are no evidence, and dates that are masked: the method sees nothing of either,
        but for pairs that a person called atmosphere, which are part of the volcano's own past.
    """
    has_air = knows_atmosphere(method)
    evidence = [
        replace(
            evidence_of(
                str(row.frame), (row.pair.primary, row.pair.secondary), row.score.score, model
            ),
            atmosphere=left_out.shows_air(row),
        )
        for row in scored
        if math.isfinite(row.score.score)
        and (left_out.why(row) is None or (has_air and left_out.shows_air(row)))
    ]
    ending = _ending(scored)
    verdicts = method.judge(evidence, {*tried, *(row.pair.secondary for row in scored)})
    return tuple(left_out.said_of(one, ending.get(one.date, ())) for one in verdicts)


def with_slow_motion(
    verdicts: Sequence[DateVerdict],
    measures: Mapping[FrameId, Sequence[DateMeasure]],
    heard: Container[dt.date],
    settings: Settings,
) -> tuple[DateVerdict, ...]:
    """Return the verdicts with what rates add to them, as the settings have it.

    Only rates of dates in `heard` count: those on which a pair ends that is evidence.
    """
    rule = slow_motion_of(settings)
    if rule is None:
        return tuple(verdicts)
    rates = [rate for rate in place_rates(measures) if rate.date in heard]
    return with_rates(verdicts, rates, rule)


def to_remember(
    verdicts: Iterable[DateVerdict], method: str, model: ModelId
) -> dict[dt.date, Verdict]:
    """Return the verdicts as the ledger keeps them."""
    return {
        verdict.date: Verdict(
            verdict.state.value, verdict.since, verdict.probability, method, *model
        )
        for verdict in verdicts
    }


def _ending(scored: Iterable[ScoredPair]) -> dict[dt.date, list[ScoredPair]]:
    """Return the pairs with a score by the date that they end on."""
    found: dict[dt.date, list[ScoredPair]] = {}
    for row in scored:
        if math.isfinite(row.score.score):
            found.setdefault(row.pair.secondary, []).append(row)
    return found


@dataclass(frozen=True)
class SaidOfDates:
    """What was said of the dates, by methods and by people, and what was measured of them."""

    verdicts: Mapping[dt.date, Sequence[GivenVerdict]]
    """Of each date every verdict that was ever given, the first one first."""
    opinions: Opinions = UNREVIEWED
    left_out: LeftOut = NOTHING
    """Pairs that are no evidence."""
    measures: Mapping[FrameId, Sequence[DateMeasure]] = field(default_factory=dict)
    """Rates and displacements by frame."""


def dates_table(
    volcano: Volcano,
    verdicts: Sequence[DateVerdict],
    scored: Sequence[ScoredPair],
    said: SaidOfDates,
    method: str,
    model: str,
) -> pd.DataFrame:
    """Return the dates table, one row for each verdict, in their order.

    Parameters
    ----------
    volcano
        Whose they are.
    verdicts
        From `judge_dates`.
    scored
        The pairs that they rest on.
    said
        What was ever said of each date, and measured; every verdict's date is there.
    method, model
        Their names.
    """
    endings = _ending(row for row in scored if said.left_out.why(row) is None)
    rows = [
        {"volcano": volcano.slug, "gvp_number": volcano.gvp_number}
        | _now(verdict, endings.get(verdict.date, []))
        | dict(
            zip(("review", "reviewed_by"), said.opinions.words_of_date(verdict.date), strict=True)
        )
        | measured_columns(verdict, said.measures, endings.get(verdict.date, []))
        | {"method": method, "model": model}
        | _first(verdict, said.verdicts[verdict.date][0])
        for verdict in verdicts
    ]
    return pd.DataFrame(rows, columns=[column.name for column in DATES.columns])


def _now(verdict: DateVerdict, pairs: Sequence[ScoredPair]) -> dict[str, object]:
    positive = [row.score for row in pairs if row.score.positive]
    past = verdict.past
    strongest = max(positive, key=lambda score: score.score, default=None)
    return {
        "date": verdict.date,
        "pairs": verdict.pairs_for + verdict.pairs_against,
        "pairs_positive": verdict.pairs_for,
        "frames": " ".join(sorted({str(row.frame) for row in pairs})),
        "tracks_for": " ".join(verdict.tracks_for),
        "tracks_against": " ".join(verdict.tracks_against),
        "probability": round(verdict.probability, _DIGITS),
        "level": round(verdict.level, _DIGITS),
        "level_needed": round(verdict.level_needed, _DIGITS),
        "state": verdict.state.value,
        "because": verdict.because,
        "since": verdict.since,
        "unknown_since": verdict.unknown_since,
        "peak_latitude": round(strongest.peak_latitude, _DIGITS) if strongest else np.nan,
        "peak_longitude": round(strongest.peak_longitude, _DIGITS) if strongest else np.nan,
        "past_dates": past.dates if past else 0,
        "past_first": past.first if past else None,
        "past_last": past.last if past else None,
        "past_centre": round(past.centre, _DIGITS) if past else np.nan,
        "past_spread": round(past.spread, _DIGITS) if past else np.nan,
    }


def _first(verdict: DateVerdict, first: GivenVerdict) -> dict[str, object]:
    said = first.verdict
    return {
        "first_state": said.state,
        "first_since": said.since,
        "first_method": said.method,
        "first_model": said.model,
        "first_judged_at": first.judged_at,
        "revised": (said.state, said.since) != (verdict.state.value, verdict.since),
    }
