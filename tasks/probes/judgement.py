"""What a trained probe is worth: its figures on patches that it did not learn from."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalogs.pictures.s1_index import S1Patch
from insar_models.judging.metrics import (
    BootstrapPlan,
    auprc,
    auroc,
    binary_metrics,
    brier_score,
    cluster_bootstrap_interval,
    expected_calibration_error,
)
from insar_models.probes.probe import ProbeFit, quiet_threshold
from tasks.probes.samples import Samples

_DECIMALS = 4
_BOOTSTRAP = BootstrapPlan(seed=0, draws=1000)
_ALARM_BUDGETS = (0.01, 0.02, 0.05, 0.10, 0.20)


def judge_held_out(samples: Samples, areas: tuple[str, ...], fit: ProbeFit) -> dict[str, object]:
    """Return the figures of the training patches, each judged by a model fitted without its area.

    Overall with intervals over areas, by fold, by frame that holds deformation, and for other
    thresholds than the model's own. Numbers that a single class leaves undefined are None.
    """
    labels, logits = samples.labels, fit.held_out_logits
    return {
        "overall": judge_overall(samples, areas, fit),
        "by_fold": [
            {
                "fold": number,
                "volcanoes_deforming": _volcanoes_deforming(samples.patches, fit.fold == number),
                **few_figures(labels, logits, fit.fold == number, fit.threshold),
            }
            for number in range(len(fit.fold_weights))
        ],
        "by_frame_with_deformation": _by_frame(samples.patches, labels, logits, fit.threshold),
        "other_thresholds": operating_points(labels, logits),
    }


def judge_overall(samples: Samples, groups: tuple[str, ...], fit: ProbeFit) -> dict[str, object]:
    """Return the figures of all held-out patches, with intervals from a bootstrap over `groups`.

    Parameters
    ----------
    samples
        The training patches.
    groups
        What was held out together.
    fit
        The probe that was trained on them.
    """
    return overall_figures(samples.labels, groups, fit)


def overall_figures(
    labels: NDArray[np.int64], groups: tuple[str, ...], fit: ProbeFit
) -> dict[str, Any]:
    """Return the figures of samples with `labels` (n,), as `judge_overall` does."""
    logits = fit.held_out_logits
    probabilities = fit.calibration.probabilities(logits)
    figures = _figures(labels, logits, fit.threshold)
    for name, statistic in (("auroc", auroc), ("auprc", auprc)):
        interval = cluster_bootstrap_interval(labels, logits, groups, statistic, _BOOTSTRAP)
        figures[f"{name}_95_percent"] = [rounded(interval.low), rounded(interval.high)]
    calibration_error = expected_calibration_error(labels, probabilities)
    return figures | {
        "brier_score": rounded(brier_score(labels, probabilities)),
        "expected_calibration_error": rounded(calibration_error),
    }


def judge_test(
    samples: Samples, areas: tuple[str, ...], fit: ProbeFit, fold_of_area: dict[str, int]
) -> dict[str, object]:
    """Return the figures of the published test patches, read in two ways.

    *As published*, by the model itself, which has seen most of these areas, some of them on the
    same dates. *Areas held out*: each patch by the weights that saw nothing of its area.

    Parameters
    ----------
    samples
        The test patches.
    areas
        The area of each.
    fit
        The trained probe.
    fold_of_area
        The fold that each area of the training patches was held out in.
    """
    if not samples.patches:
        return {"deforming": 0, "quiet": 0}
    held_out = [
        fit.weights if area not in fold_of_area else fit.fold_weights[fold_of_area[area]]
        for area in areas
    ]
    logits = [
        float(weights.logits(features[np.newaxis])[0])
        for weights, features in zip(held_out, samples.features, strict=True)
    ]
    as_published = fit.weights.logits(samples.features)
    return {
        "areas_seen_in_training": sum(area in fold_of_area for area in areas),
        "as_published": _figures(samples.labels, as_published, fit.threshold),
        "areas_held_out": _figures(samples.labels, np.array(logits), fit.threshold),
    }


def _figures(
    labels: NDArray[np.int64], logits: NDArray[np.float64], threshold: float
) -> dict[str, Any]:
    counts = {"deforming": int(labels.sum()), "quiet": int((labels == 0).sum())}
    metrics = asdict(binary_metrics(labels, logits, threshold))
    return counts | {
        name: value if isinstance(value, int) else rounded(value) for name, value in metrics.items()
    }


def few_figures(
    labels: NDArray[np.int64],
    logits: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    threshold: float,
) -> dict[str, Any]:
    """Return the few figures that a part of the samples is large enough for.

    Parameters
    ----------
    labels, logits
        Shape (n,), of all samples.
    chosen
        Shape (n,): the part.
    threshold
        The logit from which on a sample counts as deforming.
    """
    figures = _figures(labels[chosen], logits[chosen], threshold)
    if figures["quiet"] == 0:
        figures["auprc"] = None  # 1 by definition, and says nothing
    names = ("deforming", "quiet", "auroc", "auprc", "recall", "false_positives")
    return {name: figures[name] for name in names}


def _by_frame(
    patches: tuple[S1Patch, ...],
    labels: NDArray[np.int64],
    logits: NDArray[np.float64],
    threshold: float,
) -> list[dict[str, Any]]:
    """Figures of each frame that has deformation."""
    frames = np.array([str(patch.frame) for patch in patches])
    return [
        {
            "frame": str(frame),
            "volcanoes_deforming": _volcanoes_deforming(patches, frames == frame),
            **few_figures(labels, logits, frames == frame, threshold),
        }
        for frame in np.unique(frames[labels == 1])
    ]


def _volcanoes_deforming(patches: tuple[S1Patch, ...], chosen: NDArray[np.bool_]) -> list[str]:
    return sorted({p.volcano for p, here in zip(patches, chosen, strict=True) if here and p.label})


def operating_points(
    labels: NDArray[np.int64], logits: NDArray[np.float64]
) -> list[dict[str, float | None]]:
    """Return threshold and recall for several shares of quiet samples that may reach it."""
    return [_operating_point(labels, logits, share) for share in _ALARM_BUDGETS]


def _operating_point(
    labels: NDArray[np.int64], logits: NDArray[np.float64], share: float
) -> dict[str, float | None]:
    threshold = quiet_threshold(logits[labels == 0], share)
    recall = float((logits[labels == 1] >= threshold).mean())
    return {"quiet_share_above": share, "threshold": rounded(threshold), "recall": rounded(recall)}


def rounded(value: float) -> float | None:
    """Return a figure as cards have it; None where it is not defined."""
    return round(value, _DECIMALS) if math.isfinite(value) else None
