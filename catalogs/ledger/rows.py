"""What the ledger says of a file, a pair's score, a date: plain records."""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Self

from catalogs.records import DatePair, FrameId, FrameRaster, Product


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
class LostPair:
    """A pair that was in a volcano's cube, and is not any more."""

    frame: FrameId
    pair: DatePair
    is_gone: bool
    """Whether no source lists it any more either: it comes back from a backup alone."""


@dataclass(frozen=True)
class PairScore:
    """What a model says of one pair's window; the numbers are NaN where nothing could be scored."""

    valid_fraction: float
    coherence_mean: float
    score: float
    """The model's logit of the window."""
    probability: float
    positive: bool
    peak_latitude: float
    peak_longitude: float
    patches_scored: int


class WaterSource(StrEnum):
    """By what water is known."""

    LANDMASK = "landmask"
    """The frame's own raster."""
    COHERENCE = "coherence"
    """The pixels that are coherent in no pair of the cube."""


@dataclass(frozen=True)
class ScoreRecipe:
    """What a score depends on beside the model and the pair's own bytes."""

    scoring: int
    """Number of the way in which scores are made, see `tasks.judge.score.SCORING`."""
    water: WaterSource
    water_sha256: str
    """Of the mask of water."""
    least_coherence: float
    """From which on ground counts as coherent in a pair."""
    views: int = 1
    """Of each patch that the model looked at."""
    deforming_share: float | None = None
    """Of windows, that the probability assumes; None for what the model's card states."""

    @property
    def text(self) -> str:
        """JSON, the same for the same recipe; what is as it always was is not in it."""
        usual = {field.name: field.default for field in fields(self)}
        told = {name: value for name, value in asdict(self).items() if value != usual[name]}
        return json.dumps(told, sort_keys=True)

    @property
    def sha256(self) -> str:
        """Of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the recipe whose text this is."""
        found = json.loads(text)
        return cls(**found | {"water": WaterSource(found["water"])})


@dataclass(frozen=True)
class LayerRow:
    """What became of a raster of a frame that was asked for."""

    raster: FrameRaster
    url: str | None = None
    """Where it was found."""
    sha256: str | None = None
    """Of the window's values; None where it could not be had."""
    reason: str | None = None
    """Why not."""
    attempts: int = 0
    """How often it was asked for in vain."""
    next_attempt: dt.datetime | None = None
    """UTC: not before this is it asked for again; None for the next run."""
    answered: bool = True
    """Whether the sources answered; if not, the next run asks again."""

    @property
    def is_there(self) -> bool:
        """Whether it came."""
        return self.sha256 is not None


@dataclass(frozen=True)
class FittedField:
    """How much of one field is in the phase of a pair, and what became of it."""

    field: str
    """Such as ``heights``."""
    field_sha256: str
    """Of the field's values."""
    outcome: str
    """``removed``, or why not."""
    factor: float | None
    """That was found, removed or not, in `unit`; None if none could be looked for."""
    deviation: float | None
    """Its standard deviation."""
    unit: str
    """Such as ``rad/km``."""
    is_removed: bool


@dataclass(frozen=True)
class PairAir:
    """What was found of layered air in one pair, and how much of its structure that is."""

    made_from: str
    """Hash of all that it depends on, beside the bytes of the pair."""
    fits: tuple[FittedField, ...]
    share: float
    """Of the pair's structure that went with what is removed, 0 to 1."""
    lacking: tuple[str, ...] = ()
    """What was asked for and could not be had, and why."""

    @property
    def removed(self) -> tuple[FittedField, ...]:
        """The fields of which a multiple is taken from the phase."""
        return tuple(fit for fit in self.fits if fit.is_removed)

    @property
    def removed_sha256(self) -> str:
        """Of what is taken from the phase: a score depends on it. Empty if that is nothing."""
        if not self.removed:
            return ""
        taken = [[fit.field, fit.field_sha256, fit.factor] for fit in self.removed]
        return hashlib.sha256(json.dumps(taken).encode()).hexdigest()

    @property
    def text(self) -> str:
        """JSON, the same for the same record."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the record whose text this is."""
        found = json.loads(text)
        fits = tuple(FittedField(**fit) for fit in found["fits"])
        return cls(found["made_from"], fits, found["share"], tuple(found["lacking"]))


@dataclass(frozen=True)
class ScoredPair:
    """A row of the scores: whose, by which model, of which source file."""

    frame: FrameId
    pair: DatePair
    score: PairScore
    url: str
    sha256: str
    scored_at: dt.datetime
    recipe: ScoreRecipe | None = None
    """By which it was scored; None for a score of before recipes were kept."""
    air: PairAir | None = None
    """What was taken from it before; None where nothing that air follows is known."""


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
