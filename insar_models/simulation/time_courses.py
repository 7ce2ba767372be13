"""How a source grows with time: the share of its displacement that each day has reached."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import TypeAlias

from fringewatch.checked_fields import AboveZero, check_fields
from fringewatch.errors import BadInputError


@dataclass(frozen=True)
class Step:
    """All at once, in the night before `start`: an earthquake, a dyke within hours."""

    start: dt.date

    def __post_init__(self) -> None:
        _check_date(self, "start")

    @property
    def stop(self) -> dt.date:
        """The last day on which something moves."""
        return self.start

    def fraction(self, day: dt.date) -> float:
        """Share that is reached on `day`: 0 before `start`, 1 from it on."""
        return float(day >= self.start)


@dataclass(frozen=True)
class Ramp:
    """At an even rate from `start` to `stop`."""

    start: dt.date
    stop: dt.date

    def __post_init__(self) -> None:
        _check_span(self, "start", "stop")

    def fraction(self, day: dt.date) -> float:
        """Share that is reached on `day`: 0 until `start`, 1 from `stop` on."""
        return _elapsed(self.start, self.stop, day) / (self.stop - self.start).days


@dataclass(frozen=True)
class ExponentialInflation:
    """Begins quickly and slows down exponentially, until it stops."""

    start: dt.date
    stop: dt.date
    decay_days: AboveZero
    """After so many days the rate has fallen to 1/e."""

    def __post_init__(self) -> None:
        _check_span(self, "start", "stop")
        check_fields(self)

    def fraction(self, day: dt.date) -> float:
        """Share that is reached on `day`: 0 until `start`, 1 from `stop` on."""
        return _slowing(self.start, self.stop, self.decay_days, day)


@dataclass(frozen=True)
class Eruption:
    """Swells at an even rate until it erupts, then drains quickly at first, until `stop`."""

    start: dt.date
    """The inflation begins."""
    stop: dt.date
    """The drainage ends."""
    decay_days: AboveZero
    """So many days after the eruption began, the drainage's rate has fallen to 1/e."""
    erupts: dt.date
    """The inflation has reached all of the source, the drainage begins."""
    drained: AboveZero = 1.0
    """Share that has been lost again by `stop`; above 1 the ground ends lower than it began."""

    def __post_init__(self) -> None:
        _check_span(self, "start", "erupts")
        _check_span(self, "erupts", "stop")
        check_fields(self)

    def fraction(self, day: dt.date) -> float:
        """Share on `day`: 0 until `start`, 1 at `erupts`, ``1 - drained`` from `stop` on."""
        filled = _elapsed(self.start, self.erupts, day) / (self.erupts - self.start).days
        return filled - self.drained * _slowing(self.erupts, self.stop, self.decay_days, day)


TimeCourse: TypeAlias = Step | Ramp | ExponentialInflation | Eruption


def _elapsed(start: dt.date, stop: dt.date, day: dt.date) -> int:
    """Days since `start`, not below 0 and not beyond `stop`."""
    return min(max((day - start).days, 0), (stop - start).days)


def _slowing(start: dt.date, stop: dt.date, decay_days: float, day: dt.date) -> float:
    elapsed, total = _elapsed(start, stop, day), (stop - start).days
    return math.expm1(-elapsed / decay_days) / math.expm1(-total / decay_days)


def _check_date(course: object, key: str) -> dt.date:
    value = getattr(course, key)
    # A datetime is a date too, but cannot be compared with one.
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        message = f"{type(course).__name__}: {key}={value!r} is no date: give year, month and day"
        raise BadInputError(message)
    return value


def _check_span(course: object, first_key: str, last_key: str) -> None:
    first, last = _check_date(course, first_key), _check_date(course, last_key)
    if first >= last:
        message = (
            f"{type(course).__name__}: {last_key}={last} does not come after {first_key}={first}: "
            "give a later day"
        )
        raise BadInputError(message)
