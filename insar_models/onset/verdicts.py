"""The last step of every method: from its readings to verdicts that agree with their evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from insar_models.onset.date_evidence import DateEvidence
from insar_models.onset.evidence import DateVerdict
from insar_models.onset.reasons import reason_of
from insar_models.onset.states import Hysteresis, Reading


def as_evidence(
    dates: Sequence[DateEvidence], readings: Sequence[Reading], localised_days: int
) -> list[Reading]:
    """Return the readings with what their dates' pairs do not allow.

    None is quiet where half of a track's pairs are positive. No episode begins on the word of one
    pair, of this date and the one before it.

    Parameters
    ----------
    dates, readings
        Of the same dates, in order of time.
    localised_days
        Pairs that are longer speak of older days, where there are shorter ones.
    """
    speaking = 0
    found = []
    for date, reading in zip(dates, readings, strict=True):
        raised = reading.raised or date.is_positive(localised_days)
        alone = date.speaking == 1 and speaking == 0
        found.append(replace(reading, raised=raised, alone=alone))
        speaking = date.speaking if date.pairs else speaking
    return found


def conclude(
    dates: Sequence[DateEvidence],
    readings: Sequence[Reading],
    probabilities: Iterable[float],
    hysteresis: Hysteresis,
    localised_days: int,
) -> tuple[DateVerdict, ...]:
    """Return the verdicts on `dates`, with the reason of each; parameters as of `as_evidence`.

    `probabilities` are those of the dates, in their order.
    """
    readings = as_evidence(dates, readings, localised_days)
    steps = hysteresis.follow(readings)
    return tuple(
        DateVerdict(
            date=date.date,
            probability=probability,
            state=step.state,
            since=step.since,
            pairs_for=date.positive,
            pairs_against=len(date.pairs) - date.positive,
            tracks_for=date.tracks_for,
            tracks_against=date.tracks_against,
            level=reading.level,
            level_needed=step.needed,
            unknown_since=step.unknown_since,
            because=reason_of(date, reading, step, hysteresis),
            past=date.past,
        )
        for date, reading, probability, step in zip(
            dates, readings, probabilities, steps, strict=True
        )
    )
