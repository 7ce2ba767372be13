"""What a rate says for motion where the pairs say nothing: its place, and how sure it is."""

from collections.abc import Mapping
from typing import Any

from fringewatch.plain_text import counted
from tasks.judge.amount_words import rate_of

Row = Mapping[str, Any]
"""Of the dates table; what is empty is None."""


def is_slow(row: Row) -> bool:
    """Whether the rate of the date speaks for motion; False of a table that does not say so."""
    return bool(row.get("slow_dates"))


def is_by_rate(row: Row) -> bool:
    """Whether the rate speaks for motion and no pair is positive: no probability is of it."""
    return is_slow(row) and not row["pairs_positive"]


def place_of(row: Row) -> tuple[float, float] | None:
    """Return the place that a date means: of its strongest positive pair, else of its rate.

    A rate that does not speak for motion means no place: some place always moves most.
    """
    name = "peak" if row["peak_latitude"] is not None else "rate" if is_slow(row) else None
    if name is None or row[f"{name}_latitude"] is None:
        return None
    return float(row[f"{name}_latitude"]), float(row[f"{name}_longitude"])


def sureness(row: Row) -> str:
    """Return how sure a rate is that speaks for motion, and by itself."""
    said = f"{row['rate_deviations']:.1f} standard deviations from rest"
    said += f", on {counted(row['slow_dates'], 'date')} in a row at one place"
    rate = rate_of(row)
    if rate is not None and rate.holds_zero:
        said += " (one date alone would not tell it from the air, of so many places)"
    return said
