"""Evaluate: what a model says of labelled pictures, beside what a person said."""

import dataclasses
import json
import logging
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalogs.images import LabelledPicture, SkippedFile, read_labelled_folder, read_picture
from fringewatch.errors import BadInputError, FringewatchError
from insar_models.detector import Detector
from insar_models.metrics import (
    BinaryMetrics,
    binary_metrics,
    brier_score,
    expected_calibration_error,
)
from insar_models.picture_tiles import cut_tiles
from insar_models.quicklook import PictureFamily, decode_picture
from tasks.progress import report_progress

_LOGGER = logging.getLogger(__name__)
_TILES_AT_ONCE = 32  # 6 MB of phase


@dataclass(frozen=True)
class PictureResult:
    """What the model says of one picture."""

    path: str
    """Relative to the evaluated folder."""
    label: int
    family: PictureFamily
    logit: float
    """The highest of the picture's tiles."""
    probability: float
    positive: bool


@dataclass(frozen=True)
class FamilyCount:
    """How many scored pictures of one rendering there are, by label."""

    family: PictureFamily
    without_deformation: int
    with_deformation: int


@dataclass(frozen=True)
class EvaluationReport:
    """An evaluation from which every figure can be checked."""

    model: str
    model_sha256: str
    threshold: float
    folder: Path
    metrics: BinaryMetrics
    brier_score: float
    expected_calibration_error: float
    families: tuple[FamilyCount, ...]
    pictures: tuple[PictureResult, ...]
    skipped: tuple[SkippedFile, ...]

    def to_json(self) -> str:
        """Return the whole report as JSON; what is not defined (NaN) is null."""
        fields = dataclasses.asdict(self)
        return json.dumps(_plain(fields), indent=2, allow_nan=False) + "\n"


def evaluate_folder(model: Detector, directory: Path) -> EvaluationReport:
    """Return what `model` says of the pictures in `directory`/0 and `directory`/1.

    A picture larger than a patch (224 pixels) is cut into tiles that cover it, and its logit is
    the highest of theirs: the label says that the ground deforms somewhere in the picture, and a
    pair is scored by the highest of its patches in operation too. The paper looks at the upper
    left corner only, which leaves most of its larger pictures unseen. A smaller picture is padded
    with no data. Files that cannot be read or scored are listed with the reason.

    Raises
    ------
    BadInputError
        If the folder has not the expected form, or not one of its pictures can be scored.
    """
    folder = read_labelled_folder(directory)
    skipped = list(folder.skipped)
    results = list(_score(model, folder.pictures, directory, skipped))
    if not results:
        first = skipped[-1]
        message = (
            f"none of the {len(folder.pictures)} pictures in {directory} can be scored; "
            f"{first.path}: {first.reason}"
        )
        raise BadInputError(message)
    for file in skipped:
        _LOGGER.warning("skipped %s: %s", file.path, file.reason)
    labels = np.array([result.label for result in results])
    probabilities = np.array([result.probability for result in results])
    return EvaluationReport(
        model=model.name,
        model_sha256=model.sha256,
        threshold=model.threshold,
        folder=directory,
        metrics=binary_metrics(labels, [result.logit for result in results], model.threshold),
        brier_score=brier_score(labels, probabilities),
        expected_calibration_error=expected_calibration_error(labels, probabilities),
        families=_count_families(results),
        pictures=tuple(results),
        skipped=tuple(skipped),
    )


def format_report(report: EvaluationReport) -> str:
    """Return the report for a terminal: Table II's columns first, then what it leaves out."""
    metrics = report.metrics
    columns = {
        "accuracy": _percent(metrics.accuracy),
        "FP": str(metrics.false_positives),
        "TP": str(metrics.true_positives),
        "FN": str(metrics.false_negatives),
        "TN": str(metrics.true_negatives),
        "F1": _percent(metrics.f1),
        "precision": _percent(metrics.precision),
        "recall": _percent(metrics.recall),
        "AUROC": _fraction(metrics.auroc),
        "AUPRC": _fraction(metrics.auprc),
        "balanced accuracy": _percent(metrics.balanced_accuracy),
        "ECE": _fraction(report.expected_calibration_error),
        "Brier": _fraction(report.brier_score),
    }
    families = [
        (family.family, str(family.without_deformation), str(family.with_deformation))
        for family in report.families
    ]
    lines = [
        f"model {report.model} ({report.model_sha256[:12]}), threshold {report.threshold:.3f}",
        f"{len(report.pictures)} pictures of {report.folder}",
        "",
        *_table([tuple(columns), tuple(columns.values())]),
        "",
        *_table([("rendering", "0 (none)", "1 (deformation)"), *families]),
    ]
    if report.skipped:
        lines += ["", f"{len(report.skipped)} skipped:"]
        lines += [f"  {file.path}: {file.reason}" for file in report.skipped]
    return "\n".join(lines)


def _score(
    model: Detector,
    pictures: tuple[LabelledPicture, ...],
    directory: Path,
    skipped: list[SkippedFile],
) -> Iterator[PictureResult]:
    """Yield the result of each picture, and note in `skipped` those that have none."""
    readable = _read_tiles(pictures, skipped)
    for batch in _batches(readable):
        logits = model.logits(np.concatenate([tiles for _, _, tiles in batch]))
        ends = np.cumsum([len(tiles) for _, _, tiles in batch])[:-1]
        for (picture, family, _), own in zip(batch, np.split(logits, ends), strict=True):
            if np.isnan(own).all():
                skipped.append(SkippedFile(picture.path, "too little valid phase to be scored"))
                continue
            logit = float(np.nanmax(own))
            yield PictureResult(
                path=picture.path.relative_to(directory).as_posix(),
                label=picture.label,
                family=family,
                logit=logit,
                probability=float(model.probabilities(np.array([logit]))[0]),
                positive=logit >= model.threshold,
            )


_Tiles = tuple[LabelledPicture, PictureFamily, NDArray[np.float32]]


def _read_tiles(
    pictures: tuple[LabelledPicture, ...], skipped: list[SkippedFile]
) -> Iterator[_Tiles]:
    """Yield each picture with its family and its tiles; one that has none goes to `skipped`."""
    for done, picture in enumerate(pictures, start=1):
        try:
            decoded = decode_picture(read_picture(picture.path))
        except FringewatchError as error:
            reason = str(error).removeprefix(f"{picture.path}: ")
            skipped.append(SkippedFile(picture.path, reason))
        else:
            tiles = cut_tiles(decoded.phase_rad)
            if len(tiles):
                yield picture, decoded.family, tiles
            else:
                skipped.append(SkippedFile(picture.path, "it shows no phase, only no data"))
        report_progress("evaluating", done, len(pictures))


def _batches(items: Iterable[_Tiles]) -> Iterator[list[_Tiles]]:
    """Yield the pictures in lists of about `_TILES_AT_ONCE` tiles; a picture stays whole."""
    batch: list[_Tiles] = []
    for item in items:
        batch.append(item)
        if sum(len(tiles) for _, _, tiles in batch) >= _TILES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _count_families(results: list[PictureResult]) -> tuple[FamilyCount, ...]:
    counts = []
    for family in PictureFamily:
        labels = [result.label for result in results if result.family is family]
        if labels:
            counts.append(FamilyCount(family, labels.count(0), labels.count(1)))
    return tuple(counts)


def _plain(value: object) -> object:
    """The same value in JSON's own types."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return value.as_posix()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100.0 * share:.1f} %"


def _fraction(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
