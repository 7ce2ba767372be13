"""From the score of a pair to evidence: a probability that is neutral at the model's threshold."""

import datetime as dt
import math

import numpy as np
from scipy.special import expit, logit

from insar_models.detectors.protocol import Detector
from insar_models.detectors.window_score import WindowScore
from insar_models.onset.evidence import ALL_QUIET, PairEvidence, QuietGround


def evidence_of(
    frame: str, dates: tuple[dt.date, dt.date], score: float, model: Detector
) -> PairEvidence:
    """Return what a model's score says of a pair.

    A model's probability is calibrated for one patch at the share of deformation that it learned
    from, while a pair has the highest score of nine patches. What the dates are judged by is its
    odds against those at the threshold: a positive pair speaks for motion, and any other against.

    Parameters
    ----------
    frame
        Of the pair.
    dates
        Primary and secondary.
    score
        Logit; NaN where there is none.
    model
        That gave it.
    """
    if math.isnan(score):
        return PairEvidence(frame, *dates, math.nan, math.nan)
    own, at_threshold = model.probabilities(np.array([score, model.threshold]))
    probability = evidence_probability(own, at_threshold)
    return PairEvidence(frame, *dates, score - model.threshold, probability, quiet_of(model))


def evidence_probability(probability: float, at_threshold: float) -> float:
    """Return a calibrated probability as evidence: 0.5 where it is that at the threshold."""
    # Not 0 or 1: their odds are infinite.
    own, neutral = np.clip([probability, at_threshold], 1e-9, 1 - 1e-9)
    return float(expit(logit(own) - logit(neutral)))


def quiet_of(model: Detector) -> QuietGround:
    """Return what the model's evidence is like on quiet ground, from its card where it knows."""
    window = getattr(model, "window", None)
    if not isinstance(window, WindowScore) or window.quiet is None:
        return ALL_QUIET
    quiet = window.quiet
    # Evidence is the slope times what a score is above the threshold.
    slope = window.calibration.slope
    return QuietGround(slope * (quiet.centre - model.threshold), slope * quiet.spread)
