"""Read tables of truth, of whatever known form: what they are is told by their header."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from catalogs.csv_rows import CsvRow
from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from tasks.assess.csv_tables import day_of, flag_of, number_of, pair_of, read_table_rows
from tasks.assess.labelled_steps import episodes_of_dates, episodes_of_pairs
from tasks.assess.truth_records import (
    DatedEpisode,
    EpisodeKind,
    PairLabel,
    PlaceTruth,
    Truth,
    united,
)
from tasks.assess.volcnet import read_volcnet
from tasks.scenarios.truth import SCENARIO_FILE

Places = dict[str, PlaceTruth]
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class TruthForm:
    """A form of truth table: the columns by which it is known, and its reader."""

    name: str
    columns: tuple[str, ...]
    read: Callable[[Path, Sequence[CsvRow]], Places]


def read_truth(path: Path) -> Truth:
    """Return the truth that a file holds, or that the files of a folder hold together.

    Parameters
    ----------
    path
        A CSV file of one of `TRUTH_FORMS`, a file of VolcNet (``.txt``), or a folder of such files.

    Raises
    ------
    BadInputError
        If there is nothing, the form is unknown (the message names the known headers), a value is
        wrong, or a row is there twice.
    """
    if not path.is_dir():
        return Truth(str(path), _read_file(path))
    files = sorted(
        file
        for file in path.iterdir()
        if file.suffix in {".csv", ".gz", ".txt"} and file.name != SCENARIO_FILE
    )
    if not files:
        message = f"{path} holds no truth: no .csv, .csv.gz or .txt"
        raise BadInputError(message)
    found: dict[str, list[PlaceTruth]] = {}
    for file in files:
        for place, truth in _read_file(file).items():
            found.setdefault(place, []).append(truth)
    return Truth(str(path), {place: united(truths) for place, truths in found.items()})


def _read_file(path: Path) -> Places:
    if path.suffix == ".txt":
        return read_volcnet(path)
    header, rows = read_table_rows(path)
    form = next((form for form in TRUTH_FORMS if set(form.columns) <= set(header)), None)
    if form is None:
        known = "; ".join(f"{form.name}: {','.join(form.columns)}" for form in TRUTH_FORMS)
        message = (
            f"{path} has the header '{','.join(header)}', which is no form of truth. "
            f"Known are tables with the columns of {known}"
        )
        raise BadInputError(message)
    return form.read(path, rows)


def _read_episodes(path: Path, rows: Sequence[CsvRow]) -> Places:
    """Dated episodes; a table without a row says that nothing ever happened."""
    found: dict[str, list[DatedEpisode]] = {}
    kinds = {kind.value: kind for kind in EpisodeKind}
    for row in rows:
        if row.values["kind"] not in kinds:
            row.reject("kind", " or ".join(kinds))
        start, end = day_of(row, "start"), day_of(row, "end")
        if end < start:
            row.reject("end", f"a date not before the start {start}")
        kind = kinds[row.values["kind"]]
        episode = DatedEpisode(start, end, row.values["name"], kind)
        found.setdefault(row.text("volcano"), []).append(episode)
    if not found:
        return {"": PlaceTruth()}
    return {
        place: PlaceTruth(tuple(own)).checked(f"{path}: {place}") for place, own in found.items()
    }


def _read_pairs(path: Path, rows: Sequence[CsvRow]) -> Places:
    """Labels by volcano and frame: two frames may disagree on the same dates."""
    found: dict[tuple[str, str], dict[DatePair, PairLabel]] = {}
    for row in _some(path, rows):
        label = PairLabel.DEFORMING if flag_of(row, "deforming") else PairLabel.QUIET
        labels = found.setdefault((row.text("volcano"), row.text("frame")), {})
        _put(labels, pair_of(row), label, row)
    places: dict[str, list[PlaceTruth]] = {}
    for (volcano, _), labels in found.items():
        places.setdefault(volcano, []).append(_of_pairs(labels))
    return {volcano: united(truths) for volcano, truths in places.items()}


def _read_hephaestus(path: Path, rows: Sequence[CsvRow]) -> Places:
    found: dict[str, dict[DatePair, PairLabel]] = {}
    for row in _some(path, rows):
        label = PairLabel.DEFORMING if flag_of(row, "deformation") else PairLabel.QUIET
        if label is PairLabel.QUIET and "earthquake" in row.values and flag_of(row, "earthquake"):
            label = PairLabel.TECTONIC
        _put(found.setdefault(row.text("frameID"), {}), pair_of(row), label, row)
    return {frame: _of_pairs(labels) for frame, labels in found.items()}


def _of_pairs(labels: Mapping[DatePair, PairLabel]) -> PlaceTruth:
    first, last = min(pair.primary for pair in labels), max(pair.secondary for pair in labels)
    return PlaceTruth(episodes_of_pairs(labels), labels, {}, (first, last))


def _read_dates(path: Path, rows: Sequence[CsvRow]) -> Places:
    found: dict[str, dict[dt.date, bool]] = {}
    for row in _some(path, rows):
        labels = found.setdefault(row.text("volcano"), {})
        _put(labels, day_of(row, "date"), flag_of(row, "deforming"), row)
    return {name: _of_dates(labels) for name, labels in found.items()}


def _read_counted_dates(path: Path, rows: Sequence[CsvRow]) -> Places:
    """A date deforms when at least half of its pairs do: one long pair alone remembers the past."""
    labels: dict[dt.date, bool] = {}
    for row in _some(path, rows):
        deforming, pairs = number_of(row, "n_deformation"), number_of(row, "n_ifgs")
        if not 0 <= deforming <= pairs:
            row.reject("n_deformation", "a number from 0 to n_ifgs")
        _put(labels, day_of(row, "secondary_date"), bool(deforming and 2 * deforming >= pairs), row)
    return {"": _of_dates(labels)}


def _of_dates(labels: Mapping[dt.date, bool]) -> PlaceTruth:
    return PlaceTruth(episodes_of_dates(labels), {}, labels, (min(labels), max(labels)))


def _some(path: Path, rows: Sequence[CsvRow]) -> Sequence[CsvRow]:
    if not rows:
        message = f"{path} holds no label below its header: there is nothing to compare with"
        raise BadInputError(message)
    return rows


def _put(labels: dict[_Key, _Value], key: _Key, value: _Value, row: CsvRow) -> None:
    if labels.get(key, value) != value:
        message = f"{row.path}, line {row.line}: {key} has another label in a line above"
        raise BadInputError(message)
    labels[key] = value


TRUTH_FORMS: Final = (
    TruthForm("dated episodes", ("volcano", "name", "kind", "start", "end"), _read_episodes),
    TruthForm(
        "labelled pairs",
        ("volcano", "frame", "primary_date", "secondary_date", "deforming"),
        _read_pairs,
    ),
    TruthForm("labelled dates", ("volcano", "date", "deforming"), _read_dates),
    TruthForm(
        "Hephaestus by interferogram",
        ("frameID", "primary_date", "secondary_date", "deformation"),
        _read_hephaestus,
    ),
    TruthForm(
        "Hephaestus by date", ("secondary_date", "n_ifgs", "n_deformation"), _read_counted_dates
    ),
)
"""The forms of tables, each known by its columns; others beside them are of no matter."""
