"""Detect: from scored pairs to one row per date, and what was first said of each."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from catalogs.ledger.measures import DateMeasure
from catalogs.ledger.rows import GivenVerdict, ScoredPair, Verdict
from catalogs.records import FrameId, Volcano
from catalogs.settings import Settings
from catalogs.tables import DATES
from insar_models.detectors.protocol import Detector
from insar_models.onset.evidence import DateVerdict
from insar_models.onset.methods import OnsetMethod, find_method
from insar_models.onset.scored_pair import evidence_of
from insar_models.onset.slow_motion import SlowMotion, with_rates
from tasks.judge.measured import measured_columns
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


def judge_dates(
    scored: Sequence[ScoredPair], model: Detector, method: OnsetMethod, tried: Iterable[dt.date]
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
    """
    evidence = [
        evidence_of(str(row.frame), (row.pair.primary, row.pair.secondary), row.score.score, model)
        for row in scored
        if math.isfinite(row.score.score)
    ]
    return method.judge(evidence, {*tried, *(row.pair.secondary for row in scored)})


def with_slow_motion(
    verdicts: Sequence[DateVerdict],
    measures: Mapping[FrameId, Sequence[DateMeasure]],
    settings: Settings,
) -> tuple[DateVerdict, ...]:
    """Return the verdicts with what rates add to them, as the settings have it."""
    begin = settings.slow_deviations
    if not begin:
        return tuple(verdicts)
    rule = SlowMotion(begin=begin, end=min(SlowMotion.end, begin))
    return with_rates(verdicts, place_rates(measures), rule)


def to_remember(
    verdicts: Iterable[DateVerdict], method: str, model: tuple[str, str]
) -> dict[dt.date, Verdict]:
    """Return the verdicts as the ledger keeps them; `model` is its name and sha256."""
    return {
        verdict.date: Verdict(
            verdict.state.value, verdict.since, verdict.probability, method, *model
        )
        for verdict in verdicts
    }


def dates_table(
    volcano: Volcano,
    verdicts: Sequence[DateVerdict],
    scored: Sequence[ScoredPair],
    said: Mapping[dt.date, Sequence[GivenVerdict]],
    made_with: tuple[str, str],
    measures: Mapping[FrameId, Sequence[DateMeasure]],
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
        What was ever said of each date, the first verdict first; every verdict's date is there.
    made_with
        Names of the method and of the model.
    measures
        Rates and displacements by frame.
    """
    endings: dict[dt.date, list[ScoredPair]] = {}
    for row in scored:
        if math.isfinite(row.score.score):
            endings.setdefault(row.pair.secondary, []).append(row)
    method, model = made_with
    rows = [
        {"volcano": volcano.slug, "gvp_number": volcano.gvp_number}
        | _now(verdict, endings.get(verdict.date, []))
        | measured_columns(verdict.date, verdict.since, measures, endings.get(verdict.date, []))
        | {"method": method, "model": model}
        | _first(verdict, said[verdict.date][0])
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
