"""Repair what a verification found, so that the next backfill brings what is wanting."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from catalogs.cubes.repair import blank_pairs, move_aside
from catalogs.home.home import Home
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import FileState
from catalogs.storage.place import Place
from fringewatch.atomic import disk_errors
from tasks.verify.local import FrameMemory
from tasks.verify.records import Difference, DifferenceKind
from tasks.verify.remote import RemoteCheck

_FORGOTTEN: Final = "lost, by the ledger: the next night or backfill brings it"


def repair_frame(
    home: Home,
    ledger: Ledger,
    memory: FrameMemory,
    found: Sequence[Difference],
    remote: RemoteCheck,
) -> tuple[Difference, ...]:
    """Return the differences, those that could be repaired with what was done about them.

    A run that is killed midway leaves differences that the next verification finds again.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    if remote.source is not None and remote.all_answered:
        ledger.record_listing(memory.frame, remote.source, remote.listed, complete=True)
    damaged = [d.pair for d in found if d.kind is DifferenceKind.DAMAGED and d.pair is not None]
    if damaged:
        cube = home.cube(memory.volcano, memory.frame)
        # Before the ledger forgets them: a chunk that does not decode would stop the backfill.
        blank_pairs(cube, damaged)
    return tuple(
        replace(difference, repaired=_repair(ledger, memory, difference)) for difference in found
    )


def _repair(ledger: Ledger, memory: FrameMemory, found: Difference) -> str | None:
    """Do what there is to do about one difference, and say what; None if there is nothing."""
    match found.kind:
        case DifferenceKind.BAD_CUBE if isinstance(found.path, Place):
            aside = move_aside(found.path)
            ledger.forget_tiles(memory.frame, memory.tiled, memory.volcano)
            return f"moved to {aside.name}; the next night or backfill builds it anew"
        case DifferenceKind.DAMAGED | DifferenceKind.LOST if found.pair is not None:
            ledger.forget_tiles(memory.frame, [found.pair], memory.volcano)
            return _FORGOTTEN
        case DifferenceKind.CHANGED if found.pair is not None and found.product is not None:
            row = memory.files[found.pair, found.product]
            changed = replace(row, state=FileState.CHANGED, reason=found.reason)
            ledger.record_file(memory.frame, changed)
            # The file changed for every volcano that the frame sees.
            ledger.mark_outdated(memory.frame, [found.pair])
            return "the next backfill fetches it; what is here stays until that is in its place"
        case DifferenceKind.VANISHED:
            return "marked in the ledger"
        case DifferenceKind.DAMAGED_FILE | DifferenceKind.LEFT_OVER if isinstance(found.path, Path):
            with disk_errors(found.path):
                found.path.unlink(missing_ok=True)
            return "removed"
        case _:
            return None
