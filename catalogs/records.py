"""Typed records for the words of the field, parsed once at the edge.

The grammar of frame ids, pairs and file names is LiCSAR's (COMET LiCSAR portal, 2025 layout),
real exceptions included: stripmap frames and high-resolution frames.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Self

from fringewatch.errors import BadInputError

_FRAME = re.compile(r"([0-9]{3})([AD])_([0-9]{4}[0-9HM]_[0-9]{6}|SM_[A-Z0-9]{4}_S[1-6])")
_PAIR = re.compile(r"([0-9]{8})_([0-9]{8})")
_LAST_TRACK = 175  # Sentinel-1 repeats its orbit after 175 revolutions


class Direction(StrEnum):
    """The way the satellite flies; with it changes the line of sight."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


class Product(StrEnum):
    """The rasters of a pair that Fringewatch reads; the value is LiCSAR's own word."""

    DIFF_PHA = "diff_pha"
    """Goldstein-filtered wrapped phase, float32 radians, 0 = no data."""
    CC = "cc"
    """Coherence, uint8, value / 255, 0 = no data."""
    UNW = "unw"
    """Unwrapped phase, float32 radians, 0 = no data; it is wrapped again as it is read."""
    DIFF_UNFILTERED_PHA = "diff_unfiltered_pha"
    """Wrapped phase before the filter, float32 radians, 0 = no data."""

    @property
    def ending(self) -> str:
        """What follows the pair in a file name of this product."""
        return f".geo.{self.value}.tif"

    @property
    def is_phase(self) -> bool:
        """Whether it is a phase, of whatever kind."""
        return self is not Product.CC

    @property
    def needed(self) -> tuple["Product", "Product"]:
        """The two products that a pair is read from where this one is its phase."""
        return (self, Product.CC)


class FrameRaster(StrEnum):
    """The rasters of a frame, beside its pairs, that Fringewatch reads; LiCSAR's own words."""

    LANDMASK = "landmask"
    """1 land, 0 water."""
    HEIGHT = "hgt"
    """Of the ground, metres."""
    EAST = "E"
    """Part of the unit vector from the ground to the satellite, as are the next two."""
    NORTH = "N"
    UP = "U"
    GACOS = "sltd"
    """Slant delay of one date, radians of two-way phase, as GACOS has it."""
    ICAMS = "icams.sltd"
    """The same, as ICAMS makes it of ERA5."""

    @property
    def is_phase(self) -> bool:
        """Whether it is a phase: none is."""
        return False


@dataclass(frozen=True, order=True)
class FrameId:
    """A LiCSAR frame, such as ``155D_02579_100800``, ``022A_0142H_000203``, ``144A_SM_REUN_S6``."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the frame that `text` names.

        Raises
        ------
        BadInputError
            If `text` is no frame id of LiCSAR's grammar, or its track is not 1 to 175.
        """
        found = _FRAME.fullmatch(text)
        if found is None or not 1 <= int(found[1]) <= _LAST_TRACK:
            message = (
                f"'{text}' is not a LiCSAR frame id: expected a form like 155D_02579_100800 "
                "(track 001-175, A or D, co-latitude, bursts) or 144A_SM_REUN_S6 (stripmap)"
            )
            raise BadInputError(message)
        return cls(text)

    @property
    def track(self) -> int:
        """Relative orbit, 1 to 175; also the name of the portal's folder, without padding."""
        return int(self.text[:3])

    @property
    def pass_name(self) -> str:
        """Track and direction, such as ``155D``: what all frames of one overflight share."""
        return self.text[:4]

    @property
    def direction(self) -> Direction:
        """Ascending or descending."""
        return Direction.ASCENDING if self.text[3] == "A" else Direction.DESCENDING

    def __str__(self) -> str:
        """Return LiCSAR's own spelling."""
        return self.text


class ModelId(NamedTuple):
    """A detector, down to its bytes: what a score or a verdict was made with."""

    name: str
    sha256: str


_FIRST_RADAR: Final = dt.date(1978, 1, 1)
"""Seasat's. Years of fewer than four digits would also be spelled otherwise than they are read."""


@dataclass(frozen=True, order=True)
class DatePair:
    """The two acquisitions (UTC dates) of an interferogram; the primary is the older one."""

    primary: dt.date
    secondary: dt.date

    @property
    def is_to_come(self) -> bool:
        """Whether it ends after today (UTC, and a day for clocks): no pair does."""
        today = dt.datetime.now(dt.UTC).date()
        return self.secondary > today + dt.timedelta(days=1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pair that `text` (``YYYYMMDD_YYYYMMDD``) names.

        Raises
        ------
        BadInputError
            If `text` has another form, holds no calendar date, or is not in order of time.
        """
        found = _PAIR.fullmatch(text)
        if found is None:
            message = f"'{text}' is not a pair of dates: expected YYYYMMDD_YYYYMMDD"
            raise BadInputError(message)
        try:
            primary, secondary = (dt.date.fromisoformat(part) for part in found.groups())
        except ValueError as error:
            message = f"'{text}' is not a pair of dates: {error}"
            raise BadInputError(message) from error
        if primary >= secondary:
            message = f"'{text}' is not a pair of dates: the first must be the older one"
            raise BadInputError(message)
        if primary < _FIRST_RADAR:
            message = f"'{text}' is not a pair of dates: no satellite had a radar before 1978"
            raise BadInputError(message)
        return cls(primary, secondary)

    @property
    def days(self) -> int:
        """Time span in days."""
        return (self.secondary - self.primary).days

    def lies_in(self, start: dt.date, end: dt.date) -> bool:
        """Whether both acquisitions fall between `start` and `end`, both included."""
        return start <= self.primary and self.secondary <= end

    def __str__(self) -> str:
        """Return LiCSAR's own spelling."""
        return f"{self.primary:%Y%m%d}_{self.secondary:%Y%m%d}"


def newest_pair(pairs: Iterable[DatePair]) -> DatePair | None:
    """Return the pair with the newest secondary date, of several the shortest; None of none."""
    return max(pairs, key=lambda pair: (pair.secondary, pair.primary), default=None)


@dataclass(frozen=True)
class Volcano:
    """A volcano of the catalogue."""

    name: str
    slug: str
    """Lower-case name for paths and commands."""
    gvp_number: int
    """Number in the Smithsonian's Volcanoes of the World."""
    latitude: float
    longitude: float
    region: str
    frames: tuple[FrameId, ...]
    """LiCSAR frames that see it, best first."""


@dataclass(frozen=True)
class RemoteFile:
    """One product of one pair, where a source says it is."""

    frame: FrameId
    pair: DatePair
    product: Product
    url: str

    @property
    def file_name(self) -> str:
        """LiCSAR's file name, whatever query the URL carries."""
        return f"{self.pair}{self.product.ending}"


@dataclass(frozen=True)
class RemoteFrameFile:
    """One raster of a frame's metadata, or of one of its dates, where a source would have it."""

    frame: FrameId
    product: FrameRaster
    url: str
    date: dt.date | None = None
    """Of a delay; None for the frame's own rasters."""

    @property
    def file_name(self) -> str:
        """LiCSAR's file name."""
        if self.date is not None:
            return delay_file_name(self.date, self.product)
        return frame_file_name(self.frame, self.product)


def frame_file_name(frame: FrameId, raster: FrameRaster) -> str:
    """Return LiCSAR's name of the file that holds a raster of a frame."""
    return f"{frame}.geo.{raster.value}.tif"


def delay_file_name(date: dt.date, raster: FrameRaster) -> str:
    """Return LiCSAR's name of the file that holds the delay of a date."""
    return f"{date:%Y%m%d}.{raster.value}.geo.tif"
