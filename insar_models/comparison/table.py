"""The table as CSV, with everything, and as Markdown, with what a reader compares."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fringewatch.atomic import write_atomically
from insar_models.comparison.judging import AREAS
from insar_models.comparison.making import MADE, RowRecord
from insar_models.comparison.rows import Row
from insar_models.comparison.sets import C1, PICTURE_SETS, S1_TEST, SYNTHETIC

NOT_RUN: Final = "not yet run"
_WORDS: Final = (
    "accuracy", "accuracy.low", "accuracy.high", "f1", "f1.low", "f1.high", "false_positives",
    "true_positives", "false_negatives", "true_negatives", "auroc", "auroc.low", "auroc.high",
    "auprc", "auprc.low", "auprc.high",
)  # fmt: skip
_FIGURES: Final = (
    *(f"{name}.{word}" for name in (AREAS, *PICTURE_SETS) for word in _WORDS),
    "windows.recall", "windows.recall.low", "windows.recall.high", "windows.quiet",
    "windows.moving",
)  # fmt: skip
_LEARNED: Final = ("step", "steps", "batch", "views", "hours", "clock", "seconds_per_step")


def write_table(folder: Path, rows: Sequence[Row], records: Mapping[str, RowRecord]) -> None:
    """Write ``table.csv`` and ``table.md``; a row that nobody asked for yet stands there as such.

    Raises
    ------
    HomeError
        If the folder cannot be written.
    """
    write_atomically(folder / "table.csv", as_csv(rows, records).encode())
    write_atomically(folder / "table.md", as_markdown(rows, records).encode())


def as_csv(rows: Sequence[Row], records: Mapping[str, RowRecord]) -> str:
    """Return all figures, a line a row; a cell is empty where there is none."""
    text = io.StringIO()
    head = [
        "row", "title", "state", "reason", "encoder", "inputs", "pixels", "begins", "seed",
        "probe_seeds", *(f"learned_{name}" for name in _LEARNED), "hours_of_all_nets", "machine",
        *_FIGURES, "command",
    ]  # fmt: skip
    writer = csv.DictWriter(text, head, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells: dict[str, Any] = {
            "row": row.name,
            "title": row.title,
            **_net(row),
            "begins": row.begins,
            "state": NOT_RUN,
        }
        record = records.get(row.name)
        if record is not None:
            learned = {f"learned_{name}": record.learned.get(name, "") for name in _LEARNED}
            cells |= {
                "state": record.state,
                "reason": record.reason,
                "seed": record.seed,
                "probe_seeds": record.probe_seeds,
                "hours_of_all_nets": record.hours,
                "machine": record.machine,
                "command": record.command,
                **learned,
                **{name: record.figures[name] for name in _FIGURES if name in record.figures},
            }
        writer.writerow(cells)
    return text.getvalue()


def _net(row: Row) -> dict[str, Any]:
    if row.encoder is None:
        return {}
    return {
        "encoder": row.encoder.architecture,
        "inputs": row.encoder.inputs,
        "pixels": row.encoder.size,
    }


def as_markdown(rows: Sequence[Row], records: Mapping[str, RowRecord]) -> str:
    """Return the table for a page: intervals over areas or volcanoes in brackets."""
    lines = [
        "| row | learned: views, hours | S1 test: ACC, F1, AUROC | S1 by area: AUROC | "
        "C1: ACC, F1, AUROC | synthetic: TP, FP, AUROC | 8 cm at 2 % of quiet windows | "
        "paper: S1; C1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        record = records.get(row.name)
        name = f"{row.title} (`{row.name}`)"
        if record is None or record.state != MADE:
            why = NOT_RUN if record is None else f"{record.state}: {record.reason}"
            lines.append(f"| {name} | {why} | | | | | | {row.paper} |")
            continue
        cells = [
            name,
            _learned(row, record),
            _pictures(record, S1_TEST),
            _interval(record, f"{AREAS}.auroc", "{:.2f}"),
            _pictures(record, C1),
            _synthetic(record),
            _interval(record, "windows.recall", "{:.0%}"),
            row.paper,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _learned(row: Row, record: RowRecord) -> str:
    if row.saw_the_areas:
        return "before: its card says what"
    if not record.learned:
        return "nothing"
    told = record.learned
    done = (
        ""
        if told["step"] >= told["steps"]
        else f", stopped at step {told['step']} of {told['steps']}"
    )
    return f"{told['views']:,}, {told['hours']:.2f} h ({told['clock']}){done}"


def _pictures(record: RowRecord, name: str) -> str:
    figures = record.figures
    if f"{name}.accuracy" not in figures:
        return ""
    accuracy = _interval(record, f"{name}.accuracy", "{:.1%}")
    return f"{accuracy}, {figures[f'{name}.f1']:.3f}, {_of(figures, f'{name}.auroc', '{:.3f}')}"


def _synthetic(record: RowRecord) -> str:
    figures = record.figures
    if f"{SYNTHETIC}.true_positives" not in figures:
        return ""
    found, missed, false, right = (
        figures[f"{SYNTHETIC}.{word}"]
        for word in ("true_positives", "false_negatives", "false_positives", "true_negatives")
    )
    ranked = _of(figures, f"{SYNTHETIC}.auroc", "{:.3f}")
    return f"{found:.0f} of {found + missed:.0f}, {false:.0f} of {false + right:.0f}, {ranked}"


def _interval(record: RowRecord, name: str, form: str) -> str:
    figures = record.figures
    if name not in figures:
        return ""
    middle = form.format(figures[name])
    if f"{name}.low" not in figures:
        return middle
    low, high = (form.format(figures[f"{name}.{end}"]) for end in ("low", "high"))
    return f"{middle} ({low} to {high})"


def _of(figures: Mapping[str, float], name: str, form: str) -> str:
    return form.format(figures[name]) if name in figures else "-"
