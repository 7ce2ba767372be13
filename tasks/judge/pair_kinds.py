"""Of which kind a pair of the interferograms table is: evidence, and of what, or none, and why.

Pages, pictures, feeds and exports all ask here, so that none of them shows as evidence what a
review or the settings leave out.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

import pandas as pd

Row = Mapping[str, Any]
"""Of the interferograms table, by the names of its columns."""


class PairKind(StrEnum):
    """What a pair is to the verdicts."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NOT_SCORED = "not scored"
    LEFT_OUT = "left out"
    """A review or the settings say that it is no evidence, whatever its score."""

    @property
    def is_evidence(self) -> bool:
        """Whether verdicts rest on it."""
        return self in {PairKind.POSITIVE, PairKind.NEGATIVE}


_READ: Final = ("probability", "positive", "left_out")


def kind_of(row: Row) -> PairKind:
    """Return of which kind the pair of a row is; what is empty is None or NaN."""
    if not _is_empty(row.get("left_out")):
        return PairKind.LEFT_OUT
    if _is_empty(row["probability"]) or _is_empty(row["positive"]):
        return PairKind.NOT_SCORED
    return PairKind.POSITIVE if row["positive"] else PairKind.NEGATIVE


def kinds_of(table: pd.DataFrame) -> pd.Series:
    """Return the kind of each pair of a table, with the table's index, as text."""
    columns = (table[name] for name in _READ)
    kinds = [
        kind_of(dict(zip(_READ, cells, strict=True))).value for cells in zip(*columns, strict=True)
    ]
    return pd.Series(kinds, index=table.index, dtype=object)


def kind_words(row: Row) -> str:
    """Return it for a person, such as ``left out: atmosphere (CD)``."""
    kind = kind_of(row)
    if kind is PairKind.LEFT_OUT:
        return f"{kind}: {row['left_out']}"
    return "not positive" if kind is PairKind.NEGATIVE else kind.value


def newest_pair(rows: Iterable[Row]) -> Row | None:
    """Return the pair that ends last, of several a positive one, then the shortest; None of none.

    One that is evidence comes before all others, and one that has a score before one without.
    """
    return max(rows, key=_freshness, default=None)


def order_of_ends(row: Row) -> tuple[Any, ...]:
    """Order pairs by their second date, of equal ones a positive one last, then the shortest."""
    positive = kind_of(row) is PairKind.POSITIVE
    return row["secondary_date"], positive, row["primary_date"], row["frame"]


def _freshness(row: Row) -> tuple[Any, ...]:
    return kind_of(row).is_evidence, not _is_empty(row["probability"]), *order_of_ends(row)


def _is_empty(value: object) -> bool:
    """Whether a cell is empty, as tables and as their rows say it."""
    return value is None or value is pd.NA or value != value  # noqa: PLR0124 - NaN is not itself
