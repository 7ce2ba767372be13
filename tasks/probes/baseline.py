"""Probe: train the classifier of baseline 0 on labelled patches, judge it, and keep it."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogs.pictures.s1_index import S1Patch, S1Split, areas_of, contradictions, read_s1_index
from catalogs.storage.place import Place
from insar_models.detectors.linear import LinearDetector
from insar_models.detectors.registry import save_model
from insar_models.model_folder import check_model_name
from insar_models.probes.labelled_rows import REYKJANES
from insar_models.probes.probe import ProbeSettings, fit_probe
from tasks.probes.baseline_card import TrainingData, write_record
from tasks.probes.judgement import judge_held_out, judge_overall, judge_test
from tasks.probes.samples import LeftOut, compute_samples, select_training

_LOGGER = logging.getLogger(__name__)
_SETTINGS = ProbeSettings()
_NAMED = 3  # files that the log names for each reason; the report holds all


@dataclass(frozen=True)
class ProbeReport:
    """What was trained, on what, and how well it does."""

    folder: Path | Place
    """Where the model lies now."""
    sha256: str
    deforming: int
    quiet: int
    """Patches that were learned from."""
    left_out: tuple[LeftOut, ...]
    """Every patch that was not learned from or not judged, with the reason."""
    threshold: float
    metrics: dict[str, Any]
    """As in the card: `held_out`, `frames_held_out` and `test`."""

    def __str__(self) -> str:
        """Return a few lines for a person."""
        overall = self.metrics["held_out"]["overall"]
        lines = [
            f"model written to {self.folder} (sha256 {self.sha256[:12]}...)",
            (
                f"learned from {self.deforming} deforming and {self.quiet} quiet patches, "
                f"{len(self.left_out)} left out"
            ),
            (
                f"areas held out: AUROC {overall['auroc']}, AUPRC {overall['auprc']}; from logit "
                f"{self.threshold:.3f} on: recall {overall['recall']}, "
                f"{overall['false_positives']} false alarms"
            ),
        ]
        if "as_published" in self.metrics["test"]:
            test = self.metrics["test"]["as_published"]
            lines.append(f"published test: AUROC {test['auroc']}, accuracy {test['accuracy']}")
        return "\n".join(lines)


def train_probe(data: Path, name: str, models: Path) -> ProbeReport:
    """Train a linear detector on labelled patches, write it to `models`/`name`, and report.

    Volcanoes of Reykjanes are neither learned from nor tested on. The same patches and versions
    give the same files, byte for byte.

    Parameters
    ----------
    data
        Folder in the form of the dataset S1, with its ``index.csv``.
    name
        Of the new model; one that is there already is replaced.
    models
        Folder that the model's own folder goes into.

    Raises
    ------
    BadInputError
        If the index is missing or wrong, or the patches are too few or from too few places.
    ModelError
        If `name` cannot be a model's name.
    HomeError
        If the model cannot be written.
    """
    check_model_name(name)
    index = read_s1_index(data)
    chosen, not_chosen = select_training(index)
    training, unusable = compute_samples(chosen, "features of training patches")
    test, unjudged = compute_samples(_test_patches(index), "features of test patches")
    _log_left_out(not_chosen + unusable + unjudged)
    areas = areas_of(training.patches + test.patches)
    training_areas, test_areas = areas[: len(training.patches)], areas[len(training.patches) :]
    fit = fit_probe(training.features, training.labels, training_areas, _SETTINGS)
    fold_of_area = dict(zip(training_areas, fit.fold.tolist(), strict=True))
    frames = tuple(str(patch.frame) for patch in training.patches)
    by_frame = fit_probe(training.features, training.labels, frames, _SETTINGS)
    metrics = {
        "held_out": judge_held_out(training, training_areas, fit),
        "frames_held_out": judge_overall(training, frames, by_frame),
        "test": judge_test(test, test_areas, fit, fold_of_area),
    }
    learned = TrainingData(
        patches=training.patches,
        areas=training_areas,
        left_out=not_chosen + unusable,
        contradictions=contradictions(training.patches),
    )
    model = LinearDetector(name, "", fit.threshold, fit.calibration, fit.weights)
    record = write_record(name, learned, _SETTINGS, len(fit.fold_weights), metrics)
    sha256 = save_model(models / name, model, record)
    deforming = int(training.labels.sum())
    return ProbeReport(
        folder=models / name,
        sha256=sha256,
        deforming=deforming,
        quiet=len(training.patches) - deforming,
        left_out=not_chosen + unusable + unjudged,
        threshold=fit.threshold,
        metrics=metrics,
    )


def _test_patches(index: tuple[S1Patch, ...]) -> tuple[S1Patch, ...]:
    return tuple(p for p in index if p.split is S1Split.TEST and p.volcano not in REYKJANES)


def _log_left_out(left_out: tuple[LeftOut, ...]) -> None:
    """Tell how many patches each reason left out, with the first few by name."""
    by_reason: dict[str, list[LeftOut]] = {}
    for item in left_out:
        by_reason.setdefault(item.reason, []).append(item)
    for reason, items in by_reason.items():
        named = "; ".join(item.detail or item.file for item in items[:_NAMED])
        more = ", ..." if len(items) > _NAMED else ""
        _LOGGER.info("%d patches left out, %s: %s%s", len(items), reason, named, more)
