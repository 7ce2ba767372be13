"""A linear probe judged on groups that it did not see, its threshold and calibration included.

`insar_models.probes.probe` sets threshold and calibration by the very scores that it then
judges, which flatters a little. Here both come from folds inside of what is learned from, so
that whatever is said of a sample comes from other groups alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.detectors.calibration import Calibration, fit_platt
from insar_models.detectors.linear import LinearWeights
from insar_models.probes.group_folds import assign_folds
from insar_models.probes.probe import Train, check_samples, quiet_threshold

TrainSeeded = Callable[[NDArray[np.float64], NDArray[np.int64], int], LinearWeights]
"""Makes weights of features (n, d), labels (n,) and a seed."""

QUIET_SHARE_ABOVE: Final = 0.10
"""Of the held-out quiet samples, the share that may reach the threshold; as in `ProbeSettings`."""

_MOST_FOLDS: Final = 10
_QUIET_GROUPS_DRAWN: Final = 0.8
"""A probe's seed draws so many of the groups whose quiet samples it learns from."""

_LEAST_GROUPS: Final = 2


@dataclass(frozen=True)
class FittedProbe:
    """Weights, and what their logits mean."""

    weights: LinearWeights
    threshold: float
    calibration: Calibration
    """Flat, the labels' share everywhere, where held-out logits ranked no better than chance."""


@dataclass(frozen=True, eq=False)
class HeldOutVerdicts:
    """What probes say of samples whose groups they did not see."""

    fold: NDArray[np.int64]
    """(n,)."""
    scores: NDArray[np.float64]
    """(n,): logits less the threshold of the sample's fold."""
    probabilities: NDArray[np.float64]


def fit_probe_of_seed(
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
    groups: tuple[str, ...],
    train: TrainSeeded,
    seed: int,
) -> FittedProbe:
    """Return a probe of four fifths of the quiet groups, with threshold and calibration.

    Every deforming sample is learned from. A logistic regression is always the same; the draw
    shows how much hangs on which quiet places happened to be there.

    Parameters
    ----------
    features, labels
        (n, d), finite, and (n,), 0 or 1.
    groups
        n names; a group is never in training and in judgement at once.
    train
        Makes the weights.
    seed
        Of the draw, and of `train`.

    Raises
    ------
    BadInputError
        If shapes do not fit, a label is neither 0 nor 1, a feature is not finite, or deforming or
        quiet samples come from fewer than two groups.
    """
    check_samples(features, labels, groups)
    kept = _draw(labels, groups, seed)
    features, labels = features[kept], labels[kept]
    groups = tuple(group for group, here in zip(groups, kept, strict=True) if here)

    def trained(some: NDArray[np.float64], their_labels: NDArray[np.int64]) -> LinearWeights:
        return train(some, their_labels, seed)

    logits = _held_out_logits(features, labels, groups, trained)
    return FittedProbe(
        weights=trained(features, labels),
        threshold=quiet_threshold(logits[labels == 0], QUIET_SHARE_ABOVE),
        calibration=_calibration(logits, labels),
    )


def judge_held_out_groups(
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
    groups: tuple[str, ...],
    train: TrainSeeded,
    seed: int,
) -> HeldOutVerdicts:
    """Return what is said of each sample by a probe that saw nothing of its group.

    There are as many folds as groups with deformation, up to ten. Parameters and errors are those
    of `fit_probe_of_seed`; there must be three groups with deformation, since one is held out and
    threshold and calibration need two.
    """
    check_samples(features, labels, groups)
    deforming = len({group for group, label in zip(groups, labels, strict=True) if label})
    if deforming <= _LEAST_GROUPS:
        message = (
            f"deforming samples come from {deforming} groups: three are needed, one to be judged "
            "and two to set the threshold; use a larger corpus"
        )
        raise BadInputError(message)
    fold = _folds(labels, groups)
    scores, probabilities = np.empty(len(labels)), np.empty(len(labels))
    for number in range(int(fold.max()) + 1):
        held_out = fold == number
        others = tuple(g for g, here in zip(groups, held_out, strict=True) if not here)
        probe = fit_probe_of_seed(features[~held_out], labels[~held_out], others, train, seed)
        logits = probe.weights.logits(features[held_out])
        scores[held_out] = logits - probe.threshold
        probabilities[held_out] = probe.calibration.probabilities(logits)
    return HeldOutVerdicts(fold, scores, probabilities)


def _held_out_logits(
    features: NDArray[np.float64], labels: NDArray[np.int64], groups: tuple[str, ...], train: Train
) -> NDArray[np.float64]:
    fold = _folds(labels, groups)
    logits = np.empty(len(labels))
    for number in range(int(fold.max()) + 1):
        held_out = fold == number
        logits[held_out] = train(features[~held_out], labels[~held_out]).logits(features[held_out])
    return logits


def _folds(labels: NDArray[np.int64], groups: tuple[str, ...]) -> NDArray[np.int64]:
    deforming = len({group for group, label in zip(groups, labels, strict=True) if label})
    return assign_folds(labels, groups, min(_MOST_FOLDS, deforming))


def _calibration(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Calibration:
    try:
        return fit_platt(logits, labels)
    except BadInputError:  # no better than chance: that is a result here, and no error
        prior = float(labels.mean())
        return Calibration(0.0, math.log(prior / (1.0 - prior)), prior)


def _draw(labels: NDArray[np.int64], groups: tuple[str, ...], seed: int) -> NDArray[np.bool_]:
    """All deforming samples, and the quiet ones of groups that the seed draws, two at the least."""
    names = np.array(groups)
    with_quiet = np.unique(names[labels == 0])
    count = max(_LEAST_GROUPS, round(_QUIET_GROUPS_DRAWN * len(with_quiet)))
    drawn = np.random.default_rng(seed).permutation(with_quiet)[:count]
    return np.asarray((labels == 1) | np.isin(names, drawn))
