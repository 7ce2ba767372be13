"""How well a binary detector does: what the paper's Table II reports, and what it leaves out.

Table II of Bountos et al. 2022 (IEEE Geoscience and Remote Sensing Letters) gives counts at one
threshold. On small, unbalanced and clustered test sets that hides more than it shows, so ranking
(AUROC, AUPRC), calibration and an interval that respects clusters stand beside it.
What the labels leave undefined is NaN, never an error: one class may be absent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fringewatch.errors import BadInputError
from insar_models.judging.bootstrap import (
    BootstrapPlan,
    Interval,
    group_resamples,
    percentile_interval,
)

__all__ = [
    "BinaryMetrics",
    "BootstrapPlan",
    "Interval",
    "Statistic",
    "auprc",
    "auprc_at",
    "auroc",
    "binary_metrics",
    "brier_score",
    "cluster_bootstrap_interval",
    "expected_calibration_error",
]

Statistic = Callable[[NDArray[np.int64], NDArray[np.float64]], float]
"""A number from labels and scores, such as `auroc`."""


@dataclass(frozen=True)
class BinaryMetrics:
    """Figures of a detector at one threshold, in the order of the paper's Table II, and three more.

    Positive is ground deformation.
    """

    accuracy: float
    false_positives: int
    true_positives: int
    false_negatives: int
    true_negatives: int
    f1: float
    precision: float
    """Of what was called deformation, the share that is; NaN if nothing was."""
    recall: float
    """Of the deformation, the share that was called so; NaN if there is none."""
    auroc: float
    """Area under the receiver operating characteristic; no threshold enters."""
    auprc: float
    """Average precision; no threshold enters."""
    balanced_accuracy: float
    """Mean of the recalls of the two classes."""


def binary_metrics(labels: ArrayLike, scores: ArrayLike, threshold: float) -> BinaryMetrics:
    """Figures of a detector that calls deformation from `threshold` on.

    Parameters
    ----------
    labels
        (n,), 0 or 1.
    scores
        (n,), finite; higher means more like deformation. Any unit, the threshold's.
    threshold
        A score at the threshold is positive.

    Raises
    ------
    BadInputError
        If the lengths differ or are 0, a label is not 0 or 1, or a score or the threshold is NaN.
    """
    truth, score = _checked(labels, scores)
    if math.isnan(threshold):
        message = "the threshold is NaN: give a number in the unit of the scores"
        raise BadInputError(message)
    called = score >= threshold
    hits = int((called & (truth == 1)).sum())
    false_alarms = int((called & (truth == 0)).sum())
    misses = int((~called & (truth == 1)).sum())
    quiet = int((~called & (truth == 0)).sum())
    recall = _ratio(hits, hits + misses)
    steps = _steps_of_counts(truth, score)
    return BinaryMetrics(
        accuracy=_ratio(hits + quiet, len(truth)),
        false_positives=false_alarms,
        true_positives=hits,
        false_negatives=misses,
        true_negatives=quiet,
        f1=_ratio(2 * hits, 2 * hits + false_alarms + misses),
        precision=_ratio(hits, hits + false_alarms),
        recall=recall,
        auroc=_area_of_steps(*steps),
        auprc=_precision_of_steps(*steps),
        balanced_accuracy=0.5 * (recall + _ratio(quiet, quiet + false_alarms)),
    )


def auroc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties counting half; NaN for one class.

    Parameters and errors are those of `binary_metrics`.
    """
    return _area_of_steps(*_steps_of_counts(*_checked(labels, scores)))


def auprc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Average precision: precision at each score, weighted by the recall gained there.

    NaN without a positive. Equal scores are one step, so the order of the samples does not
    matter. Parameters and errors are those of `binary_metrics`.
    """
    return _precision_of_steps(*_steps_of_counts(*_checked(labels, scores)))


def auprc_at(labels: ArrayLike, scores: ArrayLike, prevalence: float) -> float:
    """Average precision as it would be if the share `prevalence` of the samples were positive.

    Each class is weighted as a whole, so that its own mixture stays as it is. A test set of half
    positives flatters a detector that will meet one in fifty. NaN if a class is absent. Other
    parameters and errors are those of `binary_metrics`.

    Parameters
    ----------
    labels, scores
        As in `binary_metrics`.
    prevalence
        Above 0 and below 1.

    Raises
    ------
    BadInputError
        If the prevalence is out of range.
    """
    truth, score = _checked(labels, scores)
    if not 0.0 < prevalence < 1.0:
        message = f"a prevalence of {prevalence:g} cannot be: give one above 0 and below 1"
        raise BadInputError(message)
    positives = int(truth.sum())
    if positives in {0, len(truth)}:
        return math.nan
    recall, false_share = _steps(truth, score)
    called = prevalence * recall + (1.0 - prevalence) * false_share
    precision = np.divide(prevalence * recall, called, out=np.zeros_like(called), where=called > 0)
    return float((precision * np.diff(recall, prepend=0.0)).sum())


def brier_score(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean squared difference of probability and label: 0 is perfect, 0.25 is a coin.

    Raises
    ------
    BadInputError
        As `binary_metrics`, and if a probability is not within 0 to 1.
    """
    truth, probability = _checked_probabilities(labels, probabilities)
    return float(((probability - truth) ** 2).mean())


def expected_calibration_error(
    labels: ArrayLike, probabilities: ArrayLike, bins: int = 10
) -> float:
    """Mean distance of probability and frequency of deformation, over bins of equal width.

    Each bin counts by its share of the samples (Guo et al. 2017, eq. 3, for the positive class).

    Raises
    ------
    BadInputError
        As `brier_score`, and if `bins` is less than 1.
    """
    truth, probability = _checked_probabilities(labels, probabilities)
    if bins < 1:
        message = f"{bins} bins: expected at least 1"
        raise BadInputError(message)
    index = np.minimum((probability * bins).astype(np.int64), bins - 1)
    said = np.bincount(index, weights=probability, minlength=bins)
    happened = np.bincount(index, weights=truth, minlength=bins)
    return float(np.abs(said - happened).sum() / len(truth))


def cluster_bootstrap_interval(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: Sequence[str],
    statistic: Statistic,
    plan: BootstrapPlan,
) -> Interval:
    """Percentile interval of a statistic when whole groups are drawn with replacement.

    Parameters
    ----------
    labels, scores
        (n,), as in `binary_metrics`.
    groups
        (n,), the name of the scene, frame or pair that each sample belongs to.
    statistic
        Called with the labels and scores of each resample. Resamples for which it is NaN (one
        class only) are left out; without any left, the interval is NaN.
    plan
        Seed, number of resamples, level. The same plan gives the same interval.

    Raises
    ------
    BadInputError
        As `binary_metrics`, and if there are not as many groups as labels.
    """
    truth, score = _checked(labels, scores)
    if len(groups) != len(truth):
        message = f"{len(groups)} groups for {len(truth)} labels: expected one for each"
        raise BadInputError(message)
    values = [statistic(truth[rows], score[rows]) for rows in group_resamples(groups, plan)]
    return percentile_interval(values, plan.level)


def _steps_of_counts(
    truth: NDArray[np.int64], score: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positives and samples at or above each distinct score, from the highest score down."""
    order = np.argsort(-score, kind="stable")
    last_of_step = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    return np.cumsum(truth[order])[last_of_step], last_of_step + 1


def _area_of_steps(hits: NDArray[np.int64], called: NDArray[np.int64]) -> float:
    positives, false_alarms = int(hits[-1]), called - hits
    negatives = int(false_alarms[-1])
    ties = np.diff(false_alarms, prepend=0)
    above = np.diff(hits, prepend=0) * (negatives - false_alarms + ties / 2)
    return _ratio(float(above.sum()), positives * negatives)


def _precision_of_steps(hits: NDArray[np.int64], called: NDArray[np.int64]) -> float:
    if hits[-1] == 0:
        return math.nan
    return float((hits / called * (np.diff(hits, prepend=0) / hits[-1])).sum())


def _steps(
    truth: NDArray[np.int64], score: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the positives and of the negatives at or above each distinct score."""
    hits, called = _steps_of_counts(truth, score)
    positives = int(truth.sum())
    return hits / positives, (called - hits) / (len(truth) - positives)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _checked(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels and scores as arrays, or a BadInputError."""
    truth = np.asarray(labels)
    score = np.asarray(scores, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != score.shape or len(truth) == 0:
        message = (
            f"labels of shape {truth.shape} and scores of shape {score.shape}: "
            "expected one of each for every sample, and at least one sample"
        )
        raise BadInputError(message)
    known = (truth == 0) | (truth == 1)  # a resample is checked thousands of times
    if not known.all():
        message = f"a label is {truth[~known][0]}: expected 0 (none) or 1 (deformation)"
        raise BadInputError(message)
    if np.isnan(score).any():
        message = f"{int(np.isnan(score).sum())} of {len(score)} scores are NaN: leave them out"
        raise BadInputError(message)
    return truth.astype(np.int64), score


def _checked_probabilities(
    labels: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels and probabilities as arrays, or a BadInputError."""
    truth, probability = _checked(labels, probabilities)
    if not ((probability >= 0.0) & (probability <= 1.0)).all():
        message = (
            f"probabilities reach from {probability.min():g} to {probability.max():g}: "
            "expected 0 to 1; are these logits?"
        )
        raise BadInputError(message)
    return truth, probability
