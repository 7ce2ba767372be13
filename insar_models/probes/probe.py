"""Train a linear detector on features, and judge it on places that it did not see.

Patches of one volcano resemble each other from date to date, and neighbouring frames see the same
eruption. So a patch is only ever judged by a model that saw nothing of its group.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.detectors.calibration import Calibration, fit_platt, fitted_regression
from insar_models.detectors.linear import LinearWeights
from insar_models.probes.group_folds import assign_folds

_DECIMALS = 6
"""Of what is kept: the last bits of a fit depend on the machine's linear algebra."""

_FEATURE_DECIMALS = 9
"""Of their means and spreads; the smallest spread, of a divergence, is some 1e-3."""


Train = Callable[[NDArray[np.float64], NDArray[np.int64]], LinearWeights]
"""Makes weights of finite features (n, d) and labels (n,) of both classes."""


@dataclass(frozen=True)
class ProbeSettings:
    """How a probe is trained; all of it goes to the model's card."""

    regularisation_c: float = 0.3
    """scikit-learn's C: a small one holds the coefficients small."""
    clip_deviations: float = 3.0
    """Standardised features are cut to plus or minus this."""
    quiet_share_above: float | None = 0.10
    """Share of the held-out quiet patches that may lie at or above the threshold; None puts it
    where the calibration gives even odds, were both classes equally frequent."""
    most_folds: int = 10
    """Upper limit; there are never more folds than groups that hold deformation."""


@dataclass(frozen=True, eq=False)
class ExtraSamples:
    """Samples that are learned from and never judged, such as simulated ones."""

    features: NDArray[np.float64]
    """Shape (m, d)."""
    labels: NDArray[np.int64]
    """Shape (m,), 0 or 1."""
    groups: tuple[str, ...] | None = None
    """For each the group that it was made of: with that it is held out. None: it has none."""


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
    train: Train | None = None,
    extra: ExtraSamples | None = None,
) -> ProbeFit:
    """Return linear weights with a threshold and a calibration from held-out groups.

    The folds are as many as there are groups with deformation, up to `settings.most_folds`: with
    positives from seven places there can be seven folds, whatever the number of patches.

    Parameters
    ----------
    features
        Shape (n, d), finite.
    labels
        Shape (n,): 1 deforms, 0 is quiet.
    groups
        n names; samples of one group are never in training and in judgement at once.
    settings
        How to train.
    train
        What makes the weights; `fit_weights` if None.
    extra
        Samples that are learned from in every fold, and judged in none.

    Raises
    ------
    BadInputError
        If shapes do not fit, a label is neither 0 nor 1, a feature is not finite, a class lacks
        samples from at least two groups, or held-out scores rank no better than chance.
    """
    check_samples(features, labels, groups)
    if extra is None:
        extra = ExtraSamples(features[:0], labels[:0])
    _check_extra(extra, features.shape[1])
    if train is None:
        train = partial(fit_weights, settings=settings)
    fold = held_out_folds(labels, groups, settings.most_folds)
    fold_weights = []
    held_out_logits = np.full(len(labels), np.nan)
    for number in range(int(fold.max()) + 1):
        held_out = fold == number
        made_of_others = _not_of(
            extra, {g for g, here in zip(groups, held_out, strict=True) if here}
        )
        weights = train(
            np.concatenate((features[~held_out], extra.features[made_of_others])),
            np.concatenate((labels[~held_out], extra.labels[made_of_others])),
        )
        held_out_logits[held_out] = weights.logits(features[held_out])
        fold_weights.append(weights)
    calibration = fit_platt(held_out_logits, labels)
    return ProbeFit(
        weights=train(
            np.concatenate((features, extra.features)), np.concatenate((labels, extra.labels))
        ),
        threshold=_threshold(held_out_logits, labels, calibration, settings),
        calibration=Calibration(
            round(calibration.slope, _DECIMALS),
            round(calibration.offset, _DECIMALS),
            round(calibration.prior, _DECIMALS),
        ),
        fold=fold,
        fold_weights=tuple(fold_weights),
        held_out_logits=held_out_logits,
    )


def held_out_folds(
    labels: NDArray[np.int64], groups: tuple[str, ...], most_folds: int
) -> NDArray[np.int64]:
    """Return the fold of each sample, int64 (n,), as `fit_probe` holds them out.

    Raises
    ------
    BadInputError
        As `assign_folds`; samples that `fit_probe` takes have at least two groups of each class.
    """
    with_deformation = len({group for group, label in zip(groups, labels, strict=True) if label})
    return assign_folds(labels, groups, min(most_folds, with_deformation))


def fit_weights(
    features: NDArray[np.float64], labels: NDArray[np.int64], settings: ProbeSettings
) -> LinearWeights:
    """Return a logistic regression with balanced classes on standardised, clipped features.

    Parameters
    ----------
    features, labels
        Shape (n, d), finite, and (n,), both classes present.
    settings
        How to train.
    """
    mean = features.mean(axis=0).round(_FEATURE_DECIMALS)
    spread = features.std(axis=0).round(_FEATURE_DECIMALS)
    # A feature that never varies in training says nothing; dividing by 1 keeps it at 0.
    scale = np.where(spread > 0, spread, 1.0)
    limit = settings.clip_deviations
    regression = fitted_regression(
        np.clip((features - mean) / scale, -limit, limit),
        labels,
        C=settings.regularisation_c,
        class_weight="balanced",
        tol=1e-8,
        max_iter=10_000,
    )
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


def even_odds(calibration: Calibration) -> float:
    """Return the logit at which both classes are equally likely, were they equally frequent."""
    prior_logit = math.log(calibration.prior / (1.0 - calibration.prior))
    return round((prior_logit - calibration.offset) / calibration.slope, _DECIMALS)


def _threshold(
    held_out_logits: NDArray[np.float64],
    labels: NDArray[np.int64],
    calibration: Calibration,
    settings: ProbeSettings,
) -> float:
    if settings.quiet_share_above is None:
        return even_odds(calibration)
    return quiet_threshold(held_out_logits[labels == 0], settings.quiet_share_above)


def _not_of(extra: ExtraSamples, held_out: set[str]) -> NDArray[np.bool_]:
    """Whether each extra sample was made of none of the groups that are held out."""
    if extra.groups is None:
        return np.ones(len(extra.labels), dtype=bool)
    return np.array([group not in held_out for group in extra.groups], dtype=bool)


def _check_extra(extra: ExtraSamples, count: int) -> None:
    """Pass samples that fit the features of the others."""
    groups = extra.groups
    if (
        extra.features.shape != (len(extra.labels), count)
        or not np.isfinite(extra.features).all()
        or not np.isin(extra.labels, (0, 1)).all()
        or (groups is not None and len(groups) != len(extra.labels))
    ):
        message = (
            f"extra samples with features of shape {extra.features.shape} and {len(extra.labels)} "
            f"labels cannot be learned from: give {count} finite features, a label 0 or 1 and, if "
            "any, a group for each"
        )
        raise BadInputError(message)


def check_samples(
    features: NDArray[np.floating], labels: NDArray[np.int64], groups: tuple[str, ...]
) -> None:
    """Refuse samples from which nothing can be both learned and judged.

    Raises
    ------
    BadInputError
        As `fit_probe`, before anything is trained.
    """
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
