"""The verdicts of a dates table, and the pair scores beside it."""

import datetime as dt
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from catalogs.csv_rows import CsvRow
from catalogs.storage.place import Folder, Place
from catalogs.tables import DATES, INTERFEROGRAMS, TABLE_FORMAT, read_table
from fringewatch.errors import BadInputError
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import PairEvidence
from insar_models.onset.scored_pair import evidence_probability
from tasks.assess.csv_tables import day_of, read_table_rows
from tasks.assess.outcomes import JudgedDate

_COLUMNS = tuple(column.name for column in DATES.columns)
_STATES = tuple(state.value for state in DateState)


Row = dict[str, Any]


@dataclass(frozen=True)
class Detections:
    """What was said of one volcano."""

    volcano: str
    dates: tuple[JudgedDate, ...]
    """In the table's order."""
    frames: frozenset[str]
    methods: tuple[str, ...]
    """By which the dates were judged; one as a rule."""
    pairs: tuple[PairEvidence, ...]
    """Empty where the table of interferograms is not beside it."""


def read_detections(path: Path, *, first_said: bool = False) -> Detections:
    """Return the verdicts of ``dates.csv`` or ``dates.parquet``, or of the folder that holds them.

    Parameters
    ----------
    path
        A CSV file of any name, a file ``dates.parquet``, or their folder.
    first_said
        Take what was first said of each date, not what is said now.

    Raises
    ------
    BadInputError
        If there is no such table, it is of another version, holds no row or several volcanoes, or
        a value is wrong.
    StoreError
        If the Parquet file is damaged or of another version.
    """
    if path.is_dir():
        return detections_of(Folder(path), first_said=first_said)
    if path.suffix == ".parquet":
        if path.name != f"{DATES.name}.parquet":
            message = f"{path}: name the file {DATES.name}.parquet, its folder, or a CSV file"
            raise BadInputError(message)
        return detections_of(Folder(path.parent), first_said=first_said)
    rows = _read_csv(path)
    return _detections(str(path), rows, (), first_said=first_said)


def detections_of(folder: Place, *, first_said: bool = False) -> Detections:
    """Return the verdicts of a volcano's folder of tables, in a home or elsewhere.

    Raises
    ------
    BadInputError
        As `read_detections`.
    StoreError
        If a table is damaged or of another version.
    """
    if not (folder / f"{DATES.name}.parquet").is_file():
        message = f"{folder} holds no {DATES.name}.parquet: run the backfill first"
        raise BadInputError(message)
    dates = _records(read_table(DATES, folder))
    pairs = _pairs(_records(read_table(INTERFEROGRAMS, folder)))
    return _detections(str(folder), dates, pairs, first_said=first_said)


def _records(table: pd.DataFrame) -> list[Row]:
    return [dict(zip(table.columns, cells, strict=True)) for cells in table.itertuples(index=False)]


def _read_csv(path: Path) -> list[Row]:
    header, rows = read_table_rows(path)
    if header != _COLUMNS:
        odd = sorted(set(header) ^ set(_COLUMNS)) or ["their order"]
        message = (
            f"{path} is no dates table of this version (format {TABLE_FORMAT}): it differs in the "
            f"columns {', '.join(odd)}; let this version write it anew (`fringewatch backfill`)"
        )
        raise BadInputError(message)
    return [_parsed(row) for row in rows]


def _parsed(row: CsvRow) -> Row:
    parsed: Row = dict(row.values) | {"date": day_of(row, "date")}
    for column in ("since", "first_since"):
        parsed[column] = day_of(row, column) if parsed[column] else None
    for column in ("state", "first_state"):
        if parsed[column] not in _STATES:
            row.reject(column, " or ".join(_STATES))
    return parsed


def _detections(
    source: str, rows: list[Row], pairs: tuple[PairEvidence, ...], *, first_said: bool
) -> Detections:
    """The verdicts of the rows of one volcano's table."""
    volcanoes = sorted({str(row["volcano"]) for row in rows})
    if len(volcanoes) != 1:
        held = ", ".join(volcanoes) or "none"
        message = f"{source} must hold verdicts on one volcano; it holds {held}"
        raise BadInputError(message)
    prefix = "first_" if first_said else ""
    dates = tuple(_judged(source, row, prefix) for row in rows)
    frames = frozenset(name for row in rows for name in str(row["frames"] or "").split())
    names = sorted({row[f"{prefix}method"] for row in rows})
    return Detections(volcanoes[0], dates, frames, tuple(names), pairs)


def _judged(source: str, row: Row, prefix: str) -> JudgedDate:
    date, since = row["date"], row[f"{prefix}since"]
    state = DateState(row[f"{prefix}state"])
    began = since if isinstance(since, dt.date) else None
    if state is DateState.UNREST and began is None:
        message = f"{source}: {date} is {prefix}state unrest, but its {prefix}since is empty"
        raise BadInputError(message)
    return JudgedDate(date, state, began)


def _pairs(rows: list[Row]) -> tuple[PairEvidence, ...]:
    """Evidence of the scored pairs, as the dates are judged by it."""
    return tuple(
        PairEvidence(
            row["frame"],
            row["primary_date"],
            row["secondary_date"],
            row["score"] - row["threshold"],
            evidence_probability(row["probability"], row["threshold_probability"]),
        )
        for row in rows
        if not (math.isnan(row["score"]) or isinstance(row["left_out"], str))
    )
