"""From a level for each date to states, with hysteresis: an episode begins high and ends low."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fringewatch.errors import BadInputError
from insar_models.onset.date_state import DateState

SILENCE_DAYS: Final = 48
"""Days without a pair after which what was said no longer stands."""


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
    alone: bool = False
    """Whether one pair alone speaks for it: an episode waits for a second to begin."""


@dataclass(frozen=True)
class Step:
    """What is said of a reading, and what was said before it."""

    state: DateState
    since: dt.date | None
    """First of the dates that began the running episode, not the date on which they were enough;
    None where none runs. While one runs, a date is unrest from the level `end` upwards."""
    last: dt.date | None
    """The latest earlier date with data."""
    before: dt.date | None
    """Beginning of the episode that ran before this date, or that silence has cut off."""
    needed: float
    """The level that makes the date unrest; NaN where there is no data."""
    candidates: int = 0
    """Dates that are on their way to a beginning, this one included."""

    @property
    def unknown_since(self) -> dt.date | None:
        """The last date of which anything is known, where the state is unknown."""
        return self.last if self.state is DateState.UNKNOWN else None


@dataclass(frozen=True)
class Hysteresis:
    """When an episode begins and ends.

    It begins on the last of `dates_to_begin` consecutive dates at `begin` or above, and ends on
    the last of `dates_to_end` consecutive dates below `end`. Dates without data are passed over:
    they neither begin, end nor interrupt. A vague date neither begins nor ends an episode, but it
    interrupts dates on their way to a beginning, because it denies what they say.

    After more than `silence_days` without data nothing is known any more: the episode that ran is
    neither going on nor seen to end, and what comes then begins anew.
    """

    begin: float
    end: float
    dates_to_begin: int = 1
    dates_to_end: int = 1
    silence_days: int = SILENCE_DAYS

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
        for name in ("dates_to_begin", "dates_to_end", "silence_days"):
            count = getattr(self, name)
            if not isinstance(count, int) or count < 1:
                message = f"{name} is {count}: a whole number, at least 1, is needed"
                raise BadInputError(message)

    def follow(self, readings: Iterable[Reading]) -> tuple[Step, ...]:
        """Return the state of each reading, in their order, which is that of time."""
        run = _Run()
        return tuple(self._step(run, reading) for reading in readings)

    def _step(self, run: "_Run", reading: Reading) -> Step:
        last, before = run.last, run.since
        silent = last is not None and (reading.date - last).days > self.silence_days
        if silent:
            run.since, run.candidates, run.below = None, [], 0
        if math.isnan(reading.level):
            run.unseen = run.unseen or (before if silent else None)
            state = DateState.UNKNOWN if silent else DateState.NO_DATA
            return Step(state, run.since, last, run.unseen or before, math.nan)
        unseen, run.unseen = run.unseen or (before if silent else None), None
        run.last = reading.date
        needed = self.begin if run.since is None else self.end
        before = unseen if silent else run.since
        state = self._state(run, reading)
        return Step(state, run.since, last, before, needed, len(run.candidates))

    def _state(self, run: "_Run", reading: Reading) -> DateState:
        if reading.vague:
            run.candidates = []
            return DateState.WATCH
        if run.since is None:
            self._look_for_beginning(run, reading)
        else:
            self._look_for_end(run, reading)
        if run.since is not None:
            return DateState.UNREST if reading.level >= self.end else DateState.WATCH
        if reading.raised or reading.level >= self.end:
            return DateState.WATCH
        return DateState.QUIET

    def _look_for_beginning(self, run: "_Run", reading: Reading) -> None:
        if reading.level < self.begin:
            run.candidates = []
            return
        run.candidates.append(reading.date)
        if len(run.candidates) >= self.dates_to_begin and not reading.alone:
            run.since, run.candidates, run.below = run.candidates[0], [], 0

    def _look_for_end(self, run: "_Run", reading: Reading) -> None:
        run.below = run.below + 1 if reading.level < self.end else 0
        if run.below == self.dates_to_end:
            run.since = None


class _Run:
    """How far the present episode is, or the dates that may become one."""

    def __init__(self) -> None:
        self.since: dt.date | None = None
        self.last: dt.date | None = None
        self.unseen: dt.date | None = None
        self.candidates: list[dt.date] = []
        self.below = 0
