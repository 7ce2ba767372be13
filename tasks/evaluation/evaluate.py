"""Evaluate: what candidates and controls are worth on labelled pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from catalogs.pictures.images import LabelledPicture, read_labelled_folder
from insar_models.judging.bootstrap import BootstrapPlan
from tasks.evaluation.candidates import Candidate, SampleScores, own_names
from tasks.evaluation.pictures import CheckShape, relative_name, score_pictures
from tasks.evaluation.places import places_of
from tasks.evaluation.report import (
    EvaluationReport,
    Skipped,
    family_counts,
    report_on,
    report_on_chance,
    sample_rows,
)
from tasks.evaluation.samples import GroupBy, Sample, SamplePlace
from tasks.evaluation.simulated import curves_of, pointing_of
from tasks.evaluation.truth import SimulatedTruth, check_shape, read_truth

NO_INDEX: Final = (
    "there is no index.csv: each picture counts as a place of its own, so that intervals are too "
    "narrow where pictures show the same place"
)
FEW_QUIET: Final = "quiet pictures are too few for 1 % false alarms: the threshold lies above all"
NO_FOOTPRINTS: Final = "truth.csv has no footprint_pixels: where the maps point to cannot be judged"
_QUIET_FOR_CURVES: Final = 100


@dataclass(frozen=True)
class Judging:
    """How figures are made of verdicts."""

    grouped_by: GroupBy = GroupBy.AREA
    plan: BootstrapPlan = field(default_factory=lambda: BootstrapPlan(seed=0, draws=1000))


def evaluate_pictures(
    candidates: Sequence[Candidate], directory: Path, judging: Judging, notes: Sequence[str] = ()
) -> EvaluationReport:
    """Return what candidates are worth on the pictures in `directory`/0 and `directory`/1.

    Groups come from an ``index.csv`` of S1's or C1's form in the folder or its parent. With a
    ``truth.csv`` in the folder it is a simulated set, and detection curves are added. Thresholds
    and probabilities are those of the models' cards: nothing is fitted to the pictures.

    Raises
    ------
    BadInputError
        If the folder has not the expected form, one class is empty or cannot be judged, or an
        index or a truth does not fit the pictures.
    """
    folder = read_labelled_folder(directory)
    truth = read_truth(directory, folder.pictures)
    found = None if truth is not None else places_of(directory, folder.pictures)
    names = own_names([candidate.name for candidate in candidates])
    named = [replace(one, name=name) for one, name in zip(candidates, names, strict=True)]
    scored = score_pictures(named, folder, _check_of(truth))
    known = {} if found is None else dict(zip(folder.pictures, found, strict=True))
    samples = [
        Sample(
            relative_name(picture, directory),
            picture.label,
            family.value,
            known.get(picture) or _own_place(picture, directory, truth),
        )
        for picture, family in zip(scored.pictures, scored.families, strict=True)
    ]
    told = list(notes)
    if truth is None and found is None:
        told.append(NO_INDEX)
    report = report_of(directory.as_posix(), scored.judged, samples, judging)
    skipped = tuple(Skipped(str(file.path), file.reason) for file in scored.skipped)
    if truth is not None:
        report = _with_simulated(report, named, scored.judged, scored.pictures, truth)
    return replace(report, skipped=skipped, notes=(*told, *report.notes))


def report_of(
    source: str, judged: Sequence[SampleScores], samples: Sequence[Sample], judging: Judging
) -> EvaluationReport:
    """Return the report on verdicts, without notes and what only simulated sets tell."""
    by, plan = judging.grouped_by, judging.plan
    return EvaluationReport(
        source=source,
        grouped_by=by,
        groups=len({sample.place.group(by) for sample in samples}),
        candidates=tuple(report_on(one, samples, by, plan) for one in judged),
        chance=report_on_chance(judged[0], samples, by, plan),
        families=family_counts(samples),
        samples=sample_rows(judged, samples),
        skipped=(),
        notes=(),
    )


def _with_simulated(
    report: EvaluationReport,
    candidates: Sequence[Candidate],
    judged: Sequence[SampleScores],
    pictures: Sequence[LabelledPicture],
    truth: SimulatedTruth,
) -> EvaluationReport:
    """The report, with what can be said only where the truth is simulated."""
    reports = tuple(
        replace(
            found,
            detection=curves_of(own, pictures, truth),
            pointing=pointing_of(candidate.detectors[0], pictures, truth),
        )
        for found, candidate, own in zip(report.candidates, candidates, judged, strict=True)
    )
    quiet = sum(picture.label == 0 for picture in pictures)
    notes = [FEW_QUIET] if quiet < _QUIET_FOR_CURVES else []
    if reports[0].pointing is None:
        notes.append(NO_FOOTPRINTS)
    return replace(report, candidates=reports, notes=tuple(notes))


def _check_of(truth: SimulatedTruth | None) -> CheckShape | None:
    if truth is None:
        return None
    return lambda picture, shape: check_shape(truth.sources.get(picture.path), picture, shape)


def _own_place(
    picture: LabelledPicture, directory: Path, truth: SimulatedTruth | None
) -> SamplePlace:
    scene = None if truth is None else truth.scenes.get(picture.path)
    return SamplePlace.only(scene or relative_name(picture, directory))
