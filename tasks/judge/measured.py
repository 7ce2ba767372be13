"""What the dates table says of motion and air: the measures of a date, in columns."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from catalogs.ledger.measures import DateMeasure
from catalogs.ledger.rows import ScoredPair
from catalogs.records import FrameId
from insar_models.onset.evidence import DateVerdict
from insar_models.rates.motion_words import TABLE_DIGITS, Motion


def measured_columns(
    verdict: DateVerdict,
    measures: Mapping[FrameId, Sequence[DateMeasure]],
    pairs: Sequence[ScoredPair],
) -> dict[str, object]:
    """Return rate, displacement and air of a date; NaN or None where they are not known.

    Of several frames the one counts that is furthest from rest, in its standard deviations; of a
    rate that speaks for motion its track's.

    Parameters
    ----------
    verdict
        On the date.
    measures
        Of all frames of the volcano.
    pairs
        The scored pairs that end on the date.
    """
    since, slow = verdict.since, verdict.slow
    of_date = [
        (frame, one) for frame, own in measures.items() for one in own if one.date == verdict.date
    ]
    rate = _strongest(
        one
        for frame, one in of_date
        if one.since is None and (slow is None or frame.pass_name == slow.track)
    )
    moved = _strongest(one for _, one in of_date if since is not None and one.since == since)
    disturbed = [one.air_disturbed for _, one in of_date if one.air_disturbed is not None]
    shares = [pair.air.share for pair in pairs if pair.air is not None]
    return {
        "rate_mm_per_day": _number(rate.motion_mm if rate else None),
        "rate_low": _number(rate.low_mm if rate else None),
        "rate_high": _number(rate.high_mm if rate else None),
        "rate_coherence": _number(rate.coherence if rate else None),
        "rate_latitude": _number(rate.latitude if rate else None),
        "rate_longitude": _number(rate.longitude if rate else None),
        "rate_first": rate and rate.first,
        "rate_deviations": _number(_deviations(rate) if rate else None),
        "slow_dates": slow.dates if slow else 0,
        "slow_since": slow and slow.since,
        "displacement_mm": _number(moved.motion_mm if moved else None),
        "displacement_low_mm": _number(moved.low_mm if moved else None),
        "displacement_high_mm": _number(moved.high_mm if moved else None),
        "displacement_latitude": _number(moved.latitude if moved else None),
        "displacement_longitude": _number(moved.longitude if moved else None),
        "displacement_first": moved and moved.first,
        "air_disturbed": _number(max(disturbed, default=None)),
        "air_share": _number(float(np.mean(shares)) if shares else None),
    }


def motion_of_rate(measure: DateMeasure) -> Motion | None:
    """Return a measured rate as the tables have it, for words; None where there is none."""
    if measure.motion_mm is None:
        return None
    ends = (
        None if end is None else round(end, TABLE_DIGITS)
        for end in (measure.low_mm, measure.high_mm)
    )
    return Motion.of_rate(round(measure.motion_mm, TABLE_DIGITS), *ends)


def _strongest(measures: Iterable[DateMeasure]) -> DateMeasure | None:
    known = [one for one in measures if one.motion_mm is not None]
    return max(known, key=_deviations, default=None)


def _deviations(one: DateMeasure) -> float:
    if one.motion_mm is None or not one.deviation_mm:
        return 0.0
    return abs(one.motion_mm) / one.deviation_mm


def _number(value: float | None) -> float:
    return math.nan if value is None else round(value, TABLE_DIGITS)
