"""A volcano's own past in words: of which dates it is, and what it is worth."""

from collections.abc import Mapping
from typing import Any

from fringewatch.plain_text import counted
from insar_models.onset.date_evidence import PRIOR_DATES

Row = Mapping[str, Any]
"""Of the dates table; what is empty is None."""


def past_span(row: Row) -> str:
    """Return the dates that the past of a date is of, such as ``3 dates, A to B``."""
    number, first, last = row["past_dates"], row["past_first"], row["past_last"]
    if not number or first is None:
        return ""
    return f"{counted(number, 'date')}, {first if first == last else f'{first} to {last}'}"


def is_young(row: Row) -> bool:
    """Return whether quiet ground elsewhere counts for more than the volcano's own past."""
    return int(row["past_dates"]) < PRIOR_DATES


def usual_words(row: Row) -> str:
    """Return what a date is held against, a sentence."""
    span = past_span(row)
    if not span:
        return "It has no quiet past of its own yet: it is held against all quiet ground."
    if is_young(row):
        return (
            f"CAUTION: its own past is young ({span}). Quiet ground elsewhere counts for more, up "
            f"to {PRIOR_DATES} dates."
        )
    return f"Its own past is {span}."
