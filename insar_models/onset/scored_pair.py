"""From the score of a pair to evidence: a probability that is neutral at the model's threshold."""

import datetime as dt
import math

import numpy as np
from scipy.special import expit, logit

from insar_models.detectors.protocol import Detector
from insar_models.onset.evidence import PairEvidence


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
    # Not 0 or 1: their odds are infinite.
    own, neutral = np.clip(model.probabilities(np.array([score, model.threshold])), 1e-9, 1 - 1e-9)
    probability = float(expit(logit(own) - logit(neutral)))
    return PairEvidence(frame, *dates, score - model.threshold, probability)
