"""Slow motion: what the rates of places say of dates, beside what the scores of pairs say.

A few centimetres a month are in no single pair, but in all pairs of some months together: there a
place moves at a rate that the air does not make (`insar_models.rates`). Where that is so on enough
dates in a row, at one place and in one direction, an episode runs, whatever the pairs look like.
"""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fringewatch.errors import BadInputError
from fringewatch.plain_text import counted
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict, SlowEvidence
from insar_models.rates.motion_words import Motion

METRES_PER_DEGREE: Final = 111_195.0


@dataclass(frozen=True)
class PlaceRate:
    """The rate of the place that moves most, as one track knew it on a date."""

    track: str
    date: dt.date
    """The last of the window's dates."""
    first: dt.date
    """The first of them."""
    mm_per_day: float
    """Towards the satellite."""
    deviation_mm_per_day: float
    """Above 0."""
    coherence: float
    """Temporal coherence, -1 to 1."""
    latitude: float
    longitude: float
    recent_deviations: float = math.nan
    """How far from rest the place is in the newer half of the window, with the sign of the whole:
    negative where it moves the other way. NaN where that half has too few dates."""
    low_mm_per_day: float = math.nan
    high_mm_per_day: float = math.nan
    """Ends of its 95 % interval; NaN where they are not known."""

    @property
    def deviations(self) -> float:
        """How many standard deviations it is from rest, 0 or more."""
        return abs(self.mm_per_day) / self.deviation_mm_per_day

    def agrees_with(self, other: "PlaceRate", within_m: float) -> bool:
        """Whether both are of one place, and have one sign."""
        north = (self.latitude - other.latitude) * METRES_PER_DEGREE
        east = (self.longitude - other.longitude + 180.0) % 360.0 - 180.0
        east *= METRES_PER_DEGREE * math.cos(math.radians(self.latitude))
        return self.mm_per_day * other.mm_per_day > 0 and math.hypot(north, east) <= within_m


@dataclass(frozen=True)
class SlowMotion:
    """When the rates of places begin and end an episode."""

    begin: float = 4.0
    """Standard deviations from which a rate speaks for motion."""
    end: float = 3.5
    """Below so many it no longer does, once an episode runs."""
    dates: int = 2
    """Dates of a track in a row on which it must, at one place, to begin an episode."""
    within_m: float = 4_000.0
    """So near to each other are places that are one."""
    least_coherence: float = 0.7
    """Temporal coherence that a rate must have."""
    least_recent: float = 1.5
    """Standard deviations that the newer half of the window must have: motion that has ended is in
    the whole window for as long as that is."""

    def __post_init__(self) -> None:
        """Refuse an episode that would end where it begins.

        Raises
        ------
        BadInputError
            If the end is above the beginning, either is not above 0, or dates is below 1.
        """
        if not 0 < self.end <= self.begin < math.inf or self.dates < 1:
            message = (
                f"slow motion would begin at {self.begin} standard deviations on {self.dates} "
                f"dates and end below {self.end}: give numbers above 0, the end not above the "
                "beginning, and 1 date or more"
            )
            raise BadInputError(message)


@dataclass(frozen=True)
class SlowStep:
    """What rates say of a date."""

    rate: PlaceRate
    """The one that says most."""
    since: dt.date | None
    """Date of the first rate of the running episode; None if none runs."""
    in_a_row: int
    """Dates on which the track saw the same, this one included; 0 if it sees no motion."""


def follow_rates(rates: Iterable[PlaceRate], rule: SlowMotion) -> dict[dt.date, SlowStep]:
    """Return what the rates say of each date that has one.

    Tracks are followed apart. On a date with rates of several tracks the one that is furthest from
    rest counts. An episode of a track ends on the first date on which its rate is below `end`, is
    of another place, or is that of the older half of the window alone.

    Parameters
    ----------
    rates
        One for each track and date at most, in any order.
    rule
        When they begin and end an episode.
    """
    runs: dict[str, list[PlaceRate]] = {}
    begun: set[str] = set()
    found: dict[dt.date, SlowStep] = {}
    for rate in sorted(rates, key=lambda rate: (rate.date, rate.track)):
        run = runs.setdefault(rate.track, [])
        needed = rule.end if rate.track in begun else rule.begin
        has_ended = rate.recent_deviations < rule.least_recent  # not where that is not known
        if rate.deviations < needed or rate.coherence < rule.least_coherence or has_ended:
            run.clear()
        elif run and not run[-1].agrees_with(rate, rule.within_m):
            run[:] = [rate] if rate.deviations >= rule.begin else []
            begun.discard(rate.track)
        else:
            run.append(rate)
        if not run:
            begun.discard(rate.track)
        elif len(run) >= rule.dates:
            begun.add(rate.track)
        step = SlowStep(rate, run[0].date if rate.track in begun else None, len(run))
        before = found.get(rate.date)
        if before is None or _strength(step) > _strength(before):
            found[rate.date] = step
    return found


def with_rates(
    verdicts: Sequence[DateVerdict], rates: Iterable[PlaceRate], rule: SlowMotion
) -> tuple[DateVerdict, ...]:
    """Return the verdicts with what the rates of places add to them.

    A date on which a track's rate speaks for motion is *watch* at least, and *unrest* while an
    episode of slow motion runs; its `since` is the earlier of both. Dates without data stay as
    they are. Its track speaks for motion then, whatever its pairs say. The method's probability and
    level stay what the pairs made them.
    """
    steps = follow_rates(rates, rule)
    return tuple(_joined(verdict, steps.get(verdict.date), rule) for verdict in verdicts)


def _joined(verdict: DateVerdict, step: SlowStep | None, rule: SlowMotion) -> DateVerdict:
    if step is None or not step.in_a_row or verdict.state.is_silent:
        return verdict
    rate = step.rate
    verdict = replace(
        verdict,
        slow=SlowEvidence(
            rate.track, step.since, step.in_a_row, rate.deviations, rate.mm_per_day,
            rate.low_mm_per_day, rate.high_mm_per_day, rate.latitude, rate.longitude,
        ),
        tracks_for=tuple(sorted({*verdict.tracks_for, rate.track})),
        tracks_against=tuple(one for one in verdict.tracks_against if one != rate.track),
    )  # fmt: skip
    words = (
        f"{Motion.of_rate(rate.mm_per_day, None, None).words} at {rate.latitude:.2f}, "
        f"{rate.longitude:.2f}, {rate.deviations:.0f} standard deviations from rest"
    )
    if step.since is None:
        state = DateState.WATCH if verdict.state is DateState.QUIET else verdict.state
        said = f"{words}; {step.in_a_row} of {counted(rule.dates, 'date')} that begin slow unrest"
        return replace(verdict, state=state, because=f"{verdict.because}; {said}")
    since = min(verdict.since or step.since, step.since)
    said = f"{words}; slow unrest since {step.since}"
    return replace(
        verdict, state=DateState.UNREST, since=since, because=f"{verdict.because}; {said}"
    )


def _strength(step: SlowStep) -> tuple[bool, int, float]:
    return (step.since is not None, step.in_a_row, step.rate.deviations)
