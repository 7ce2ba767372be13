"""How motion is spread over time: which share of it each pair of a stack sees."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.rates.stack import PairStack

STEADY: Final = math.inf
SUDDEN: Final = 0.0
DECAYS_DAYS: Final = (SUDDEN, 6.0, 12.0, 24.0, 48.0, STEADY)
"""Courses that are tried for an episode: from a step to a steady motion."""


@dataclass(frozen=True)
class Course:
    """Motion that begins after a date, and slows down exponentially until another."""

    begin: dt.date
    end: dt.date
    decay_days: float
    """0: all of it at once, within a day of the begin; infinite: steady."""

    def __post_init__(self) -> None:
        """Refuse a course without days.

        Raises
        ------
        BadInputError
            If it does not end after it begins, or the decay is negative.
        """
        if self.begin >= self.end or not self.decay_days >= 0:
            message = (
                f"a course from {self.begin} to {self.end}, decay {self.decay_days} days: it needs "
                "a day at least, and a decay of 0 or more"
            )
            raise BadInputError(message)

    def shares(self, stack: PairStack) -> NDArray[np.float64]:
        """Return which share of the whole motion each pair sees, 0 to 1, (pairs,)."""
        done = {date: self._done(date) for date in stack.acquisitions}
        return np.array([done[late] - done[early] for early, late in stack.dates])

    def _done(self, date: dt.date) -> float:
        whole = (self.end - self.begin).days
        days = min(max((date - self.begin).days, 0), whole)
        if self.decay_days == SUDDEN:
            return float(days > 0)
        if math.isinf(self.decay_days):
            return days / whole
        return math.expm1(-days / self.decay_days) / math.expm1(-whole / self.decay_days)
