"""The whole curve of delay against false alarms: the model's threshold moved up and down."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from insar_models.onset.evidence import PairEvidence
from insar_models.onset.methods import OnsetMethod
from insar_models.onset.slow_motion import SlowMotion
from tasks.assess.outcomes import Ending
from tasks.assess.rates import Rate
from tasks.assess.runs import Case, judge_cases

_POINTS = 9
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True)
class CurvePoint:
    """What comes out with another threshold."""

    shift: float
    """Logits by which the threshold lies above the model's own; 0 is the model's."""
    false_alarm_rate: Rate
    found: int
    ran_before: int
    """Of those found: at whose onset unrest ran already, as it always does at a low threshold."""
    missed: int
    median_delay_days: float | None
    """Of the episodes found afresh; None where there is none with a delay."""


def delay_curve(
    cases: Sequence[Case], method: OnsetMethod, grace_days: int, slow: SlowMotion | None = None
) -> tuple[CurvePoint, ...]:
    """Return the points of the curve, from the lowest threshold to the highest.

    The shifts are quantiles of all scores, even steps between them, and 0. A pair's probability
    moves with its logit. Rates that speak beside the pairs stay as they are.
    """
    scored = np.array([pair.logit for case in cases for pair in case.pairs if pair.scored])
    if not len(scored):
        return ()
    quantiles = np.quantile(scored, np.linspace(0.02, 1.0, _POINTS))
    even = np.linspace(quantiles[0], quantiles[-1], _POINTS)  # between quiet and deforming too
    shifts = {0.0, *quantiles.tolist(), *even.tolist()}
    return tuple(_point(cases, method, grace_days, (shift, slow)) for shift in sorted(shifts))


def _point(
    cases: Sequence[Case],
    method: OnsetMethod,
    grace_days: int,
    options: tuple[float, SlowMotion | None],
) -> CurvePoint:
    shift, slow = options
    moved = [
        dataclasses.replace(case, pairs=tuple(_moved(pair, shift) for pair in case.pairs))
        for case in cases
    ]
    summary = judge_cases(moved, method, grace_days, slow)
    return CurvePoint(
        shift,
        summary.false_alarm_rate,
        summary.count(Ending.FOUND),
        summary.ran_before,
        summary.count(Ending.MISSED),
        summary.median_delay_days,
    )


def _moved(pair: PairEvidence, shift: float) -> PairEvidence:
    if not pair.scored or shift == 0:
        return pair
    known = min(max(pair.probability, _LEAST_PROBABILITY), 1 - _LEAST_PROBABILITY)
    probability = float(expit(logit(known) - shift))
    return dataclasses.replace(pair, logit=pair.logit - shift, probability=probability)
