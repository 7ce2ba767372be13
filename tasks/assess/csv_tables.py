"""CSV tables of any known form: rows by column name, with errors that name line and value."""

import csv
import datetime as dt
import gzip
import math
from pathlib import Path

from catalogs.csv_rows import CsvRow
from catalogs.records import DatePair
from fringewatch.errors import BadInputError

_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_COMPACT_DAY = "%Y%m%d"


def read_table_rows(path: Path) -> tuple[tuple[str, ...], list[CsvRow]]:
    """Return header and rows of a CSV file (UTF-8, comma; plain or ``.gz``).

    Raises
    ------
    BadInputError
        If it cannot be read, is empty, names a column twice, or a row has another number of values.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            lines = [(reader.line_num, cells) for cells in reader if cells]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read as a table: {error}"
        raise BadInputError(message) from error
    if not lines:
        message = f"{path} is empty: it has not even a header"
        raise BadInputError(message)
    header = tuple(cell.strip() for cell in lines[0][1])
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        message = f"{path}, line 1: the column '{twice[0]}' is there twice"
        raise BadInputError(message)
    return header, [CsvRow.parse(path, line, header, cells) for line, cells in lines[1:]]


def day_of(row: CsvRow, column: str) -> dt.date:
    """Return a date, written YYYY-MM-DD or YYYYMMDD; raises BadInputError for anything else."""
    text = row.values[column]
    try:
        if len(text) == len("YYYYMMDD"):
            return dt.datetime.strptime(text, _COMPACT_DAY).replace(tzinfo=dt.UTC).date()
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        row.reject(column, "a date YYYY-MM-DD or YYYYMMDD")


def pair_of(row: CsvRow) -> DatePair:
    """Return the pair of a row's ``primary_date`` and ``secondary_date``.

    Raises
    ------
    BadInputError
        If one is no date, or they are not in order of time.
    """
    primary, secondary = day_of(row, "primary_date"), day_of(row, "secondary_date")
    if primary >= secondary:
        row.reject("secondary_date", f"a date after the primary date {primary}")
    return DatePair(primary, secondary)


def flag_of(row: CsvRow, column: str) -> bool:
    """Return a yes or no (1, 0, true, false); raises BadInputError for anything else."""
    found = _WORDS.get(row.values[column].strip().lower())
    if found is None:
        row.reject(column, "0 or 1, true or false")
    return found


def number_of(row: CsvRow, column: str) -> float:
    """Return a number, NaN where the cell is empty or says nan.

    Raises
    ------
    BadInputError
        If it is no number, or infinite.
    """
    text = row.values[column].strip()
    try:
        value = float(text) if text else math.nan
    except ValueError:
        row.reject(column, "a number, or nothing where there is no score")
    if math.isinf(value):
        row.reject(column, "a finite number")
    return value
