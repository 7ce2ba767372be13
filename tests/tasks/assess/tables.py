"""Tables of a volcano as a backfill writes them."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from catalogs.storage.place import Folder
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema, write_table
from insar_models.onset.evidence import PairEvidence
from tasks.assess.outcomes import JudgedDate

_NOW = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
THRESHOLD = 1.25


def write_dates(folder: Path, dates: Sequence[JudgedDate], volcano: str = "taal") -> Path:
    """Write the dates table; each date was first said to be quiet."""
    rows = [
        _row(DATES)
        | {"volcano": volcano, "date": item.date, "state": item.state.value, "since": item.since}
        | {"first_state": "quiet", "first_since": None, "method": "rule", "first_method": "rule"}
        for item in dates
    ]
    write_table(DATES, pd.DataFrame(rows), Folder(folder))
    return folder / "dates.csv"


def write_interferograms(folder: Path, pairs: Sequence[PairEvidence]) -> None:
    rows = [
        _row(INTERFEROGRAMS)
        | {"frame": pair.frame, "primary_date": pair.primary, "secondary_date": pair.secondary}
        | {"threshold": THRESHOLD, "threshold_probability": 0.5}
        | {"score": pair.logit + THRESHOLD, "probability": pair.probability}
        | {"positive": pair.positive}
        for pair in pairs
    ]
    write_table(INTERFEROGRAMS, pd.DataFrame(rows), Folder(folder))


def _row(schema: TableSchema) -> dict[str, Any]:
    """A row of some value of the right type in each column."""
    values: dict[pa.DataType, Any] = {
        pa.string(): "x",
        pa.int32(): 1,
        pa.float64(): 0.5,
        pa.bool_(): False,
        pa.date32(): _NOW.date(),
        pa.timestamp("s", tz="UTC"): _NOW,
    }
    row = {column.name: values[column.type] for column in schema.columns}
    return row | dict.fromkeys({"review", "reviewed_by", "left_out"} & row.keys())
