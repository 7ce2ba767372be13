"""The report for a terminal: Table II's columns first, then what it leaves out."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from insar_models.judging.bootstrap import Interval
from insar_models.judging.detection_curve import FALSE_ALARM_SHARES, DetectionCell
from tasks.evaluation.report import CHANCE, CandidateReport, EvaluationReport

_PERCENT: Final = ("accuracy", "precision", "recall", "balanced_accuracy", "scene_recall")
_COUNTS: Final = ("false_positives", "true_positives", "false_negatives", "true_negatives")
_COLUMNS: Final = {
    "accuracy": "ACC",
    "false_positives": "FP",
    "true_positives": "TP",
    "false_negatives": "FN",
    "true_negatives": "TN",
    "f1": "F1",
    "precision": "P",
    "recall": "R",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "auprc_at_2_percent": "AUPRC 2 %",
    "balanced_accuracy": "balanced",
    "expected_calibration_error": "ECE",
    "brier_score": "Brier",
    "scene_recall": "R by scene",
}
"""Of the figures, in the order of the paper's Table II first."""

_FARTHEST_M: Final = 100.0
_MOST_SKIPPED: Final = 20


def format_report(report: EvaluationReport) -> str:
    """Return the report as lines of text; the whole of it is in its JSON."""
    deforming = sum(sample.label for sample in report.samples)
    lines = [
        f"{report.source}: {len(report.samples)} samples ({deforming} deforming, "
        f"{len(report.samples) - deforming} quiet) in {report.groups} groups by "
        f"{report.grouped_by}",
        *_about(report.candidates),
        "",
        *_figures(report),
        "",
        f"95 % intervals, {report.grouped_by} by {report.grouped_by}; of {CHANCE}, what luck does",
        *_intervals(report),
    ]
    for title, rows in (
        ("lowest to highest over probe seeds", _over_seeds(report)),
        (f"found of each {report.grouped_by} that deforms", _groups(report)),
        *_curves(report),
        ("place that is named for the tables inside of the source", _pointing(report)),
        ("renderings", _families(report)),
    ):
        if rows:
            lines += ["", title, *_table(rows)]
    lines += [f"note: {note}" for note in report.notes]
    if report.skipped:
        lines += ["", f"{len(report.skipped)} skipped:"]
        lines += [f"  {file.name}: {file.reason}" for file in report.skipped[:_MOST_SKIPPED]]
        if len(report.skipped) > _MOST_SKIPPED:
            lines.append(f"  ... and {len(report.skipped) - _MOST_SKIPPED} more, in the JSON")
    return "\n".join(lines)


_Rows = list[tuple[str, ...]]


def _about(candidates: Sequence[CandidateReport]) -> list[str]:
    lines = []
    for one in candidates:
        hashes = sorted({sha256[:12] for sha256 in one.sha256 if sha256})
        thresholds = [f"{threshold:.3f}" for threshold in one.thresholds]
        parts = [str(one.role), *(f"weights {sha256}" for sha256 in hashes)]
        if thresholds:
            parts.append(f"threshold {', '.join(thresholds)}")
        lines.append(f"  {one.name}: {'; '.join(parts)}")
    return lines


def _figures(report: EvaluationReport) -> list[str]:
    rows: _Rows = [("", *_COLUMNS.values())]
    named = [(one.name, one.figures) for one in report.candidates]
    for name, figures in (*named, (CHANCE, report.chance.figures)):
        rows.append((name, *(_figure(column, figures[column]) for column in _COLUMNS)))
    return _table(rows)


def _intervals(report: EvaluationReport) -> list[str]:
    shown = [column for column in _COLUMNS if column not in _COUNTS]
    rows: _Rows = [("", *(_COLUMNS[column] for column in shown))]
    named = [(one.name, one.intervals) for one in report.candidates]
    for name, intervals in (*named, (CHANCE, report.chance.intervals)):
        rows.append((name, *(_interval(column, intervals[column]) for column in shown)))
    return _table(rows)


def _over_seeds(report: EvaluationReport) -> _Rows:
    """Rows of the figures over seeds; none where no candidate has several."""
    shown = [column for column in _COLUMNS if column not in _COUNTS]
    rows: _Rows = [
        (
            f"{one.name} ({one.over_seeds['accuracy'].draws})",
            *(_interval(column, one.over_seeds[column]) for column in shown),
        )
        for one in report.candidates
        if one.over_seeds
    ]
    return [("(seeds)", *(_COLUMNS[column] for column in shown)), *rows] if rows else []


def _groups(report: EvaluationReport) -> _Rows:
    """Rows of the groups that deform; none where each source is a group."""
    by_candidate = [one.groups[report.grouped_by] for one in report.candidates]
    rows: _Rows = [
        (
            of_group[0].group,
            str(of_group[0].deforming),
            str(of_group[0].quiet),
            *(_figure("recall", one.recall) for one in of_group),
        )
        for of_group in zip(*by_candidate, strict=True)
        if of_group[0].deforming
    ]
    head = ("", "deforming", "quiet", *(one.name for one in report.candidates))
    # A group for each source would be a list of sources.
    return [head, *rows] if len(rows) < sum(sample.label for sample in report.samples) else []


def _curves(report: EvaluationReport) -> list[tuple[str, _Rows]]:
    """Share found by kind and peak, the mean over seeds, at each share of false alarms."""
    found = []
    for at, share in enumerate(FALSE_ALARM_SHARES):
        for one in report.candidates:
            if one.detection:
                curves = [of_seed[at] for of_seed in one.detection]
                title = (
                    f"{one.name}: share found at {share:.0%} false alarms "
                    f"({curves[0].false_alarms} of {curves[0].quiet} quiet), by peak in cm"
                )
                found.append((title, _curve([curve.cells for curve in curves])))
    return found


def _curve(by_seed: Sequence[tuple[DetectionCell, ...]]) -> _Rows:
    """Rows of the share that was found, by kind and size of the source."""
    bins = sorted({(cell.least_m, cell.below_m) for cell in by_seed[0]})
    kinds = dict.fromkeys(cell.kind for cell in by_seed[0])
    cells = {(of[0].kind, of[0].least_m): of for of in zip(*by_seed, strict=True)}
    rows: _Rows = [("", *(_bin(least, below) for least, below in bins))]
    for kind in kinds:
        words = []
        for least, _ in bins:
            of_seeds = cells.get((kind, least))
            if of_seeds is None:
                words.append("-")
                continue
            mean = np.mean([cell.found / cell.sources for cell in of_seeds])
            words.append(f"{100.0 * mean:.0f} % of {of_seeds[0].sources}")
        rows.append((kind, *words))
    return rows


def _pointing(report: EvaluationReport) -> _Rows:
    """Rows that say how often the activation's peak lies on the source."""
    rows: _Rows = [
        (
            one.name,
            f"{one.pointing.inside} of {one.pointing.sources}",
            f"{100.0 * one.pointing.by_chance:.0f} % by chance",
            f"{one.pointing.flat} flat maps",
        )
        for one in report.candidates
        if one.pointing is not None
    ]
    return rows


def _families(report: EvaluationReport) -> _Rows:
    rows: _Rows = [
        (one.family, str(one.without_deformation), str(one.with_deformation))
        for one in report.families
    ]
    return [("", "0 (none)", "1 (deformation)"), *rows] if rows else []


def _bin(least_m: float, below_m: float) -> str:
    above = f"{100 * least_m:g}"
    return f"from {above}" if below_m > _FARTHEST_M else f"{above}-{100 * below_m:g}"


def _figure(column: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    if column in _COUNTS:
        return f"{value:.0f}" if value == round(value) else f"{value:.1f}"
    return f"{100.0 * value:.1f} %" if column in _PERCENT else f"{value:.3f}"


def _interval(column: str, interval: Interval) -> str:
    if math.isnan(interval.low):
        return "-"
    if column in _PERCENT:
        return f"{100.0 * interval.low:.0f}-{100.0 * interval.high:.0f} %"
    return f"{interval.low:.2f}-{interval.high:.2f}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
