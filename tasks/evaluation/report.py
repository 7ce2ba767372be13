"""The report of an evaluation, from which every figure can be checked."""

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import numpy as np

from insar_models.judging.bootstrap import BootstrapPlan, Interval
from insar_models.judging.detection_curve import DetectionCurve, Pointing
from insar_models.judging.figures import (
    GroupFigures,
    Verdicts,
    by_group,
    chance_figures,
    intervals_of,
    mean_figures,
    seed_ranges,
)
from tasks.evaluation.candidates import Role, SampleScores
from tasks.evaluation.samples import GroupBy, Sample, SamplePlace, groups_of

CHANCE: Final = "chance"


@dataclass(frozen=True)
class CandidateReport:
    """What a candidate is worth."""

    name: str
    role: Role
    sha256: tuple[str, ...]
    thresholds: tuple[float, ...]
    """Of the models' cards, one a seed; empty where every fold has its own."""
    figures: dict[str, float]
    """Means over seeds."""
    intervals: dict[str, Interval]
    """Of the means, by drawing groups."""
    over_seeds: dict[str, Interval]
    """Least and greatest; empty for a single detector."""
    groups: dict[GroupBy, tuple[GroupFigures, ...]]
    detection: tuple[tuple[DetectionCurve, ...], ...] = ()
    """For each seed at each share of false alarms; empty unless the set is simulated."""
    pointing: Pointing | None = None
    """Of the first seed; None unless the set is simulated and says how large sources are."""


@dataclass(frozen=True)
class ChanceReport:
    """What a detector that knows nothing gets, calling as many samples as the first candidate."""

    figures: dict[str, float]
    intervals: dict[str, Interval]


@dataclass(frozen=True)
class SampleRow:
    """What each candidate says of one sample, a number for each seed."""

    name: str
    label: int
    family: str
    place: SamplePlace
    scores: dict[str, list[float]]
    """Logits less the threshold: from 0 on the sample counts as deforming."""
    probabilities: dict[str, list[float]]


@dataclass(frozen=True)
class FamilyCount:
    """How many pictures of one rendering there are, by label."""

    family: str
    without_deformation: int
    with_deformation: int


@dataclass(frozen=True)
class Skipped:
    """What was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class EvaluationReport:
    """An evaluation of one or several candidates on the same samples."""

    source: str
    """The evaluated folder or corpus."""
    grouped_by: GroupBy
    groups: int
    candidates: tuple[CandidateReport, ...]
    chance: ChanceReport
    families: tuple[FamilyCount, ...]
    samples: tuple[SampleRow, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    """What the reader of the figures must know."""

    def to_json(self) -> str:
        """Return the whole report as JSON; what is not defined (NaN) is null."""
        return json.dumps(_plain(dataclasses.asdict(self)), indent=2, allow_nan=False) + "\n"


def report_on(
    candidate: SampleScores, samples: Sequence[Sample], grouped_by: GroupBy, plan: BootstrapPlan
) -> CandidateReport:
    """Return the figures of one candidate, without what only simulated sets tell."""
    by_seed = verdicts_of(candidate, samples)
    return CandidateReport(
        name=candidate.name,
        role=candidate.role,
        sha256=candidate.sha256,
        thresholds=candidate.thresholds,
        figures=mean_figures(by_seed),
        intervals=intervals_of(by_seed, groups_of(samples, grouped_by), plan),
        over_seeds=seed_ranges(by_seed) if len(by_seed) > 1 else {},
        groups={by: by_group(by_seed, groups_of(samples, by)) for by in GroupBy},
    )


def report_on_chance(
    candidate: SampleScores, samples: Sequence[Sample], grouped_by: GroupBy, plan: BootstrapPlan
) -> ChanceReport:
    """Return the figures of the candidate's first seed when labels are dealt out anew."""
    first = verdicts_of(candidate, samples)[0]
    return ChanceReport(*chance_figures(first, groups_of(samples, grouped_by), plan))


def verdicts_of(candidate: SampleScores, samples: Sequence[Sample]) -> list[Verdicts]:
    """Return the verdicts of each seed of a candidate."""
    labels = np.array([sample.label for sample in samples], dtype=np.int64)
    scenes = groups_of(samples, GroupBy.SCENE)
    return [
        Verdicts.of(labels, scores, probabilities, scenes)
        for scores, probabilities in zip(candidate.scores, candidate.probabilities, strict=True)
    ]


def sample_rows(judged: Sequence[SampleScores], samples: Sequence[Sample]) -> tuple[SampleRow, ...]:
    """Return the rows of all samples."""
    return tuple(
        SampleRow(
            name=sample.name,
            label=sample.label,
            family=sample.family,
            place=sample.place,
            scores={one.name: one.scores[:, at].tolist() for one in judged},
            probabilities={one.name: one.probabilities[:, at].tolist() for one in judged},
        )
        for at, sample in enumerate(samples)
    )


def family_counts(samples: Sequence[Sample]) -> tuple[FamilyCount, ...]:
    """Return how many samples of each rendering there are; none for patches of a corpus."""
    counts = []
    for family in sorted({sample.family for sample in samples if sample.family}):
        labels = [sample.label for sample in samples if sample.family == family]
        counts.append(FamilyCount(family, labels.count(0), labels.count(1)))
    return tuple(counts)


def _plain(value: object) -> object:
    """The same value in JSON's own types."""
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return value.as_posix()
    return None if isinstance(value, float) and not math.isfinite(value) else value
