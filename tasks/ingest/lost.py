"""Pairs that were here and are not any more: found, asked for again, and said until they are back.

A cube may have been deleted, restored from an older backup, or have lost some of its chunks.
"""

import logging
from collections.abc import Iterable

from catalogs.cubes.cube import cube_pairs
from catalogs.home.home import Home
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import LostPair
from catalogs.records import DatePair, FrameId
from catalogs.settings.volcano import PlaceSettings
from tasks.records import Problem

_LOGGER = logging.getLogger(__name__)


def split_tiles(
    home: Home, ledger: Ledger, volcano: str, frame: FrameId
) -> tuple[tuple[DatePair, ...], tuple[DatePair, ...]]:
    """Return the pairs that ledger and cube have, and those that the ledger alone has, in order.

    Raises
    ------
    StoreError
        If the cube is damaged.
    """
    tiled = ledger.tiled_pairs(volcano, frame)
    in_cube = set(cube_pairs(home.cube(volcano, frame))) if tiled else set()
    there = tuple(pair for pair in tiled if pair in in_cube)
    return there, tuple(pair for pair in tiled if pair not in in_cube)


def reconcile_tiles(
    home: Home, ledger: Ledger, volcano: str, frame: FrameId
) -> tuple[DatePair, ...]:
    """Return the pairs that ledger and cube have; those that the ledger alone has are lost now.

    Raises
    ------
    StoreError
        If the cube is damaged.
    """
    there, lost = split_tiles(home, ledger, volcano, frame)
    if lost:
        _LOGGER.warning("%s %s: %d pairs are gone from the cube", volcano, frame, len(lost))
        ledger.forget_tiles(frame, lost, volcano)
    return there


def wanted_back(
    ledger: Ledger, volcano: str, place: PlaceSettings | None = None
) -> tuple[LostPair, ...]:
    """Return the pairs that the volcano has lost and that would be evidence, by frame and date.

    Those of frames that its settings leave out, and those that they call bad, are none.

    Parameters
    ----------
    ledger
        Open.
    volcano
        Its slug.
    place
        Its own settings; None where it has none.
    """
    lost = ledger.lost_pairs(volcano)
    if place is None:
        return lost
    return tuple(
        each
        for each in lost
        if str(each.frame) not in place.frames_left_out
        and place.why_bad(each.frame, each.pair) is None
    )


def problem_of_lost(frame: FrameId, lost: Iterable[LostPair], there: int) -> Problem | None:
    """Return what a run says of a frame that has lost pairs; None where a backup alone helps.

    Parameters
    ----------
    frame
        Whose pairs.
    lost
        Of the volcano.
    there
        Pairs that are in the cube.
    """
    count = sum(each.frame == frame and not each.is_gone for each in lost)
    if not count:
        return None
    reason = (
        f"{count} of {there + count} pairs that were here are not any more: until they are back no "
        "date that rests on them is called quiet; every run asks for them again"
    )
    return Problem(frame, None, reason)


def note_of_gone(frame: FrameId, lost: Iterable[LostPair]) -> str | None:
    """Return what a run says of lost pairs that no source lists; None if there are none."""
    gone = [each.pair for each in lost if each.frame == frame and each.is_gone]
    if not gone:
        return None
    return (
        f"{frame}: {len(gone)} pairs that were here are lost, and no source lists them any more "
        f"({gone[0]}{' and others' if len(gone) > 1 else ''}): restore the cube from a backup"
    )
