"""What the ledger says of a file, a pair's score, a date: plain records."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from catalogs.records import DatePair, FrameId, Product


class FileState(StrEnum):
    """What became of a product of a pair."""

    LISTED = "listed"
    """A source has it; it was not fetched yet, or the source gave no answer."""
    FETCHED = "fetched"
    """It came whole and decodes."""
    MISSING = "missing"
    """The source listed its pair, but does not have it."""
    REJECTED = "rejected"
    """It came, and is of no use; the reason says why."""
    CHANGED = "changed"
    """It was fetched, and the source has another version now."""
    GONE_UPSTREAM = "gone upstream"
    """It was never fetched, and its pair is listed no more."""


@dataclass(frozen=True)
class FileRow:
    """A product of a pair, as the ledger knows it."""

    pair: DatePair
    product: Product
    state: FileState
    reason: str | None = None
    url: str | None = None
    size: int | None = None
    last_modified: dt.datetime | None = None
    sha256: str | None = None
    """Of the file, or of the window's values where only the window travelled."""
    provenance: str | None = None
    """JSON: the byte ranges of a window read; None for a whole file."""
    attempts: int = 0
    """How often it was asked for since it was last fetched."""
    next_attempt: dt.datetime | None = None
    """UTC: not before this does a scheduled run ask again; None for the next run."""


@dataclass(frozen=True)
class PairRow:
    """A pair of a frame, as the sources list it."""

    pair: DatePair
    source: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    gone_since: dt.datetime | None
    """UTC: since when no source lists it; what we have of it stays."""


@dataclass(frozen=True)
class SourceRow:
    """What a source said when it was last asked for a frame."""

    source: str
    asked_at: dt.datetime
    state: str
    """``listed``, ``no frame`` or ``unavailable``."""
    pairs: int
    newest: DatePair | None
    reason: str | None


@dataclass(frozen=True)
class TileRow:
    """A pair in a volcano's cube: what it was made from, and the hash of what was written."""

    pair: DatePair
    url: str
    phase_sha256: str
    coherence_sha256: str
    content_sha256: str
    """Of the two arrays of bytes in the cube."""


@dataclass(frozen=True)
class PairScore:
    """What a model says of one pair's window; the numbers are NaN where nothing could be scored."""

    valid_fraction: float
    coherence_mean: float
    score: float
    """The model's logit: the largest of its patches."""
    probability: float
    positive: bool
    peak_latitude: float
    peak_longitude: float
    patches_scored: int


@dataclass(frozen=True)
class ScoredPair:
    """A row of the scores: whose, by which model, of which source file."""

    frame: FrameId
    pair: DatePair
    score: PairScore
    url: str
    sha256: str
    scored_at: dt.datetime


@dataclass(frozen=True)
class Verdict:
    """What a method said of one date, on the scores of a model."""

    state: str
    since: dt.date | None
    """First date of the episode that ran on it; None if none did."""
    probability: float
    """NaN where there was no data."""
    method: str
    model: str
    model_sha256: str

    def says_the_same_as(self, other: "Verdict") -> bool:
        """Whether a person reads the same in both: the state, and since when."""
        return (self.state, self.since) == (other.state, other.since)


@dataclass(frozen=True)
class GivenVerdict:
    """A verdict, and when it was given, UTC."""

    verdict: Verdict
    judged_at: dt.datetime
