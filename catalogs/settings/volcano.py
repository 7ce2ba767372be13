"""What an observatory says of one volcano in its settings: a place of its own, or changes to one.

In ``fringewatch.toml`` it is the table ``[volcano.NAME]``.
"""

import datetime as dt
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from catalogs.records import DatePair, FrameId
from fringewatch.errors import BadInputError

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_UNTIL: Final = "/"
_LONGEST_NOTE: Final = 2000


def _frame(text: object) -> str:
    try:
        return str(FrameId.parse(str(text)))
    except BadInputError as error:
        raise ValueError(str(error)) from error


def _date_or_span(given: object) -> str:
    """Return a date, or two with a stroke between them, as TOML and ISO 8601 write them."""
    text = str(given)
    try:
        first, stroke, last = text.partition(_UNTIL)
        days = [
            dt.date.fromisoformat(part.strip()) for part in ([first, last] if stroke else [first])
        ]
    except ValueError as error:
        message = f"give a date YYYY-MM-DD, or two as YYYY-MM-DD/YYYY-MM-DD ({error})"
        raise ValueError(message) from error
    if days[0] > days[-1]:
        message = "the first of the two dates must be the older one"
        raise ValueError(message)
    return _UNTIL.join(map(str, days))


Frame = Annotated[str, BeforeValidator(_frame)]
Month = Annotated[int, Field(ge=1, le=12)]
DateOrSpan = Annotated[str, BeforeValidator(_date_or_span)]


class PlaceSettings(BaseModel):
    """One volcano's own settings; what is not given is the catalogue's, or that of all volcanoes.

    With coordinates it needs nothing of the catalogue, whatever that gains or loses later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(default="", max_length=80, description="as people write it")
    latitude: float | None = Field(default=None, ge=-90.0, le=90.0)
    longitude: float | None = Field(default=None, ge=-180.0, le=180.0)
    gvp_number: int | None = Field(default=None, ge=100_000, le=999_999)
    region: str = Field(default="", pattern=r"^([a-z]+(_[a-z]+)*)?$")
    frames: tuple[Frame, ...] = Field(default=(), description="instead of those that are known")
    frames_added: tuple[Frame, ...] = ()
    frames_left_out: tuple[Frame, ...] = ()
    masked_months: tuple[Month, ...] = Field(default=(), description="1 to 12, of every year")
    masked_dates: tuple[DateOrSpan, ...] = Field(
        default=(), description="YYYY-MM-DD, or YYYY-MM-DD/YYYY-MM-DD with both included"
    )
    bad_pairs: dict[str, str] = Field(
        default={}, description="YYYYMMDD_YYYYMMDD, or FRAME/YYYYMMDD_YYYYMMDD, and why it is bad"
    )
    threshold: float | dict[str, float] | None = Field(
        default=None,
        description="score from which on a pair is positive here, or one for each model by name",
    )
    method: str | None = Field(default=None, description="as for all, but here")
    preset: Literal["early", "quiet"] | None = None
    method_options: dict[str, bool | int | float] = {}
    notes: str = Field(default="", max_length=_LONGEST_NOTE, description="for whoever reads")

    @field_validator("bad_pairs")
    @classmethod
    def _check_pairs(cls, given: dict[str, str]) -> dict[str, str]:
        for key, reason in given.items():
            try:
                _pair_key(key)
            except BadInputError as error:
                raise ValueError(str(error)) from error
            if not reason.strip():
                message = f"say why {key} is bad: its reason is empty"
                raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Pass entries that do not contradict each other."""
        if (self.latitude is None) != (self.longitude is None):
            lacking = "longitude" if self.longitude is None else "latitude"
            message = f"{lacking} is missing: give both latitude and longitude, or none"
            raise ValueError(message)
        if self.method and self.preset:
            message = f"method = '{self.method}' and preset = '{self.preset}': give one of them"
            raise ValueError(message)
        both = sorted({*self.frames, *self.frames_added} & {*self.frames_left_out})
        if both:
            message = f"frames_left_out = {both[0]}, which is also added: take it from one of them"
            raise ValueError(message)
        return self

    @property
    def is_placed(self) -> bool:
        """Whether it has coordinates of its own."""
        return self.latitude is not None

    @property
    def own_method(self) -> str | None:
        """The method or preset by which its dates are judged; None for that of all."""
        return self.method or self.preset

    def threshold_of(self, model: str) -> float | None:
        """Return the score from which on a pair is positive by this model; None for its own."""
        if isinstance(self.threshold, dict):
            return self.threshold.get(model)
        return self.threshold

    def masked_by(self, date: dt.date) -> str | None:
        """Return by which entry a date is masked, in words; None if it is not."""
        if date.month in self.masked_months:
            return f"every {MONTHS[date.month - 1]}"
        for entry in self.masked_dates:
            first, _, last = entry.partition(_UNTIL)
            if dt.date.fromisoformat(first) <= date <= dt.date.fromisoformat(last or first):
                return f"{first} to {last}" if last else first
        return None

    def why_bad(self, frame: FrameId, pair: DatePair) -> str | None:
        """Return why a pair is bad; None if nobody says so."""
        for key, reason in self.bad_pairs.items():
            own_frame, own_pair = _pair_key(key)
            if own_pair == pair and own_frame in {None, frame}:
                return reason
        return None


def _pair_key(key: str) -> tuple[FrameId | None, DatePair]:
    frame, stroke, pair = key.rpartition(_UNTIL)
    return (FrameId.parse(frame) if stroke else None), DatePair.parse(pair)
