"""What travels between the steps of a run: small frozen records and paths, never arrays."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from catalogs.portal.listing import PairEntry
from catalogs.records import DatePair, FrameId, Volcano
from catalogs.storage.place import Place
from fringewatch.plain_text import counted

_MOST_DATES: Final = 6  # named in the report of a run


class Outcome(IntEnum):
    """How a run ended; the value is the exit code of the command."""

    DONE = 0
    FAILED = 1
    """In a way that nobody foresaw: a bug, whose traceback is in the log."""
    REFUSED = 2
    """The home, a model or a word is wrong, and has to be changed."""
    PARTIAL = 3
    NOTHING = 4
    LATER = 5
    """Something was busy, full or out of reach; the same run may do well later."""


def whole_outcome(outcomes: Collection[Outcome], *, home_stopped: bool = False) -> Outcome:
    """Return how a run of several parts ended.

    A bug in one part is a bug of the run. A home that stopped a part (`home_stopped`) has to be
    seen to, whatever else went well. Otherwise a run whose parts did not all end alike is partial,
    unless nothing came of any.
    """
    found = set(outcomes)
    if Outcome.FAILED in found:
        return Outcome.FAILED
    if home_stopped:
        return Outcome.LATER
    if len(found) == 1:
        return found.pop()
    if found & {Outcome.DONE, Outcome.PARTIAL}:
        return Outcome.PARTIAL
    return Outcome.LATER if Outcome.LATER in found else Outcome.REFUSED


@dataclass(frozen=True)
class FrameRequest:
    """One frame of one volcano, between two dates, both included."""

    volcano: Volcano
    frame: FrameId
    start: dt.date
    end: dt.date
    scheduled: bool = False
    """Whether nobody waits for it: one source is asked, and what failed is left for its pause."""
    lost_alone: bool = False
    """Whether nothing but the pairs is wanted that were here and are not any more."""


@dataclass(frozen=True)
class WatchRequest:
    """One volcano, its frames, and two dates, both included."""

    volcano: Volcano
    frames: tuple[FrameId, ...]
    start: dt.date
    end: dt.date
    frames_named: bool = False
    """Whether a person named the frames: one that no source has is then a problem, not a note."""
    scheduled: bool = False
    """Whether nobody waits for it: see `FrameRequest`."""
    notes: tuple[str, ...] = ()
    """What a person should know of the volcano's own settings."""

    def of_frame(self, frame: FrameId, *, lost_alone: bool = False) -> FrameRequest:
        """Return the part of the request that concerns one frame."""
        return FrameRequest(
            self.volcano, frame, self.start, self.end, self.scheduled, lost_alone=lost_alone
        )


@dataclass(frozen=True)
class Problem:
    """Something that could not be had, and why; the pair is None when it is a whole frame."""

    frame: FrameId
    pair: DatePair | None
    reason: str
    try_later: bool = False
    """Whether time alone may mend it: a source gave no answer."""

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.frame} {self.pair or '(whole frame)'}: {self.reason}"


@dataclass(frozen=True)
class FramePlan:
    """What a source has of a frame between two dates, and what is still to be fetched."""

    source: str | None
    """The root that answered; None when none did."""
    listed: tuple[DatePair, ...] = ()
    """Pairs of the source in the range."""
    newest: DatePair | None = None
    """The newest pair of the source, whatever the range."""
    there: tuple[DatePair, ...] = ()
    """Pairs in the range that the cube has already."""
    to_fetch: tuple[PairEntry, ...] = ()
    """Pairs in the range that are new to us, as the source lists them."""
    problems: tuple[Problem, ...] = ()
    absent: str | None = None
    """What was said when all sources answered that they have no such frame."""
    absent_before: bool = False
    """Whether an earlier night said the same: once is enough."""
    notes: tuple[str, ...] = ()
    """What a person should know besides: sources without answer, pairs left for later."""


@dataclass(frozen=True)
class BatchReport:
    """Which pairs a step brought to its end, and which not."""

    done: tuple[DatePair, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Revisions:
    """How what is said of the dates differs from what was first said of them."""

    dates: int
    """Rows of the dates table."""
    revised: int
    """Those that do not say what was first said."""
    now: tuple[dt.date, ...] = ()
    """Dates of which this run says something else than the run before."""
    other_models: tuple[str, ...] = ()
    """Names of the models on which dates were first judged, other than the one in use."""
    by_other_models: int = 0
    """Dates that were first judged on the scores of those."""

    def lines(self) -> list[str]:
        """Return what a person should know before quoting the table, a fact a line."""
        said = [
            f"revised:  {self.revised} of {counted(self.dates, 'date')} say other than they "
            "first did"
        ]
        if self.now:
            shown = ", ".join(str(day) for day in self.now[:_MOST_DATES])
            more = len(self.now) - _MOST_DATES
            said.append(
                f"revised by this run: {counted(len(self.now), 'date')} ({shown}"
                f"{f' and {more} more' if more > 0 else ''})"
            )
        if self.other_models:
            models = ", ".join(self.other_models)
            said.append(
                f"first judged by another model ({models}): {counted(self.by_other_models, 'date')}"
            )
        return said


@dataclass(frozen=True)
class Published:
    """The tables and pictures of a volcano, and what they say in short."""

    folder: Place
    changed: tuple[Place, ...]
    pairs: tuple[tuple[FrameId, DatePair], ...]
    """Pairs in the interferograms table."""
    first_unrest: dt.date | None
    """First date of unrest in the table."""
    last: str
    """What the table says of its last date, in words."""
    revisions: Revisions
    now: str
    """What is known of the volcano on the day of the run, and how old its newest data are."""

    def lines(self) -> list[str]:
        """Return what a person wants to know first, a fact a line."""
        unrest = (
            f"first date of unrest: {self.first_unrest}"
            if self.first_unrest
            else ("no date of unrest in the table")
        )
        return [
            unrest,
            f"last date: {self.last}",
            f"now:       {self.now}",
            *self.revisions.lines(),
            f"table:    {self.folder / 'dates.csv'}",
            f"timeline: {self.folder / 'timeline.png'}",
        ]


@dataclass(frozen=True)
class RunReport:
    """What a run did for one volcano."""

    volcano: str
    outcome: Outcome
    listed: int = 0
    fetched: int = 0
    scored: int = 0
    in_table: int = 0
    """Pairs of the requested range that are in the table."""
    problems: tuple[Problem, ...] = ()
    published: Published | None = None
    notes: tuple[str, ...] = field(default=())
    home_stopped: bool = False
    """Whether it ended because of the home: full, busy, or its storage out of reach."""

    @property
    def got_nothing(self) -> bool:
        """Whether nothing came, and time alone may mend that."""
        return self.outcome is Outcome.LATER or (
            self.fetched == 0 and any(problem.try_later for problem in self.problems)
        )

    def lacking(self, words: str) -> "RunReport":
        """Return the report of a run that left something unwritten beside the tables, and says so.

        Parameters
        ----------
        words
            What, and why.
        """
        outcome = Outcome.PARTIAL if self.outcome is Outcome.DONE else self.outcome
        return replace(self, outcome=outcome, notes=(*self.notes, words))

    def lines(self) -> list[str]:
        """Return the report for a person, a fact a line."""
        counts = (
            f"{self.volcano}: {counted(self.listed, 'pair')} listed in the range, "
            f"{self.fetched} fetched, {self.scored} scored, {self.in_table} in the table"
        )
        said = [counts, *self.notes]
        if self.problems:
            said.append(f"{len(self.problems)} not to be had:")
            said += [f"  {problem}" for problem in self.problems]
        return said + (self.published.lines() if self.published else [])
