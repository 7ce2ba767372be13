"""The pairs that end on a date, and what each track says of it."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from fringewatch.errors import BadInputError
from insar_models.onset.evidence import DateState, DateVerdict, PairEvidence


@dataclass(frozen=True)
class DateEvidence:
    """What pairs say of a date, before any method weighs it."""

    date: dt.date
    pairs: tuple[PairEvidence, ...]
    """The scored ones that end on the date, one of each two passes; none where there is no data."""
    tracks_for: tuple[str, ...]
    tracks_against: tuple[str, ...]

    @property
    def positive(self) -> int:
        """Number of positive pairs."""
        return sum(pair.positive for pair in self.pairs)

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
        seen = [pair.days for pair in self.pairs if pair.positive]
        if not seen or min(seen) <= localised_days:
            return False
        return is_raised or min(pair.days for pair in self.pairs) > localised_days

    def verdict(self, probability: float, state: DateState, since: dt.date | None) -> DateVerdict:
        """Return the verdict on this evidence."""
        return DateVerdict(
            date=self.date,
            probability=probability,
            state=state,
            since=since,
            pairs_for=self.positive,
            pairs_against=len(self.pairs) - self.positive,
            tracks_for=self.tracks_for,
            tracks_against=self.tracks_against,
        )


def gather_dates(
    pairs: Sequence[PairEvidence], tried: Iterable[dt.date]
) -> tuple[DateEvidence, ...]:
    """Return the evidence of each date on which a pair ends or was tried, in order of time.

    Frames of one track are one witness: of their pairs with the same dates the one with the
    highest score counts, as of a window's patches the one with the highest score does.

    A track is for motion if at least half of its pairs that end on the date are positive, and
    against it otherwise. Tracks are rarely flown on the same day. A track that was for motion on
    an earlier date still speaks if all of the date's pairs begin before that date: then both have
    looked at the same days, and the ground cannot both have moved and lain still. A track that
    was against is silent on later days: the ground may have begun to move since.

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
    return tuple(
        _evidence_of(date, _one_of_each_pass(ending[date]), last_for) for date in sorted(ending)
    )


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
    by_track: dict[str, list[bool]] = defaultdict(list)
    for pair in scored:
        by_track[pair.track].append(pair.positive)
    in_favour = {name for name, votes in by_track.items() if 2 * sum(votes) >= len(votes)}
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
        tracks_against=tuple(sorted(set(by_track) - in_favour)),
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
