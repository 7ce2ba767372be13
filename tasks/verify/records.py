"""What a verification found, as frozen records and as lines for a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from catalogs.records import DatePair, FrameId, Product
from catalogs.storage.place import Place
from tasks.records import Outcome
from tasks.status.records import shortened


class DifferenceKind(StrEnum):
    """A way in which ledger, disk and source disagree."""

    BAD_CUBE = "cube does not open"
    DAMAGED = "damaged in the cube"
    LOST = "lost from the cube"
    LOST_FOR_GOOD = "damaged here and gone upstream"
    UNKNOWN_PAIR = "in the cube, unknown to the ledger"
    CHANGED = "changed upstream"
    VANISHED = "gone upstream since the last listing"
    NOT_HERE = "listed, not here"
    DAMAGED_FILE = "damaged file"
    LEFT_OVER = "left-over file"
    STRANGE_FILE = "file of an unknown name"
    TABLE = "table"


REPAIRABLE = frozenset(DifferenceKind) - {
    DifferenceKind.LOST_FOR_GOOD,
    DifferenceKind.UNKNOWN_PAIR,
    DifferenceKind.NOT_HERE,
    DifferenceKind.STRANGE_FILE,
    DifferenceKind.TABLE,
}
"""What ``--repair`` acts on; the others are for a backfill, or for a person."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the ledger says."""

    kind: DifferenceKind
    reason: str
    pair: DatePair | None = None
    product: Product | None = None
    path: Path | Place | None = None
    """The file or the store that it is about."""
    repaired: str | None = None
    """What was done about it; None while nothing was."""

    def __str__(self) -> str:
        """Return one line for a person."""
        name = " ".join(str(part) for part in (self.pair, self.product) if part)
        done = f" [{self.repaired}]" if self.repaired else ""
        return f"{name or self.path}: {self.reason}{done}"


@dataclass(frozen=True)
class FrameCheck:
    """What was looked at of a frame, and what is wrong with it."""

    frame: FrameId
    tiled: int = 0
    """Pairs that the ledger calls tiled: each was decoded and hashed."""
    listed: int | None = None
    """Pairs that the source lists now; None if it gave no listing."""
    files_asked: int = 0
    """Files whose size and time the source told."""
    differences: tuple[Difference, ...] = ()
    unreachable: tuple[str, ...] = ()
    """What the source could not be asked, and why."""
    notes: tuple[str, ...] = ()
    """What the ledger knows already: no difference."""
    to_fetch: tuple[DatePair, ...] = ()
    """Pairs that a backfill has to bring, once damage is repaired."""
    also_in: tuple[str, ...] = ()
    """Other volcanoes whose cubes hold some of them, from files that changed upstream."""

    def of_kind(self, *kinds: DifferenceKind) -> tuple[Difference, ...]:
        """Return the differences of some kinds."""
        return tuple(found for found in self.differences if found.kind in kinds)


@dataclass(frozen=True)
class VerifyReport:
    """What a verification of a volcano found and, if it was to repair, did."""

    volcano: str
    outcome: Outcome
    frames: tuple[FrameCheck, ...] = ()
    tables: tuple[Difference, ...] = ()
    next_commands: tuple[str, ...] = ()
    """What to run next; empty if nothing has to be."""
    notes: tuple[str, ...] = ()
    home_stopped: bool = False
    """Whether it ended because of the home: full, busy, or its storage out of reach."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Of all frames and of the tables."""
        return (*(found for check in self.frames for found in check.differences), *self.tables)

    def lines(self) -> list[str]:
        """Return the report for a person, what is wrong first."""
        found, unreachable = len(self.differences), sum(len(f.unreachable) for f in self.frames)
        repaired = sum(difference.repaired is not None for difference in self.differences)
        said = [
            f"{self.volcano}: differences: {found}, repaired: {repaired}, without answer: "
            f"{unreachable}"
        ]
        for check in self.frames:
            said += _frame_lines(check)
        said += shortened("tables", map(str, self.tables))
        said += self.notes
        said += [f"run next: {command}" for command in self.next_commands]
        return said


def _frame_lines(check: FrameCheck) -> Iterator[str]:
    listed = "no listing" if check.listed is None else f"{check.listed} pairs listed"
    yield (
        f"{check.frame}: {check.tiled} pairs decoded, {listed}, "
        f"{check.files_asked} files compared with the source"
    )
    yield from (f"  no answer: {words}" for words in check.unreachable)
    for kind in DifferenceKind:
        yield from shortened(kind.value, map(str, check.of_kind(kind)))
    yield from (f"  {note}" for note in check.notes)
