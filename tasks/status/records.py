"""What the ledger says of a home, as frozen records and as lines for whoever is on duty."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalogs.ledger.rows import FileState
from catalogs.records import DatePair, FrameId, Product
from tasks.status.coverage import TimeGap

LINES_SHOWN: Final = 12
"""Longest list of one frame's files or pairs; the count is always said."""


@dataclass(frozen=True)
class SourceStatus:
    """What one source said of a frame when it was last asked."""

    source: str
    asked_at: dt.datetime
    """UTC."""
    state: str
    """``listed``, ``no frame`` or ``unavailable``."""
    newest: DatePair | None
    reason: str | None
    stale_since: dt.date | None
    """UTC date of its last news; None while it is fresh."""

    @property
    def lacks_frame(self) -> bool:
        """Whether it answered that it has no such frame."""
        return self.state == "no frame"

    @property
    def trouble(self) -> str | None:
        """What is wrong with the source, in a line; None if nothing is."""
        if self.lacks_frame:
            return None  # one of several need not have it: the frame says it if none does
        if self.state != "listed":
            words = f"{self.state} when asked at {at_utc(self.asked_at)}"
            return f"NO LISTING: {self.source}: {words} ({self.reason or 'no reason kept'})"
        if self.newest is None:
            return f"EMPTY: {self.source} listed no pair at all at {at_utc(self.asked_at)}"
        if self.stale_since is None:
            return None
        if self.stale_since > self.newest.secondary:
            return f"STALE: {self.source} was not asked since {self.stale_since}"
        return f"STALE: {self.source} has nothing newer than {self.newest.secondary}"


@dataclass(frozen=True)
class FileTrouble:
    """A file that is not to be had, or not any more, and when it is asked for again."""

    pair: DatePair
    product: Product
    state: FileState
    reason: str | None
    next_attempt: dt.datetime | None
    """UTC; None means the next run."""

    def __str__(self) -> str:
        """Return one line for a person."""
        again = f"after {at_utc(self.next_attempt)}" if self.next_attempt else "by the next run"
        reason = self.reason or "no reason kept"
        return f"{self.pair} {self.product.value} {self.state.value}, asked again {again}: {reason}"


@dataclass(frozen=True)
class FrameStatus:
    """A frame of a volcano; the volcano is None for a frame that is listed and in no cube."""

    volcano: str | None
    frame: FrameId
    sources: tuple[SourceStatus, ...]
    files: tuple[tuple[FileState, int], ...]
    """How many files are in each state; states without a file are left out."""
    listed: int
    """Pairs that a source lists now."""
    in_cube: tuple[DatePair, ...]
    gone: tuple[DatePair, ...]
    """Pairs that no source lists any more; what is here of them stays."""
    gaps: tuple[TimeGap, ...]
    not_here: tuple[DatePair, ...]
    """Pairs that are listed, in the span of what was ever asked for, and not in the cube."""
    troubles: tuple[FileTrouble, ...]
    cube_is_there: bool
    never_asked: tuple[DatePair, ...] = ()
    """Pairs that are listed outside of that span: nobody ever asked for them."""
    lost: tuple[DatePair, ...] = ()
    """Pairs that were in the cube and are not any more."""
    lost_for_good: tuple[DatePair, ...] = ()
    """Those of them that no source lists any more."""

    @property
    def newest(self) -> dt.date | None:
        """The last acquisition in the cube, UTC."""
        return max((pair.secondary for pair in self.in_cube), default=None)

    @property
    def name(self) -> str:
        """Volcano and frame, or the frame alone."""
        return f"{self.volcano} {self.frame}" if self.volcano else str(self.frame)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody should know first, the worst first."""
        return tuple(f"{self.name}: {text}" for text in self._warnings())

    @property
    def absence(self) -> str | None:
        """The one line for a frame that no source has; None if one may have it."""
        if not self.sources or not all(source.lacks_frame for source in self.sources):
            return None
        asked = max(source.asked_at for source in self.sources)
        count = len(self.sources)
        whom = "the one source" if count == 1 else f"none of the {count} sources"
        words = "has no such frame" if count == 1 else "has such a frame"
        return f"NO FRAME: {whom} {words}, asked {at_utc(asked)}"

    @property
    def is_unknown(self) -> bool:
        """Whether nothing was ever listed of it, or brought."""
        return self.absence is not None and not (self.listed or self.in_cube or self.gone)

    def _warnings(self) -> Iterator[str]:
        """What a person should know of the frame, one line each."""
        if self.is_unknown:
            return  # the catalogue names frames that were retired or renamed
        if self.absence is not None:
            yield self.absence
        if self.in_cube and not self.cube_is_there:
            yield (
                f"CUBE GONE: {len(self.in_cube)} pairs were here; the next night brings them, or "
                f"{self._command(self.in_cube)}"
            )
        if self.lost:
            yield (
                f"LOST: {len(self.lost)} pairs were here and are not any more; no date that rests "
                f"on them is quiet; the next night brings them, or {self._command(self.lost)}"
            )
        if self.lost_for_good:
            yield (
                f"LOST FOR GOOD: {len(self.lost_for_good)} pairs were here, and no source lists "
                "them any more: restore the cube from a backup"
            )
        for source in self.sources:
            if source.trouble is not None and not self._is_past(source):
                yield source.trouble
        if self.not_here:
            command = self._command(self.not_here)
            yield f"NOT HERE: {len(self.not_here)} of the listed pairs; {command}"
        newer = [pair for pair in self.never_asked if self.newest and pair.secondary > self.newest]
        if newer:
            yield (
                f"NEWER: {len(newer)} listed pairs end after the newest that is here; "
                f"{self._command(newer)}"
            )
        yield from (f"GAP: {gap}" for gap in self.gaps)

    def _is_past(self, source: SourceStatus) -> bool:
        """Whether runs of a later day had their listing from another source."""
        return any(
            other.newest is not None
            and other.trouble is None
            and other.asked_at.date() > source.asked_at.date()
            for other in self.sources
        )

    def _command(self, pairs: Sequence[DatePair]) -> str:
        """The command that brings pairs."""
        start, end = min(pair.primary for pair in pairs), max(pair.secondary for pair in pairs)
        return (
            f"`fringewatch backfill {self.volcano or 'VOLCANO'} --start {start} --end {end} "
            f"--frame {self.frame}`"
        )

    def lines(self) -> list[str]:
        """Return the frame for a person, a fact a line."""
        if self.is_unknown:
            return [f"{self.name}: {self.absence}"]
        counts = ", ".join(f"{number} {state.value}" for state, number in self.files)
        said = [
            f"{self.name}: newest acquisition here {self.newest or 'none'}; {self.listed} pairs "
            f"listed, {len(self.in_cube)} in the cube, {len(self.gone)} gone upstream",
            f"  files: {counts or 'none'}",
        ]
        for source in self.sources:
            if source.lacks_frame:
                continue
            newest = source.newest.secondary if source.newest else "none"
            said.append(f"  {source.source}: newest {newest}, asked {at_utc(source.asked_at)}")
        said += shortened("listed and not here", map(str, self.not_here))
        said += shortened("lost, asked for again", map(str, self.lost))
        said += shortened("lost for good", map(str, self.lost_for_good))
        if self.never_asked:
            command = self._command(self.never_asked)
            said.append(f"  listed and never asked for: {len(self.never_asked)}; {command}")
        said += shortened("gone upstream, kept here", map(str, self.gone))
        said += shortened("files in trouble", map(str, self.troubles))
        return said


@dataclass(frozen=True)
class HomeStatus:
    """A home, or one volcano of it, at one moment."""

    home: Path
    today: dt.date
    """UTC."""
    frames: tuple[FrameStatus, ...]
    message: str | None = None
    """What to say where there is nothing to report."""
    without_data: tuple[str, ...] = ()
    """Watched volcanoes that never got any."""
    channels: tuple[str, ...] = ()
    """Channels of messages that do not take them, and why."""
    reviews: tuple[str, ...] = ()
    """What people said of it, a volcano a line."""
    watch_faults: tuple[str, ...] = ()
    """What is wrong with names of the watch list."""
    version: str | None = None
    """What is said of a home that an older version wrote."""
    headline: str | None = None
    """Of one volcano: whether it deforms, as far as is known today."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of messages, of volcanoes without data, and of all frames."""
        return (
            *([f"OLDER VERSION: {self.version}"] if self.version else []),
            *(f"WATCH LIST: {text}" for text in self.watch_faults),
            *(f"MESSAGES: {text}" for text in self.channels),
            *(f"{slug}: NO DATA: it is watched, none ever came" for slug in self.without_data),
            *(text for frame in self.frames for text in frame.warnings),
        )

    def lines(self) -> list[str]:
        """Return the status for whoever is on duty: what is wrong first, then frame by frame."""
        if self.message is not None:
            return [self.message, *(f"! {text}" for text in self.warnings)]
        warnings = self.warnings
        counts = f"frames: {len(self.frames)}, warnings: {len(warnings)}"
        said = [self.headline] if self.headline else []
        said.append(f"{self.today} UTC, home {self.home}: {counts}")
        said += [f"! {text}" for text in warnings]
        for frame in self.frames:
            said += frame.lines()
        return [*said, *self.reviews]


def shortened(title: str, items: Iterable[str]) -> list[str]:
    """Return `items` as lines below `title` with their count; no line if there are none."""
    texts = list(items)
    if not texts:
        return []
    said = [f"  {title}: {len(texts)}", *(f"    {text}" for text in texts[:LINES_SHOWN])]
    if len(texts) > LINES_SHOWN:
        said.append(f"    and {len(texts) - LINES_SHOWN} more")
    return said


def at_utc(time: dt.datetime) -> str:
    """Return a time for a person, UTC to the minute."""
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
