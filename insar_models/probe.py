"""Train a linear detector on features, and judge it on places that it did not see.

Patches of one volcano resemble each other from date to date, and neighbouring frames see the same
eruption. So a patch is only ever judged by a model that saw nothing of its group.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.calibration import Calibration, fit_platt
from insar_models.group_folds import assign_folds
from insar_models.linear import LinearWeights

_DECIMALS = 6
"""Of what is kept: the last bits of a fit depend on the machine's linear algebra."""

_FEATURE_DECIMALS = 9
"""Of their means and spreads; the smallest spread, of a divergence, is some 1e-3."""


@dataclass(frozen=True)
class ProbeSettings:
    """How a probe is trained; all of it goes to the model's card."""

    regularisation_c: float = 0.3
    """scikit-learn's C: a small one holds the coefficients small."""
    clip_deviations: float = 3.0
    """Standardised features are cut to plus or minus this."""
    quiet_share_above: float = 0.10
    """Share of the held-out quiet patches that may lie at or above the threshold."""
    most_folds: int = 10
    """Upper limit; there are never more folds than groups that hold deformation."""


@dataclass(frozen=True)
class ProbeFit:
    """A trained probe, and what it said of patches that were held out."""

    weights: LinearWeights
    """Trained on all samples."""
    threshold: float
    calibration: Calibration
    fold: NDArray[np.int64]
    """Shape (n,): the fold of each sample."""
    fold_weights: tuple[LinearWeights, ...]
    """For each fold, weights trained on all the others."""
    held_out_logits: NDArray[np.float64]
    """Shape (n,): each sample's logit from the weights of its fold."""


def fit_probe(
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
    groups: tuple[str, ...],
    settings: ProbeSettings,
) -> ProbeFit:
    """Return a logistic regression with a threshold and a calibration from held-out groups.

    The folds are as many as there are groups with deformation, up to `settings.most_folds`: with
    positives from seven places there can be seven folds, whatever the number of patches.

    Parameters
    ----------
    features
        Shape (n, 47), finite.
    labels
        Shape (n,): 1 deforms, 0 is quiet.
    groups
        n names; samples of one group are never in training and in judgement at once.
    settings
        How to train.

    Raises
    ------
    BadInputError
        If shapes do not fit, a label is neither 0 nor 1, a feature is not finite, a class lacks
        samples from at least two groups, or held-out scores rank no better than chance.
    """
    _check(features, labels, groups)
    with_deformation = len({group for group, label in zip(groups, labels, strict=True) if label})
    fold = assign_folds(labels, groups, min(settings.most_folds, with_deformation))
    fold_weights = []
    held_out_logits = np.full(len(labels), np.nan)
    for number in range(int(fold.max()) + 1):
        held_out = fold == number
        weights = fit_weights(features[~held_out], labels[~held_out], settings)
        held_out_logits[held_out] = weights.logits(features[held_out])
        fold_weights.append(weights)
    calibration = fit_platt(held_out_logits, labels)
    return ProbeFit(
        weights=fit_weights(features, labels, settings),
        threshold=quiet_threshold(held_out_logits[labels == 0], settings.quiet_share_above),
        calibration=Calibration(
            round(calibration.slope, _DECIMALS),
            round(calibration.offset, _DECIMALS),
            round(calibration.prior, _DECIMALS),
        ),
        fold=fold,
        fold_weights=tuple(fold_weights),
        held_out_logits=held_out_logits,
    )


def fit_weights(
    features: NDArray[np.float64], labels: NDArray[np.int64], settings: ProbeSettings
) -> LinearWeights:
    """Return a logistic regression with balanced classes on standardised, clipped features.

    Parameters
    ----------
    features, labels
        Shape (n, 47), finite, and (n,), both classes present.
    settings
        How to train.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only needed in training

    mean = features.mean(axis=0).round(_FEATURE_DECIMALS)
    spread = features.std(axis=0).round(_FEATURE_DECIMALS)
    # A feature that never varies in training says nothing; dividing by 1 keeps it at 0.
    scale = np.where(spread > 0, spread, 1.0)
    limit = settings.clip_deviations
    regression = LogisticRegression(
        C=settings.regularisation_c, class_weight="balanced", tol=1e-8, max_iter=10_000
    )
    regression.fit(np.clip((features - mean) / scale, -limit, limit), labels)
    return LinearWeights(
        mean=mean,
        scale=scale,
        coefficients=regression.coef_[0].round(_DECIMALS),
        intercept=round(float(regression.intercept_[0]), _DECIMALS),
        clip_deviations=limit,
    )


def quiet_threshold(quiet_logits: NDArray[np.float64], share_above: float) -> float:
    """Return the lowest logit that at most `share_above` of the quiet patches reach.

    An alarm budget rather than the best accuracy: nine patches vote in a window and the highest
    wins, so false alarms add up, and how many quiet patches there are is not known beforehand.

    Parameters
    ----------
    quiet_logits
        Shape (n,), at least one.
    share_above
        From 0 up to, not including, 1.
    """
    allowed = math.floor(share_above * len(quiet_logits))
    highest_to_stay_below = float(np.sort(quiet_logits)[::-1][allowed])
    steps = 10.0**_DECIMALS
    return float((math.floor(highest_to_stay_below * steps) + 1) / steps)


def _check(
    features: NDArray[np.float64], labels: NDArray[np.int64], groups: tuple[str, ...]
) -> None:
    if not (features.ndim == 2 and len(features) == len(labels) == len(groups)):  # noqa: PLR2004
        message = (
            f"features of shape {features.shape}, {len(labels)} labels and {len(groups)} groups "
            "do not belong together: each sample needs one row, one label and one group"
        )
        raise BadInputError(message)
    strange = sorted(set(labels.tolist()) - {0, 1})
    if strange:
        message = f"labels must be 0 (quiet) or 1 (deforms), not {strange[0]}"
        raise BadInputError(message)
    if not np.isfinite(features).all():
        message = (
            f"{int((~np.isfinite(features)).any(axis=1).sum())} samples have features that are "
            "not finite: leave out patches with too little valid phase"
        )
        raise BadInputError(message)
    for label, meaning in ((1, "deforming"), (0, "quiet")):
        places = {group for group, other in zip(groups, labels, strict=True) if other == label}
        if len(places) < 2:  # noqa: PLR2004 - one to train on, one to judge
            message = (
                f"{meaning} patches come from {len(places)} group(s): at least two are needed, "
                "to learn from one and be judged on another"
            )
            raise BadInputError(message)
