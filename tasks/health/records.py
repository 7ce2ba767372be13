"""What is known of the watch's health, as frozen records, lines and JSON."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from fringewatch.plain_text import plain
from tasks.status.records import at_utc

HEALTH_FORMAT: Final = 1
"""Of the JSON; it rises when a reader of the old one could no longer read it."""

_SHOWN: Final = 20
_GB: Final = 1e9


class Check(StrEnum):
    """What is looked at."""

    HOME = "home"
    VERSION = "version"
    SETTINGS = "settings"
    WATCH_LIST = "watch list"
    NEVER_FETCHED = "never fetched"
    LOST = "lost"
    TABLES = "tables"
    STALE = "stale"
    SILENT = "silent"
    FAILING = "failing"
    SCHEDULE = "schedule"
    DISK = "disk"
    MESSAGES = "messages"


@dataclass(frozen=True)
class Finding:
    """Something that a person has to see to."""

    check: Check
    words: str
    volcano: str | None = None

    def __str__(self) -> str:
        """Return one line for a person."""
        whose = f"{self.volcano}: " if self.volcano else ""
        return plain(f"{self.check.value.upper()}: {whose}{self.words}")


@dataclass(frozen=True)
class VolcanoHealth:
    """A watched volcano."""

    volcano: str
    state: str
    """As on its page: that of the newest date, ``no data`` also where nothing was ever judged, and
    ``unknown`` after a silence or where data are lost."""
    since: dt.date | None
    newest: dt.date | None
    """UTC date of the newest acquisition here."""
    age_days: int | None
    pairs: int
    """In the cubes."""
    last_success: dt.datetime | None
    """UTC: end of the last run that brought something, or what there was."""
    failed_nights: int
    """In a row, up to now."""


@dataclass(frozen=True)
class ChannelHealth:
    """A channel of messages, without its address."""

    name: str
    waiting: int
    failures: int
    words: str


@dataclass(frozen=True)
class DiskHealth:
    """The disk of the home."""

    free_bytes: int
    daily_bytes: float | None
    """Growth of what is used, over the runs of the last 60 days; None while that is not known."""

    @property
    def days_left(self) -> float | None:
        """Until it is full at this growth; None where it does not grow."""
        if self.daily_bytes is None or self.daily_bytes <= 0:
            return None
        return self.free_bytes / self.daily_bytes

    def __str__(self) -> str:
        """Return it for a person."""
        said = f"{self.free_bytes / _GB:.1f} GB free"
        if self.daily_bytes is None:
            return f"{said}, growth not known yet"
        if self.days_left is None:
            return f"{said}, does not grow"
        daily = f"{self.daily_bytes / _GB:.3f} GB a day"
        return f"{said}, {daily}: full in {self.days_left:.0f} days"


@dataclass(frozen=True)
class LastNight:
    """The last night that began."""

    started_at: dt.datetime
    ended_at: dt.datetime | None
    outcome: str | None
    heartbeat_at: dt.datetime | None


@dataclass(frozen=True)
class Health:
    """The watch at one moment."""

    at: dt.datetime
    home: Path
    findings: tuple[Finding, ...]
    volcanoes: tuple[VolcanoHealth, ...] = ()
    channels: tuple[ChannelHealth, ...] = ()
    disk: DiskHealth | None = None
    last_night: LastNight | None = None

    @property
    def is_well(self) -> bool:
        """Whether nobody need do anything."""
        return not self.findings

    @property
    def is_there(self) -> bool:
        """Whether there is a home with a ledger to speak of."""
        return all(finding.check is not Check.HOME for finding in self.findings)

    @property
    def _is_idle(self) -> bool:
        """Whether no volcano is watched and no night ever ran: there is no watch to be unwell."""
        return not self.volcanoes and self.last_night is None

    def lines(self) -> Iterator[str]:
        """Give the health for whoever is on duty, what is wrong first."""
        count = len(self.findings)
        verdict = "well" if self.is_well else f"NOT WELL, {count} finding{'s' * (count != 1)}"
        if [finding.check for finding in self.findings] == [Check.WATCH_LIST] and self._is_idle:
            verdict = "NOTHING IS WATCHED"
        yield f"{at_utc(self.at)}, home {self.home}: {verdict}"
        yield from (f"! {finding}" for finding in self.findings[:_SHOWN])
        if count > _SHOWN:
            yield f"! and {count - _SHOWN} more: see --json"
        if self.last_night is not None:
            night = self.last_night
            ended = night.outcome or "not ended"
            yield f"last night: {at_utc(night.started_at)}, {ended}"
        by_state = sorted({each.state for each in self.volcanoes})
        counts = (
            f"{sum(each.state == state for each in self.volcanoes)} {state}" for state in by_state
        )
        if self.volcanoes:
            yield f"volcanoes: {len(self.volcanoes)} watched: {', '.join(counts)}"
        if self.disk is not None:
            yield f"disk: {self.disk}"
        yield from (f"channel {each.name}: {each.words}" for each in self.channels)

    def to_json(self) -> str:
        """Return all of it for programs; times are UTC."""
        words: dict[str, Any] = {"format": HEALTH_FORMAT, "well": self.is_well, **asdict(self)}
        if self.disk is not None:
            words["disk"]["days_left"] = self.disk.days_left
        return json.dumps(words, default=str, indent=2, allow_nan=False)
