"""What a person said of a date, a pair or an episode: plain records, and the tables they lie in."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from catalogs.records import DatePair, FrameId
from fringewatch.plain_text import plain

REVIEW_TABLES: Final = """
CREATE TABLE IF NOT EXISTS reviews(
    number INTEGER PRIMARY KEY AUTOINCREMENT, volcano TEXT NOT NULL, subject TEXT NOT NULL,
    verdict TEXT NOT NULL, word TEXT NOT NULL, reviewer TEXT NOT NULL, note TEXT NOT NULL,
    reviewed_at TEXT NOT NULL, takes_back INTEGER);
CREATE TABLE IF NOT EXISTS reviewed_dates(
    number INTEGER, date TEXT, PRIMARY KEY (number, date));
CREATE TABLE IF NOT EXISTS reviewed_pairs(
    number INTEGER, frame TEXT, pair TEXT, PRIMARY KEY (number, frame, pair));
"""


class ReviewVerdict(StrEnum):
    """What a reviewer said."""

    ATMOSPHERE = "atmosphere"
    """What is seen is air: the pairs are no evidence."""
    CONFIRMED = "confirmed"
    """The ground moved."""
    OTHER = "other"
    """Something else, in the reviewer's word; the evidence stays."""
    TAKEN_BACK = "taken back"
    """An earlier review stands no longer."""


@dataclass(frozen=True)
class Statement:
    """A review as it is given: what is said of what, by whom."""

    subject: str
    """``2024-03-06``, ``20240211_20240306`` or ``episode-2024-02-11``."""
    verdict: ReviewVerdict
    reviewer: str
    word: str = ""
    """Of *other*."""
    note: str = ""
    dates: tuple[dt.date, ...] = ()
    """UTC: that it speaks of as a whole; none of a pair."""
    pairs: tuple[tuple[FrameId, DatePair], ...] = ()
    """That were there to be looked at; one that comes later is news."""
    takes_back: int | None = None
    """Number of the review that stands no longer."""

    @property
    def said(self) -> str:
        """The verdict, or the reviewer's own word for it."""
        return self.word or self.verdict.value

    def speaks_of(self, frame: FrameId, pair: DatePair) -> bool:
        """Return whether it says something of a pair.

        Of those that were looked at; and air over an acquisition is in every pair of its pass that
        holds it, also in one that begins on the day, or that came later.
        """
        return (frame, pair) in self.pairs or bool(self.air_of(frame, pair))

    def air_of(self, frame: FrameId, pair: DatePair) -> tuple[dt.date, ...]:
        """Return the dates of a pair over which it says that there was air, for the pair's pass."""
        if self.verdict is not ReviewVerdict.ATMOSPHERE:
            return ()
        skies = {(of.pass_name, each.secondary) for of, each in self.pairs}
        return tuple(
            date
            for date in (pair.primary, pair.secondary)
            if date in self.dates and (frame.pass_name, date) in skies
        )


@dataclass(frozen=True)
class Review:
    """A review as the ledger keeps it."""

    number: int
    """They are counted up, all volcanoes together."""
    statement: Statement
    reviewed_at: dt.datetime
    """UTC."""

    def __str__(self) -> str:
        """Return one line for a person."""
        own = self.statement
        of_which = f" (review {own.takes_back})" if own.takes_back else ""
        note = f': "{plain(own.note)}"' if own.note else ""
        return (
            f"review {self.number}: {own.subject} {own.said}{of_which} by {own.reviewer}, "
            f"{self.reviewed_at:%Y-%m-%d %H:%M} UTC{note}"
        )
