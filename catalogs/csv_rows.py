"""The catalogue's hand-written CSV files, read row by row with errors that name the line."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

from fringewatch.errors import BadInputError


@dataclass(frozen=True)
class CsvRow:
    """One row of a CSV file, with the place that it came from."""

    path: Path
    line: int
    """Line in the file, the header being line 1."""
    values: Mapping[str, str]

    @classmethod
    def parse(cls, path: Path, line: int, header: tuple[str, ...], cells: list[str]) -> Self:
        """Return the row that `cells` hold.

        Raises
        ------
        BadInputError
            If there are more or fewer cells than columns.
        """
        if len(cells) != len(header):
            message = (
                f"{path}, line {line}: {len(cells)} values, expected {len(header)} "
                f"({','.join(header)}): {','.join(cells)}"
            )
            raise BadInputError(message)
        return cls(path, line, dict(zip(header, cells, strict=True)))

    def reject(self, column: str, expected: str) -> NoReturn:
        """Raise the error that says what is wrong with the value of `column`.

        Raises
        ------
        BadInputError
            Always.
        """
        place = f"{self.path}, line {self.line}"
        message = f"{place}: {column} is '{self.values[column]}', expected {expected}"
        raise BadInputError(message)

    def text(self, column: str) -> str:
        """Return a value that must not be empty, nor have blanks at its ends.

        Raises
        ------
        BadInputError
            If it is or has.
        """
        value = self.values[column]
        if not value or value != value.strip():
            self.reject(column, "a text without blanks at its ends")
        return value

    def degrees(self, column: str, limit: float) -> float:
        """Return a coordinate in degrees, between -`limit` and `limit`.

        Raises
        ------
        BadInputError
            If the value is no number, or lies outside.
        """
        expected = f"degrees between {-limit:g} and {limit:g}"
        try:
            value = float(self.values[column])
        except ValueError:
            self.reject(column, expected)
        if not math.isfinite(value) or abs(value) > limit:
            self.reject(column, expected)
        return value


def read_csv_lines(
    path: Path, told: str = "a table: {error}"
) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """Return the header of a CSV file (UTF-8, comma), and every line below it with its number.

    Raises
    ------
    BadInputError
        If it cannot be read, or is no UTF-8 text; `told` says as what, and of which `error`.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = tuple(next(reader, ()))
            return header, [(reader.line_num, cells) for cells in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read as {told.format(error=error)}"
        raise BadInputError(message) from error


def read_csv_rows(path: Path, header: tuple[str, ...]) -> list[CsvRow]:
    """Return the rows of a CSV file (UTF-8, comma) whose first line is exactly `header`.

    Raises
    ------
    BadInputError
        If the file cannot be read, is no UTF-8 text, has another header, holds no row, or a row
        has another number of values; the message names the file, the line and what was found.
    """
    first, lines = read_csv_lines(path)
    if first != header:
        message = f"{path}, line 1: the header is '{','.join(first)}', expected {','.join(header)}"
        raise BadInputError(message)
    if not lines:
        message = f"{path} holds no row below its header"
        raise BadInputError(message)
    return [CsvRow.parse(path, line, header, cells) for line, cells in lines]
