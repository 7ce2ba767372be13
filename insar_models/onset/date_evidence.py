"""The pairs that end on a date, and what each track says of it."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from fringewatch.errors import BadInputError
from insar_models.onset.evidence import PairEvidence, Past
from insar_models.onset.past import TrackHistory

PRIOR_DATES: Final = 6
"""Dates of a volcano's own past that count as much as all other quiet ground together."""


@dataclass(frozen=True)
class DateEvidence:
    """What pairs say of a date, before any method weighs it."""

    date: dt.date
    pairs: tuple[PairEvidence, ...]
    """The scored ones that end on the date, one of each two passes; none where there is no data."""
    tracks_for: tuple[str, ...]
    tracks_against: tuple[str, ...]
    past: Past | None = None
    """What was usual on the track of the strongest pair; None where there is no data."""

    @property
    def positive(self) -> int:
        """Number of positive pairs."""
        return sum(pair.positive for pair in self.pairs)

    @property
    def speaking(self) -> int:
        """Number of pairs that are positive, and not usual on this volcano."""
        return sum(pair.speaks_for for pair in self.pairs)

    def is_positive(self, localised_days: int) -> bool:
        """Return whether half of a track's pairs or more are positive: never quiet then.

        Pairs longer than `localised_days` count only where a track has no others.
        """
        by_track: dict[str, list[PairEvidence]] = defaultdict(list)
        for pair in self.pairs:
            by_track[pair.track].append(pair)
        for pairs in by_track.values():
            short = [pair for pair in pairs if pair.days <= localised_days] or pairs
            if 2 * sum(pair.positive for pair in short) >= len(short):
                return True
        return False

    @property
    def median_probability(self) -> float:
        """Median of the pairs' probabilities; NaN where there is no data."""
        return median(pair.probability for pair in self.pairs) if self.pairs else math.nan

    def is_vague(self, localised_days: int, *, is_raised: bool) -> bool:
        """Return whether the date cannot decide on an episode.

        So it is where one track sees motion and another none; where pairs see motion, but the
        shortest of all spans more than `localised_days`; and where only pairs of such a span see
        motion and shorter ones see none, but the date is raised for all that. The ground moved
        before or after a gap then, and nothing says that it moved in the days before this date.

        Parameters
        ----------
        localised_days
            Span beyond which a pair does not say when the ground moved.
        is_raised
            Whether the method's level of the date would let an episode go on.
        """
        if self.tracks_for and self.tracks_against:
            return True
        seen = [pair.days for pair in self.pairs if pair.speaks_for]
        if not seen or min(seen) <= localised_days:
            return False
        return is_raised or min(pair.days for pair in self.pairs) > localised_days


def gather_dates(
    pairs: Sequence[PairEvidence], tried: Iterable[dt.date], prior_dates: int = PRIOR_DATES
) -> tuple[DateEvidence, ...]:
    """Return the evidence of each date on which a pair ends or was tried, in order of time.

    Frames of one track are one witness: of their pairs with the same dates the one with the
    highest score counts, as of a window's patches the one with the highest score does. What a score
    is worth depends on the past of its track on this volcano (`past.py`). Pairs that a person
    called atmosphere are in that past, and no evidence of anything.

    A track is for motion if at least half of its pairs that end on the date speak for it, and
    against it if most are not positive; positive pairs that are usual here say nothing. Tracks are
    rarely flown on the same day. A track that was for motion on an earlier date still speaks if all
    of the date's pairs begin before that date: then both have looked at the same days, and the
    ground cannot both have moved and lain still. A track that was against is silent on later days:
    the ground may have begun to move since.

    Raises
    ------
    BadInputError
        If a pair of a frame is there twice.
    """
    _refuse_repeated(pairs)
    ending: dict[dt.date, list[PairEvidence]] = {date: [] for date in tried}
    for pair in pairs:
        ending.setdefault(pair.secondary, []).append(pair)
    last_for: dict[str, dt.date] = {}
    histories: dict[str, TrackHistory] = {}
    found = []
    for date in sorted(ending):
        scored = _one_of_each_pass(pair for pair in ending[date] if not pair.atmosphere)
        air = _one_of_each_pass(pair for pair in ending[date] if pair.atmosphere)
        weighed, past = _weighed(date, (scored, air), histories, prior_dates)
        found.append(replace(_evidence_of(date, weighed, last_for), past=past))
    return tuple(found)


def _weighed(
    date: dt.date,
    ending: tuple[tuple[PairEvidence, ...], tuple[PairEvidence, ...]],
    histories: dict[str, TrackHistory],
    prior_dates: int,
) -> tuple[tuple[PairEvidence, ...], Past | None]:
    """Return the pairs with the evidence that they are here, and the strongest one's past.

    `ending` are those that are evidence, and those that a person called atmosphere.
    """
    scored, air = ending
    by_track: dict[str, list[PairEvidence]] = defaultdict(list)
    for pair in (*scored, *air):
        by_track[pair.track].append(pair)
    pasts: dict[str, Past] = {}
    for track, pairs in by_track.items():
        history = histories.setdefault(track, TrackHistory(track))
        pasts[track] = history.before(date, prior_dates)
        history.add(date, pairs)
    weighed = tuple(pasts[pair.track].weigh(pair) for pair in scored)
    strongest = max(scored, key=lambda pair: pair.logit, default=None)
    return weighed, pasts[strongest.track] if strongest else None


def _one_of_each_pass(pairs: Iterable[PairEvidence]) -> tuple[PairEvidence, ...]:
    """Return the scored pairs, of those with the same track and dates the one with most logit."""
    found: dict[tuple[str, dt.date], PairEvidence] = {}
    for pair in sorted(pairs, key=lambda pair: pair.frame):
        key = (pair.track, pair.primary)
        if pair.scored and (key not in found or pair.logit > found[key].logit):
            found[key] = pair
    return tuple(found[key] for key in sorted(found))


def _evidence_of(
    date: dt.date, scored: tuple[PairEvidence, ...], last_for: dict[str, dt.date]
) -> DateEvidence:
    """Return the evidence of one date; `last_for` (track: date) is brought up to it."""
    by_track: dict[str, list[PairEvidence]] = defaultdict(list)
    for pair in scored:
        by_track[pair.track].append(pair)
    in_favour, against = set(), set()
    for name, pairs in by_track.items():
        speaking = sum(pair.speaks_for for pair in pairs)
        denying = sum(not pair.positive for pair in pairs)
        if speaking and 2 * speaking >= len(pairs):
            in_favour.add(name)
        elif denying > speaking:
            against.add(name)
    newest = max((pair.primary for pair in scored), default=date)
    earlier = {name for name, day in last_for.items() if day > newest and name not in by_track}
    for name in by_track:
        if name in in_favour:
            last_for[name] = date
        else:
            last_for.pop(name, None)
    return DateEvidence(
        date=date,
        pairs=scored,
        tracks_for=tuple(sorted(in_favour | earlier)),
        tracks_against=tuple(sorted(against)),
    )


def _refuse_repeated(pairs: Sequence[PairEvidence]) -> None:
    seen = set()
    for pair in pairs:
        key = (pair.frame, pair.primary, pair.secondary)
        if key in seen:
            message = (
                f"pair {pair.primary:%Y%m%d}_{pair.secondary:%Y%m%d} of frame {pair.frame} is "
                "there twice: give each pair of a frame once"
            )
            raise BadInputError(message)
        seen.add(key)
