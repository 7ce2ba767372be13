"""When a satellite passes over, and which pairs are made of its dates."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Annotated

from catalogs.records import DatePair, Direction, FrameId
from fringewatch.checked_fields import Count, Limits, check_fields
from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import LineOfSight, Outline

_INCIDENCE = Limits(15.0, 60.0, "degrees from the vertical")  # of any radar mode, and more


@dataclass(frozen=True)
class Passes:
    """Dates at even steps, such as those of one satellite."""

    first: dt.date
    last: dt.date
    """No pass comes later; it need not be a pass itself."""
    step_days: Count

    def __post_init__(self) -> None:
        check_fields(self)
        if self.last < self.first:
            message = f"last is {self.last}, which comes before first, {self.first}"
            raise BadInputError(message)

    def days(self) -> list[dt.date]:
        """Return the dates, oldest first."""
        count = (self.last - self.first).days // self.step_days + 1
        return [self.first + dt.timedelta(number * self.step_days) for number in range(count)]


@dataclass(frozen=True)
class ScenarioFrame:
    """A LiCSAR frame that sees the volcano: its line of sight and its dates."""

    id: FrameId
    heading_degrees: Annotated[float, Limits(-360, 360, "degrees")]
    """Of the flight, clockwise from north: about -168 descending, -12 ascending."""
    incidence_degrees: Annotated[float, _INCIDENCE]
    """At the volcano."""
    dates: tuple[dt.date, ...] = ()
    passes: tuple[Passes, ...] = ()
    """More dates; those of all entries count, each once."""
    missing: tuple[dt.date, ...] = ()
    """Dates among them on which nothing was acquired."""
    gaps: tuple[tuple[dt.date, dt.date], ...] = ()
    """First and last day of times in which nothing was acquired."""
    footprint: Outline | None = None
    """Corners (longitude, latitude) of what the frame sees; there is no data outside of it."""

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_dates()
        if len(self.acquisitions) < 2:  # noqa: PLR2004
            message = (
                f"dates of frame {self.id}: {len(self.acquisitions)} are left, a pair needs two: "
                "give more dates or passes, or shorter gaps"
            )
            raise BadInputError(message)

    @property
    def heading_fault(self) -> str | None:
        """Why the satellite cannot fly so: by its name, the frame is of the other direction."""
        is_north = math.cos(math.radians(self.heading_degrees)) > 0
        flies = Direction.ASCENDING if is_north else Direction.DESCENDING
        if flies is self.id.direction:
            return None
        return (
            f"heading_degrees = {self.heading_degrees:g} is {flies.value}, and frame {self.id} is "
            f"{self.id.direction.value}: about -12 is ascending (A), about -168 descending (D)"
        )

    @property
    def sight(self) -> LineOfSight:
        """How the satellite sees the ground."""
        return LineOfSight(self.heading_degrees, self.incidence_degrees)

    @property
    def acquisitions(self) -> tuple[dt.date, ...]:
        """Dates that were acquired, oldest first."""
        return tuple(
            day
            for day in sorted(self._planned() - set(self.missing))
            if not any(first <= day <= last for first, last in self.gaps)
        )

    def _planned(self) -> set[dt.date]:
        return set(self.dates).union(*(passes.days() for passes in self.passes))

    def _check_dates(self) -> None:
        """Pass dates in order, and gaps that lie among them."""
        for number, (earlier, later) in enumerate(zip(self.dates, self.dates[1:], strict=False), 2):
            if earlier >= later:
                message = (
                    f"dates out of order: number {number}, {later}, does not come after {earlier}"
                )
                raise BadInputError(message)
        planned = self._planned()
        for day in self.missing:
            if day not in planned:
                message = f"missing names {day}, which is no date of frame {self.id}"
                raise BadInputError(message)
        for first, last in self.gaps:
            if last < first:
                message = f"gaps hold one from {first} to {last}, which ends before it starts"
                raise BadInputError(message)


@dataclass(frozen=True)
class PairsRule:
    """Which two dates of a frame make a pair."""

    spans: tuple[int, ...] = (1, 2)
    """How many acquisitions later the second date comes; 1 is the very next one."""
    longest_days: Count | None = None
    """No pair is longer, whatever the span; None: there is no limit."""

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.spans or min(self.spans) < 1 or len(set(self.spans)) != len(self.spans):
            message = f"spans are {list(self.spans)}: give numbers from 1 on, each once"
            raise BadInputError(message)

    def pairs(self, days: tuple[dt.date, ...]) -> tuple[DatePair, ...]:
        """Return the pairs of dates that are in order of time, in order of time themselves."""
        found = (
            DatePair(primary, secondary)
            for span in self.spans
            for primary, secondary in zip(days, days[span:], strict=False)
        )
        longest = self.longest_days
        return tuple(sorted(pair for pair in found if longest is None or pair.days <= longest))
