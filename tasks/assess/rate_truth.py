"""Rates of places beside the true ones, and what they are worth."""

import csv
import datetime as dt
import io
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.atomic import write_atomically
from fringewatch.errors import BadInputError
from insar_models.onset.slow_motion import PlaceRate

MOVING_MM_PER_DAY: Final = 0.2
"""From which on a place truly moves: half of it is a sixth of a fringe in a month."""

_COLUMNS: Final = (
    "track", "date", "first", "mm_per_day", "deviation_mm_per_day", "coherence", "latitude",
    "longitude", "recent_deviations", "low_mm_per_day", "high_mm_per_day", "true_mm_per_day",
)  # fmt: skip


@dataclass(frozen=True)
class RateOutcome:
    """A rate, and what is true of its place."""

    rate: PlaceRate
    true_mm_per_day: float = math.nan
    """The steady motion that fits the true motion of the same pairs best; NaN where not known."""

    @property
    def error_mm_per_day(self) -> float:
        """By how much the rate is wrong, 0 or more."""
        return abs(self.rate.mm_per_day - self.true_mm_per_day)

    @property
    def moves(self) -> bool:
        """Whether the place truly moves."""
        return abs(self.true_mm_per_day) >= MOVING_MM_PER_DAY

    @property
    def has_sign(self) -> bool:
        """Whether the sign is right."""
        return self.rate.mm_per_day * self.true_mm_per_day > 0

    @property
    def is_within(self) -> bool:
        """Whether the 95 % interval holds the truth."""
        return self.rate.low_mm_per_day <= self.true_mm_per_day <= self.rate.high_mm_per_day


@dataclass(frozen=True)
class RateFigures:
    """What the rates of dates with known truth are worth."""

    resting: int
    """Dates whose named place is truly at rest."""
    resting_error_mm_per_day: float
    """Median error of those: the place that seems to move most, where none does; NaN of none."""
    resting_within: int
    """Of the resting ones: those whose 95 % interval holds the truth."""
    moving: int
    """Dates whose named place truly moves."""
    moving_error_mm_per_day: float
    """Median error of those; NaN of none."""
    right_signs: int
    """Of the moving ones."""
    within: int
    """Of the moving ones: those whose 95 % interval holds the truth."""


def rate_figures(outcomes: Iterable[RateOutcome]) -> RateFigures | None:
    """Return what rates are worth; None where the truth of none is known."""
    known = [one for one in outcomes if not math.isnan(one.true_mm_per_day)]
    if not known:
        return None
    moving = [one for one in known if one.moves]
    resting = [one for one in known if not one.moves]
    return RateFigures(
        len(resting),
        _median_error(resting),
        sum(one.is_within for one in resting),
        len(moving),
        _median_error(moving),
        sum(one.has_sign for one in moving),
        sum(one.is_within for one in moving),
    )


def _median_error(outcomes: Sequence[RateOutcome]) -> float:
    return statistics.median(one.error_mm_per_day for one in outcomes) if outcomes else math.nan


def steady_rate_m(
    pairs: Sequence[tuple[dt.date, dt.date]],
    moved_m: Mapping[dt.date, NDArray[np.float64]],
    place: tuple[int, int],
) -> float:
    """Return the steady motion, metres a day, that fits the motion of some pairs best.

    Parameters
    ----------
    pairs
        Primary and secondary.
    moved_m
        Of each of their dates how far each place has moved until then.
    place
        Row and column.
    """
    days = np.array([(late - early).days for early, late in pairs], dtype=np.float64)
    moved = np.array([moved_m[late][place] - moved_m[early][place] for early, late in pairs])
    return float(days @ moved / (days @ days))


def write_rates(path: Path, outcomes: Iterable[RateOutcome]) -> None:
    """Write rates with their truth as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in outcomes:
        own = {**vars(one.rate), "true_mm_per_day": one.true_mm_per_day}
        writer.writerow([own[name] for name in _COLUMNS])
    write_atomically(path, stream.getvalue().encode())


def read_rates(path: Path) -> tuple[RateOutcome, ...]:
    """Return what `write_rates` has written.

    Raises
    ------
    BadInputError
        If the file is no such table.
    """
    found = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if tuple(next(reader, ())) != _COLUMNS:
                message = f"{path} holds no rates: its header must be {','.join(_COLUMNS)}"
                raise BadInputError(message)
            for track, date, first, *numbers in reader:
                *own, truth = map(float, numbers)
                days = dt.date.fromisoformat(date), dt.date.fromisoformat(first)
                found.append(RateOutcome(PlaceRate(track, *days, *own), truth))
    except (OSError, ValueError, TypeError) as error:
        message = f"{path} holds no rates ({error}): remove it"
        raise BadInputError(message) from error
    return tuple(found)
