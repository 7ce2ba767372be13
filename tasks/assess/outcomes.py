"""What an assessment says: of each episode, of alarms, of all dates and pairs."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from insar_models.onset.date_state import DateState
from tasks.assess.rates import Counts, Rate
from tasks.assess.truth_records import DatedEpisode

DEFAULT_GRACE_DAYS = 48
"""Four passes of 12 days, the longest pair that LiCSAR makes as a rule."""


@dataclass(frozen=True, order=True)
class JudgedDate:
    """What was said of a date."""

    date: dt.date
    state: DateState
    since: dt.date | None
    """First date of the episode of unrest that runs; None where none does."""


class Ending(StrEnum):
    """What became of an episode of the truth."""

    FOUND = "found"
    MISSED = "missed"
    NOT_WATCHED = "not watched"
    """No date with data falls into it."""


@dataclass(frozen=True)
class EpisodeOutcome:
    """How an episode was seen."""

    episode: DatedEpisode
    ending: Ending
    next_acquisition: dt.date | None = None
    """First date on or after the onset: no verdict can come earlier."""
    unrest: dt.date | None = None
    """First date in unrest."""
    delay_days: int | None = None
    """From onset to `unrest`; None too where the episode began before the dates did."""
    delay_acquisitions: int | None = None
    """Dates from `next_acquisition` to `unrest`; 0 is the earliest."""
    ran_before: bool = False
    """Whether unrest was running at the onset already: the delay is no merit then."""


@dataclass(frozen=True)
class Assessment:
    """All that verdicts on one volcano are worth."""

    volcano: str
    first: dt.date
    last: dt.date
    dates: int
    grace_days: int
    episodes: tuple[EpisodeOutcome, ...]
    """The volcanic ones."""
    false_alarms: tuple[dt.date, ...]
    tectonic_alarms: tuple[dt.date, ...]
    false_alarm_rate: Rate
    """Per year outside of all episodes and their grace days."""
    watch_dates: int
    """Dates of *watch* in the same time: they cost a look, and are no false alarms."""
    by_date: Counts
    by_pair: Counts | None
    """None where no scores of pairs are there."""
