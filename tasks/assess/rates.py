"""Figures of counts: a rate of rare events with its interval, precision and recall."""

import math
from dataclasses import dataclass

from scipy.stats import chi2

from fringewatch.errors import BadInputError

DAYS_PER_YEAR = 365.25
_LEVEL = 0.95


@dataclass(frozen=True)
class Rate:
    """Events in years of watching, and the interval that holds the true rate at 95 %."""

    events: int
    years: float
    per_year: float
    """NaN where nothing was watched."""
    low: float
    high: float

    @property
    def days(self) -> float:
        """The years in days."""
        return self.years * DAYS_PER_YEAR


@dataclass(frozen=True)
class Counts:
    """What was said beside what is true."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    true_negatives: int = 0

    @property
    def precision(self) -> float:
        """Of what was called deforming, the share that is; NaN if nothing was."""
        return _share(self.true_positives, self.false_positives)

    @property
    def recall(self) -> float:
        """Of what deforms, the share that was called so; NaN if nothing does."""
        return _share(self.true_positives, self.false_negatives)

    @property
    def total(self) -> int:
        """How many were compared."""
        return (
            self.true_positives + self.false_positives + self.false_negatives + self.true_negatives
        )

    def __add__(self, other: "Counts") -> "Counts":
        """Return the counts of both."""
        return Counts(
            self.true_positives + other.true_positives,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
            self.true_negatives + other.true_negatives,
        )


def poisson_rate(events: int, days: float) -> Rate:
    """Return events per year with the exact interval of a Poisson count (Garwood 1936).

    Of no event in two years it says that there may be as many as 1.8 a year.

    Raises
    ------
    BadInputError
        If a number is negative.

    Examples
    --------
    >>> rate = poisson_rate(0, 730.5)
    >>> rate.per_year, rate.low, round(rate.high, 2)
    (0.0, 0.0, 1.84)
    """
    if events < 0 or days < 0:
        message = f"{events} events in {days} days: neither can be negative"
        raise BadInputError(message)
    years = days / DAYS_PER_YEAR
    if years == 0:
        return Rate(events, years, math.nan, math.nan, math.nan)
    tail = (1 - _LEVEL) / 2
    low = chi2.ppf(tail, 2 * events) / 2 if events else 0.0
    high = chi2.ppf(1 - tail, 2 * events + 2) / 2
    return Rate(events, years, events / years, float(low / years), float(high / years))


def count(pairs: list[tuple[bool, bool]]) -> Counts:
    """Return the counts of (true, said)."""
    return Counts(
        true_positives=pairs.count((True, True)),
        false_positives=pairs.count((False, True)),
        false_negatives=pairs.count((True, False)),
        true_negatives=pairs.count((False, False)),
    )


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else math.nan
