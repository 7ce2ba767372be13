"""Unite what several roots say of one frame, and keep what each of them said."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from catalogs.portal.listing import PairEntry
from catalogs.records import DatePair, FrameId, newest_pair

STALE_AFTER: Final = dt.timedelta(days=90)
"""A root whose newest pair is older than another's by more than this has stopped following."""


class RootState(StrEnum):
    """What became of asking a root for a frame."""

    LISTED = "listed"
    """It gave a listing, which may name no pair."""
    NO_FRAME = "no frame"
    """It answered that it has no such frame."""
    UNAVAILABLE = "unavailable"
    """It gave no answer, or none of its own."""


@dataclass(frozen=True)
class RootAnswer:
    """What one root said of a frame."""

    root: str
    state: RootState
    entries: tuple[PairEntry, ...] = ()
    """Oldest first."""
    reason: str | None = None
    """Why there is no listing."""
    is_cut: bool = False
    """Whether its listing lacks its end: there may be more pairs."""

    @property
    def is_doubtful(self) -> bool:
        """Whether its listing may have been met in the middle of its rewriting."""
        return self.state is RootState.LISTED and (self.is_cut or not self.entries)

    @property
    def newest(self) -> DatePair | None:
        """The pair with the newest second acquisition."""
        return newest_pair(entry.pair for entry in self.entries)

    def is_recent(self) -> bool:
        """Whether it names a pair that is not older than `STALE_AFTER`."""
        if self.newest is None:
            return False
        return dt.datetime.now(dt.UTC).date() - self.newest.secondary <= STALE_AFTER


@dataclass(frozen=True)
class PairListing:
    """The pairs of a frame, from all roots that listed it."""

    root: str
    """The winner: the first root, in the order of asking, that is up to date."""
    entries: tuple[PairEntry, ...]
    """Oldest first; each from the winner, or else from the first root that has it."""
    answers: tuple[RootAnswer, ...] = ()
    """What each root said, in the order of asking."""
    is_complete: bool = False
    """Whether every root that could have a pair was asked and answered."""

    @property
    def unavailable(self) -> tuple[RootAnswer, ...]:
        """The roots that gave no answer this time: the listing may lack what only they have."""
        return tuple(a for a in self.answers if a.state is RootState.UNAVAILABLE)

    @property
    def cut(self) -> tuple[RootAnswer, ...]:
        """The roots whose listing lacks its end, also when asked once more."""
        return tuple(answer for answer in self.answers if answer.is_cut)

    @property
    def stale(self) -> tuple[RootAnswer, ...]:
        """The roots whose newest pair is much older than the newest of all (`STALE_AFTER`)."""
        return tuple(answer for answer in self.answers if _is_stale(answer, self.answers))


class RootMemory(Protocol):
    """Remembers which root won for a frame, from run to run."""

    def recall(self, frame: FrameId) -> str | None:
        """Return the root that won last time, or None if there is none."""

    def remember(self, frame: FrameId, root: str) -> None:
        """Keep it."""


class ShortMemory:
    """Remembers for as long as it lives."""

    def __init__(self) -> None:
        self._winners: dict[FrameId, str] = {}

    def recall(self, frame: FrameId) -> str | None:
        """Return the root that won last time, or None if there is none."""
        return self._winners.get(frame)

    def remember(self, frame: FrameId, root: str) -> None:
        """Keep it."""
        self._winners[frame] = root


def unite(answers: Sequence[RootAnswer]) -> PairListing:
    """Return the union of the roots' listings; at least one root must have given one.

    Parameters
    ----------
    answers : sequence of RootAnswer
        In the order of preference.
    """
    listed = [answer for answer in answers if answer.state is RootState.LISTED]
    # Stale only for lack of pairs counts too: an error page with status 200 names none.
    winner = next((answer for answer in listed if not _is_stale(answer, answers)), listed[0])
    united: dict[DatePair, PairEntry] = {}
    for answer in (winner, *(answer for answer in listed if answer is not winner)):
        for entry in answer.entries:
            first = united.setdefault(entry.pair, entry)
            if first is not entry:
                elsewhere = (*first.elsewhere, entry.url)
                united[entry.pair] = dataclasses.replace(first, elsewhere=elsewhere)
    entries = tuple(united[pair] for pair in sorted(united))
    return PairListing(winner.root, entries, tuple(answers))


def _is_stale(answer: RootAnswer, answers: Sequence[RootAnswer]) -> bool:
    if answer.state is not RootState.LISTED:
        return False
    newest = max((a.newest.secondary for a in answers if a.newest), default=None)
    if newest is None:
        return False
    return answer.newest is None or newest - answer.newest.secondary > STALE_AFTER
