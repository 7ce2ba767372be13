"""Alarms one by one, with the pairs behind each, so that a person can judge them."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict
from tasks.assess.phases import Phase, Phases
from tasks.assess.rewrapped import LocatedPair
from tasks.assess.truth_records import DatedEpisode, EpisodeKind

_MOST_PAIRS = 5

_WORDS = {
    Phase.VOLCANIC: "in the episode",
    Phase.AFTER: "days of grace",
    Phase.TECTONIC: "earthquake",
    Phase.QUIET: "false",
}


@dataclass(frozen=True)
class Alarm:
    """A transition into unrest."""

    method: str
    date: dt.date
    since: dt.date
    """First date with evidence: some methods wait for more before they say unrest."""
    until: dt.date
    """Last date in unrest."""
    probability: float
    """That the method gives the alarm's date."""
    phase: Phase
    """What the date is by the truth."""
    onset: dt.date | None
    """Of the last volcanic episode that had begun; None before the first."""
    acquisition: int | None
    """Number of the date among those on or after that onset; 1 is the first."""
    pairs: tuple[LocatedPair, ...]
    """Of those ending from `since` to the alarm, the five with the highest scores, best first."""

    @property
    def words(self) -> str:
        """What the date is by the truth, with days and acquisitions since the onset."""
        if self.onset is None:
            return _WORDS[self.phase]
        days = (self.date - self.onset).days
        return f"{_WORDS[self.phase]}, day {days}, acquisition {self.acquisition}"


def alarms_of(
    method: str,
    verdicts: Sequence[DateVerdict],
    scored: Iterable[LocatedPair],
    episodes: Sequence[DatedEpisode],
    grace_days: int,
) -> tuple[Alarm, ...]:
    """Return all alarms of a method, in order of time; unrest that runs at first is one too.

    Parameters
    ----------
    method
        Its name.
    verdicts
        In order of time, at least one.
    scored
        The pairs that they rest on.
    episodes, grace_days
        What is true, as `tasks.assess.delays.assess` takes it.
    """
    runs: dict[dt.date, list[DateVerdict]] = {}
    for verdict in verdicts:
        if verdict.state is DateState.UNREST and verdict.since is not None:
            runs.setdefault(verdict.since, []).append(verdict)
    days = [verdict.date for verdict in verdicts]
    phases = Phases(days, episodes, grace_days)
    onsets = sorted(e.start for e in episodes if e.kind is EpisodeKind.VOLCANIC)
    known = tuple(scored)
    found = []
    for since, unrest in runs.items():
        date = unrest[0].date
        onset = max((day for day in onsets if day <= date), default=None)
        behind = [item for item in known if since <= item.evidence.secondary <= date]
        found.append(
            Alarm(
                method,
                date,
                since,
                unrest[-1].date,
                unrest[0].probability,
                phases.at(date),
                onset,
                None if onset is None else sum(onset <= day <= date for day in days),
                most_likely(behind),
            )
        )
    return tuple(found)


def most_likely(pairs: Iterable[LocatedPair]) -> tuple[LocatedPair, ...]:
    """Return the scored pairs with the highest scores, five at most, the highest first."""
    scored = [item for item in pairs if item.evidence.scored]
    return tuple(sorted(scored, key=lambda item: -item.evidence.logit)[:_MOST_PAIRS])


def format_alarms(method: str, alarms: Sequence[Alarm]) -> str:
    """Return the list of a method's alarms, one a line."""
    title = f"{method}: {len(alarms)} alarm{'' if len(alarms) == 1 else 's'}"
    if not alarms:
        return title
    rows = [
        (
            "alarm",
            "since",
            "until",
            "p",
            "best pair",
            "p",
            "looks at (N, E)",
            "by the truth, since onset",
        ),
        *map(_row, alarms),
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([title, *lines])


def _row(alarm: Alarm) -> tuple[str, ...]:
    said = str(alarm.date), str(alarm.since), str(alarm.until), _share(alarm.probability)
    if not alarm.pairs:
        return (*said, "-", "-", "-", alarm.words)
    best = alarm.pairs[0]
    place = f"{best.latitude:.3f}, {best.longitude:.3f}"
    return (*said, str(best.pair), _share(best.evidence.probability), place, alarm.words)


def _share(probability: float) -> str:
    return "-" if math.isnan(probability) else f"{probability:.2f}"
