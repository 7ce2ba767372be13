"""The figures of a row: probes on its features, judged by every set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insar_models.comparison.set_features import CORPUS
from insar_models.comparison.sets import QUIET_SHARE, JudgingSets, QuietWindows
from insar_models.detectors.window_fit import level_of_share, share_interval
from insar_models.detectors.window_score import highest
from insar_models.judging.bootstrap import BootstrapPlan
from insar_models.judging.figures import Verdicts, intervals_of, mean_figures
from insar_models.patchfile.picture_file import Pictures
from insar_models.phase.window_patches import PATCHES_PER_WINDOW
from insar_models.probes.held_out import FittedProbe, fit_probe_of_seed, judge_held_out_groups
from insar_models.probes.labelled_rows import LabelledRows
from insar_models.probes.linear_probe import LinearProbeSettings, train_of_seed

AREAS: Final = "s1-areas"
"""S1 by held-out areas."""

_PLAN: Final = BootstrapPlan(seed=0, draws=500)
_WITH_INTERVALS: Final = ("accuracy", "f1", "auroc", "auprc")
_SHOWN: Final = (
    "accuracy", "f1", "false_positives", "true_positives", "false_negatives", "true_negatives",
    "auroc", "auprc",
)  # fmt: skip

Figures = dict[str, float]
"""By name, such as ``s1-test.accuracy``; ``.low`` and ``.high`` are ends of 95 % intervals."""


@dataclass(frozen=True, eq=False)
class FoldFeatures:
    """Features of an encoder that saw no label of the patches `held_out`."""

    features: NDArray[np.float64]
    """Of all labelled patches, (n, d)."""
    held_out: NDArray[np.bool_]
    """Shape (n,)."""


def judge(
    features: Mapping[str, NDArray[np.float64]],
    folds: Sequence[FoldFeatures],
    sets: JudgingSets,
    settings: LinearProbeSettings,
    seeds: int,
) -> Figures:
    """Return all figures of a row, means over probe seeds.

    Parameters
    ----------
    features
        Of each set, as `set_features` gives them.
    folds
        Of encoders that learned from labels, one for each part of the areas; none where the
        encoder saw no labels, so that one judges all areas.
    sets
        What judges.
    settings
        Of the probes.
    seeds
        Of probes, at least 1.

    Raises
    ------
    BadInputError
        If the labels are from too few areas.
    ModelError
        If scikit-learn is not installed: features are kept, and can be judged elsewhere.
    """
    labelled, train = sets.labelled, train_of_seed(settings)
    found: Figures = {}
    if folds:
        by_seed = [_held_out_of_folds(folds, labelled, settings, seed) for seed in range(seeds)]
    else:
        judged = [
            judge_held_out_groups(features[CORPUS], labelled.labels, labelled.groups, train, seed)
            for seed in range(seeds)
        ]
        by_seed = [
            Verdicts.of(labelled.labels, one.scores, one.probabilities, labelled.groups)
            for one in judged
        ]
    found |= _named(AREAS, by_seed, labelled.groups)
    probes = [
        fit_probe_of_seed(features[CORPUS], labelled.labels, labelled.groups, train, seed)
        for seed in range(seeds)
    ]
    for name, pictures in sets.pictures.items():
        groups = tuple(pictures.groups.tolist())
        verdicts = [_of_pictures(features[name], pictures, probe) for probe in probes]
        found |= _named(name, verdicts, groups)
    if sets.windows is not None:
        found |= _of_windows(features["quiet"], features["moving"], sets.windows, probes)
    return found


def _held_out_of_folds(
    folds: Sequence[FoldFeatures], labelled: LabelledRows, settings: LinearProbeSettings, seed: int
) -> Verdicts:
    """Each patch by a probe and an encoder that saw no label of its area."""
    train = train_of_seed(settings)
    scores, probabilities = np.full(len(labelled.labels), np.nan), np.zeros(len(labelled.labels))
    for fold in folds:
        seen, out = ~fold.held_out, fold.held_out
        groups = tuple(np.array(labelled.groups)[seen].tolist())
        probe = fit_probe_of_seed(fold.features[seen], labelled.labels[seen], groups, train, seed)
        logits = probe.weights.logits(fold.features[out])
        scores[out] = logits - probe.threshold
        probabilities[out] = probe.calibration.probabilities(logits)
    return Verdicts.of(labelled.labels, scores, probabilities, labelled.groups)


def _of_pictures(features: NDArray[np.float64], pictures: Pictures, probe: FittedProbe) -> Verdicts:
    """A picture has the highest logit of its tiles; one that cannot be judged counts as quiet."""
    logits = np.fmax.reduceat(probe.weights.logits(features), pictures.first)
    logits = np.where(np.isfinite(logits), logits, np.nanmin(logits))
    return Verdicts.of(
        pictures.labels,
        logits - probe.threshold,
        probe.calibration.probabilities(logits),
        tuple(pictures.groups.tolist()),
    )


def _of_windows(
    quiet: NDArray[np.float64],
    moving: NDArray[np.float64],
    windows: QuietWindows,
    probes: Sequence[FittedProbe],
) -> Figures:
    """Share of the moving windows above what a fiftieth of the quiet ones reach."""
    founds = []
    for probe in probes:
        of_quiet, of_moving = (
            highest(probe.weights.logits(part).reshape(-1, PATCHES_PER_WINDOW))
            for part in (quiet, moving)
        )
        level = level_of_share(of_quiet, windows.volcano, QUIET_SHARE)
        founds.append(of_moving >= level)
    low, high = share_interval(np.mean(founds, axis=0), windows.moving_volcano)
    return {
        "windows.recall": float(np.mean(founds)),
        "windows.recall.low": low,
        "windows.recall.high": high,
        "windows.quiet": float(len(windows.volcano)),
        "windows.moving": float(len(windows.moving_volcano)),
    }


def _named(name: str, by_seed: Sequence[Verdicts], groups: Sequence[str]) -> Figures:
    figures = mean_figures(by_seed)
    found = {f"{name}.{word}": figures[word] for word in _SHOWN}
    intervals = intervals_of(by_seed, groups, _PLAN)
    for word in _WITH_INTERVALS:
        found[f"{name}.{word}.low"] = intervals[word].low
        found[f"{name}.{word}.high"] = intervals[word].high
    return found
