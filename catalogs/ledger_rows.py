"""What the ledger says of a file, of a pair's score: plain records."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from catalogs.records import DatePair, FrameId, Product


class FileState(StrEnum):
    """What became of a product of a pair."""

    LISTED = "listed"
    FETCHED = "fetched"
    MISSING = "missing"
    REJECTED = "rejected"


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
