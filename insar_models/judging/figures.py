"""All figures of a detector on labelled samples, with intervals, by group, and those of chance.

Every figure is a number with a name, so that means over seeds, intervals and tables treat them
alike. What the labels leave undefined is NaN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.judging.bootstrap import (
    BootstrapPlan,
    Interval,
    group_resamples,
    members_of,
    percentile_interval,
)
from insar_models.judging.metrics import (
    auprc_at,
    auroc,
    binary_metrics,
    brier_score,
    expected_calibration_error,
)

FIELD_PREVALENCE: Final = 0.02
"""Share of deforming pictures that a detector meets in operation, roughly."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What a detector says of n labelled samples.

    Raises
    ------
    BadInputError
        If the lengths differ or are 0, or a label is not 0 or 1.
    """

    labels: NDArray[np.int64]
    """1 deforms, 0 does not."""
    scores: NDArray[np.float64]
    """Finite logits less the threshold: from 0 on a sample counts as deforming."""
    probabilities: NDArray[np.float64]
    scene_weights: NDArray[np.float64]
    """For a deforming sample, 1 over the number of deforming samples of its scene."""

    @classmethod
    def of(
        cls,
        labels: NDArray[np.int64],
        scores: NDArray[np.float64],
        probabilities: NDArray[np.float64],
        scenes: Sequence[str],
    ) -> Self:
        """Return the verdicts on samples, each of which has the name of its scene."""
        if not len(labels) == len(scores) == len(probabilities) == len(scenes):
            message = (
                f"{len(labels)} labels, {len(scores)} scores, {len(probabilities)} probabilities "
                f"and {len(scenes)} scenes: expected one of each for every sample"
            )
            raise BadInputError(message)
        weights = np.zeros(len(labels))
        for rows in members_of(scenes):
            weights[rows] = labels[rows] / max(1, int(labels[rows].sum()))
        return cls(labels, scores, probabilities, weights)

    def take(self, rows: NDArray[np.int64]) -> "Verdicts":
        """Return the samples of `rows`, some of them several times; weights stay as they were."""
        return Verdicts(
            self.labels[rows], self.scores[rows], self.probabilities[rows], self.scene_weights[rows]
        )


@dataclass(frozen=True)
class GroupFigures:
    """The few figures that one group is large enough for; NaN where its labels leave none."""

    group: str
    deforming: int
    quiet: int
    recall: float
    false_alarm_share: float
    """Of the quiet samples, the share that is called deforming."""
    auroc: float


def figures_of(verdicts: Verdicts) -> dict[str, float]:
    """Return every figure by name, those of `BinaryMetrics` first.

    ``scene_recall`` is the mean over deforming scenes of the share of each that is found: a scene
    with fifty pictures counts no more than one with two.
    """
    labels, scores = verdicts.labels, verdicts.scores
    weight = float(verdicts.scene_weights[labels == 1].sum())
    found = float(verdicts.scene_weights[(labels == 1) & (scores >= 0.0)].sum())
    metrics = asdict(binary_metrics(labels, scores, 0.0))
    return {name: float(value) for name, value in metrics.items()} | {
        "auprc_at_2_percent": auprc_at(labels, scores, FIELD_PREVALENCE),
        "expected_calibration_error": expected_calibration_error(labels, verdicts.probabilities),
        "brier_score": brier_score(labels, verdicts.probabilities),
        "scene_recall": found / weight if weight else float("nan"),
    }


def mean_figures(by_seed: Sequence[Verdicts]) -> dict[str, float]:
    """Return the mean of each figure over probes that differ by their seed alone."""
    return _means([figures_of(verdicts) for verdicts in by_seed])


def intervals_of(
    by_seed: Sequence[Verdicts], groups: Sequence[str], plan: BootstrapPlan
) -> dict[str, Interval]:
    """Return the interval of each mean figure when whole groups are drawn with replacement.

    Parameters
    ----------
    by_seed
        Verdicts on the same samples, one for each seed.
    groups
        The group of each sample.
    plan
        How to resample.
    """
    drawn = [
        mean_figures([verdicts.take(rows) for verdicts in by_seed])
        for rows in group_resamples(groups, plan)
    ]
    return _intervals(drawn, plan.level)


def seed_ranges(by_seed: Sequence[Verdicts]) -> dict[str, Interval]:
    """Return the least and the greatest of each figure over seeds."""
    return _intervals([figures_of(verdicts) for verdicts in by_seed], 1.0)


def chance_figures(
    verdicts: Verdicts, groups: Sequence[str], plan: BootstrapPlan
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Return figures, and the range of each, when the labels are dealt out to the samples anew.

    A detector that knows nothing has these. Labels move in whole runs, those of one group after
    those of another, because pictures of one place share their label: dealt out one by one, luck
    would look smaller than it is.

    Parameters
    ----------
    verdicts
        Of a detector, which calls as many samples deforming as it did.
    groups
        The group of each sample.
    plan
        Seed, how many times, and how much of the range.
    """
    members = members_of(groups)
    places = np.concatenate(members)
    generator = np.random.default_rng(plan.seed)
    drawn = []
    for _ in range(plan.draws):
        order = np.concatenate([members[group] for group in generator.permutation(len(members))])
        # A run may begin anywhere, else two groups would leave two ways to deal.
        order = np.roll(order, int(generator.integers(len(order))))
        labels, weights = verdicts.labels.copy(), verdicts.scene_weights.copy()
        labels[places], weights[places] = verdicts.labels[order], verdicts.scene_weights[order]
        drawn.append(figures_of(Verdicts(labels, verdicts.scores, verdicts.probabilities, weights)))
    return _means(drawn), _intervals(drawn, plan.level)


def by_group(by_seed: Sequence[Verdicts], groups: Sequence[str]) -> tuple[GroupFigures, ...]:
    """Return the figures of each group, means over seeds, sorted by name."""
    names = sorted(set(groups))
    return tuple(
        GroupFigures(
            group=name,
            deforming=int(by_seed[0].labels[rows].sum()),
            quiet=int((by_seed[0].labels[rows] == 0).sum()),
            recall=_share_called(by_seed, rows, 1),
            false_alarm_share=_share_called(by_seed, rows, 0),
            auroc=float(np.mean([auroc(v.labels[rows], v.scores[rows]) for v in by_seed])),
        )
        for name, rows in zip(names, members_of(groups), strict=True)
    )


def _share_called(by_seed: Sequence[Verdicts], rows: NDArray[np.int64], label: int) -> float:
    chosen = rows[by_seed[0].labels[rows] == label]
    if len(chosen) == 0:
        return float("nan")
    return float(np.mean([(verdicts.scores[chosen] >= 0.0).mean() for verdicts in by_seed]))


def _means(drawn: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each figure where it is defined; NaN where it never is."""
    means = {}
    for name in drawn[0]:
        values = np.array([figures[name] for figures in drawn])
        defined = values[~np.isnan(values)]
        means[name] = float(defined.mean()) if len(defined) else float("nan")
    return means


def _intervals(drawn: Sequence[Mapping[str, float]], level: float) -> dict[str, Interval]:
    return {
        name: percentile_interval([figures[name] for figures in drawn], level) for name in drawn[0]
    }
