"""What each day is by the truth: of an episode, just after one, or quiet."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from tasks.assess.truth_records import DatedEpisode, EpisodeKind


class Phase(StrEnum):
    """What a day is."""

    VOLCANIC = "volcanic"
    TECTONIC = "tectonic"
    """Of an earthquake, or of the days of grace after it."""
    AFTER = "after"
    """Of the days of grace after a volcanic episode: pairs that end there still span it."""
    QUIET = "quiet"


class Phases:
    """The phase of each day between the first and the last date that verdicts are on."""

    def __init__(
        self, dates: Sequence[dt.date], episodes: Iterable[DatedEpisode], grace_days: int
    ) -> None:
        """Lay out the days; `dates` are the acquisitions, in order of time, at least one."""
        self._dates = dates
        self._phases: dict[dt.date, Phase] = {}
        known = tuple(episodes)
        # What comes later wins: a new episode may begin in the days of grace of another.
        for kind, after in (
            (EpisodeKind.VOLCANIC, Phase.AFTER),
            (EpisodeKind.TECTONIC, Phase.TECTONIC),
        ):
            for episode in (e for e in known if e.kind is kind):
                self._fill(episode.start, self._end(episode, grace_days), after)
        for episode in (e for e in known if e.kind is EpisodeKind.VOLCANIC):
            self._fill(episode.start, self.last_of(episode), Phase.VOLCANIC)

    def at(self, date: dt.date) -> Phase:
        """The phase of a day."""
        return self._phases.get(date, Phase.QUIET)

    def last_of(self, episode: DatedEpisode) -> dt.date:
        """First acquisition on or after the end of an episode, which shows its last part.

        The end itself, where no acquisition follows.
        """
        return next((date for date in self._dates if date >= episode.end), episode.end)

    @property
    def quiet_days(self) -> int:
        """Days between the first and the last date that belong to no episode."""
        return sum(self.at(day) is Phase.QUIET for day in _days(self._dates[0], self._dates[-1]))

    def _end(self, episode: DatedEpisode, grace_days: int) -> dt.date:
        return self.last_of(episode) + dt.timedelta(days=grace_days)

    def _fill(self, start: dt.date, end: dt.date, phase: Phase) -> None:
        first, last = max(start, self._dates[0]), min(end, self._dates[-1])
        self._phases.update((day, phase) for day in (first, *_days(first, last)) if day <= last)


def _days(after: dt.date, until: dt.date) -> Iterator[dt.date]:
    """Days after one day, until another, which is the last."""
    for number in range(1, (until - after).days + 1):
        yield after + dt.timedelta(days=number)
