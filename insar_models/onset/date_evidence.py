"""The pairs that end on a date, and what each frame says of it."""

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
    """The scored ones that end on the date, of all frames; none where there is no data."""
    frames_for: tuple[str, ...]
    frames_against: tuple[str, ...]

    @property
    def positive(self) -> int:
        """Number of positive pairs."""
        return sum(pair.positive for pair in self.pairs)

    @property
    def median_probability(self) -> float:
        """Median of the pairs' probabilities; NaN where there is no data."""
        return median(pair.probability for pair in self.pairs) if self.pairs else math.nan

    def is_vague(self, localised_days: int) -> bool:
        """Return whether the date cannot decide on an episode.

        So it is where one frame sees motion and another none, and where pairs see motion, but the
        shortest of them spans more than `localised_days`: it moved before or after a gap.
        """
        if self.frames_for and self.frames_against:
            return True
        return self.positive > 0 and min(pair.days for pair in self.pairs) > localised_days

    def verdict(self, probability: float, state: DateState, since: dt.date | None) -> DateVerdict:
        """Return the verdict on this evidence."""
        return DateVerdict(
            date=self.date,
            probability=probability,
            state=state,
            since=since,
            pairs_for=self.positive,
            pairs_against=len(self.pairs) - self.positive,
            frames_for=self.frames_for,
            frames_against=self.frames_against,
        )


def gather_dates(
    pairs: Sequence[PairEvidence], tried: Iterable[dt.date]
) -> tuple[DateEvidence, ...]:
    """Return the evidence of each date on which a pair ends or was tried, in order of time.

    A frame is for motion if at least half of its pairs that end on the date are positive, and
    against it otherwise. Frames rarely fly over on the same day. A frame that was for motion on
    an earlier date still speaks if all of the date's pairs begin before that date: then both have
    looked at the same days, and the ground cannot both have moved and lain still. A frame that
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
    gathered = []
    for date in sorted(ending):
        scored = sorted(
            (pair for pair in ending[date] if pair.scored),
            key=lambda pair: (pair.frame, pair.primary),
        )
        gathered.append(_evidence_of(date, tuple(scored), last_for))
    return tuple(gathered)


def _evidence_of(
    date: dt.date, scored: tuple[PairEvidence, ...], last_for: dict[str, dt.date]
) -> DateEvidence:
    """Return the evidence of one date; `last_for` (frame: date) is brought up to it."""
    by_frame: dict[str, list[bool]] = defaultdict(list)
    for pair in scored:
        by_frame[pair.frame].append(pair.positive)
    in_favour = {name for name, votes in by_frame.items() if 2 * sum(votes) >= len(votes)}
    newest = max((pair.primary for pair in scored), default=date)
    earlier = {name for name, day in last_for.items() if day > newest and name not in by_frame}
    for name in by_frame:
        if name in in_favour:
            last_for[name] = date
        else:
            last_for.pop(name, None)
    return DateEvidence(
        date=date,
        pairs=scored,
        frames_for=tuple(sorted(in_favour | earlier)),
        frames_against=tuple(sorted(set(by_frame) - in_favour)),
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
