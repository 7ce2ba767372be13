"""From a level for each date to states, with hysteresis: an episode begins high and ends low."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from fringewatch.errors import BadInputError
from insar_models.onset.evidence import DateState


@dataclass(frozen=True)
class Reading:
    """What a method measured on a date."""

    date: dt.date
    level: float
    """The higher, the more speaks for deformation; NaN where there is no data."""
    vague: bool = False
    """Whether it may not decide: tracks disagree, or nothing says *when* the ground moved."""
    raised: bool = False
    """Whether something speaks for deformation, so that the date is not quiet at any level."""


@dataclass(frozen=True)
class Hysteresis:
    """When an episode begins and ends.

    It begins on the last of `dates_to_begin` consecutive dates at `begin` or above, and ends on
    the last of `dates_to_end` consecutive dates below `end`. Dates without data are passed over:
    they neither begin, end nor interrupt. A vague date neither begins nor ends an episode, but it
    interrupts dates on their way to a beginning, because it denies what they say.
    """

    begin: float
    end: float
    dates_to_begin: int = 1
    dates_to_end: int = 1

    def __post_init__(self) -> None:
        """Refuse an episode that would end where it begins.

        Raises
        ------
        BadInputError
            If `end` is above `begin`, one of them is no number, or a count is below 1.
        """
        if not self.end <= self.begin < math.inf:
            message = (
                f"an episode would begin at level {self.begin} and end below {self.end}: "
                "give two numbers, the end not above the beginning"
            )
            raise BadInputError(message)
        for name in ("dates_to_begin", "dates_to_end"):
            count = getattr(self, name)
            if not isinstance(count, int) or count < 1:
                message = f"{name} is {count}: a whole number of dates, at least 1, is needed"
                raise BadInputError(message)

    def follow(self, readings: Iterable[Reading]) -> tuple[tuple[DateState, dt.date | None], ...]:
        """Return the state of each date, and since when the running episode runs.

        Parameters
        ----------
        readings
            In order of time.

        Returns
        -------
        tuple
            One (state, since) for each reading; `since` is the first of the dates that began the
            running episode, not the date on which they were enough, and None where none runs.
            While an episode runs, a date is unrest from the level `end` upwards.
        """
        run = _Run()
        return tuple(self._step(run, reading) for reading in readings)

    def _step(self, run: "_Run", reading: Reading) -> tuple[DateState, dt.date | None]:
        if math.isnan(reading.level):
            return DateState.NO_DATA, run.since
        if reading.vague:
            run.candidates = []
            return DateState.WATCH, run.since
        if run.since is None:
            self._look_for_beginning(run, reading)
        else:
            self._look_for_end(run, reading)
        if run.since is not None:
            state = DateState.UNREST if reading.level >= self.end else DateState.WATCH
        elif reading.raised or reading.level >= self.end:
            state = DateState.WATCH
        else:
            state = DateState.QUIET
        return state, run.since

    def _look_for_beginning(self, run: "_Run", reading: Reading) -> None:
        if reading.level < self.begin:
            run.candidates = []
            return
        run.candidates.append(reading.date)
        if len(run.candidates) == self.dates_to_begin:
            run.since, run.candidates, run.below = run.candidates[0], [], 0

    def _look_for_end(self, run: "_Run", reading: Reading) -> None:
        run.below = run.below + 1 if reading.level < self.end else 0
        if run.below == self.dates_to_end:
            run.since = None


class _Run:
    """How far the present episode is, or the dates that may become one."""

    def __init__(self) -> None:
        self.since: dt.date | None = None
        self.candidates: list[dt.date] = []
        self.below = 0
