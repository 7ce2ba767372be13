"""Pairs that were here and are not any more: found, asked for again, and said until they are back.

A cube may have been deleted, restored from an older backup, or have lost some of its chunks.
"""

import logging

from catalogs.cubes.cube import cube_pairs
from catalogs.home.home import Home, home_of
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import LostPair
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from catalogs.settings.volcano import PlaceSettings
from fringewatch.plain_text import counted
from tasks.records import FrameRequest, Problem

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
        gone = counted(len(lost), "pair")
        _LOGGER.warning("%s %s: gone from the cube: %s", volcano, frame, gone)
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


def lacks_pairs(part: FrameRequest, settings: Settings) -> bool:
    """Return whether pairs of the frame were here and are not any more, after a look at its cube.

    Raises
    ------
    StoreError
        If the cube is damaged.
    """
    slug, home = part.volcano.slug, home_of(settings)
    with open_ledger(home.ledger) as ledger:
        reconcile_tiles(home, ledger, slug, part.frame)
        lost = wanted_back(ledger, slug, settings.volcano.get(slug))
    return any(each.frame == part.frame for each in lost)


def said_of_lost(
    part: FrameRequest, settings: Settings
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Return problems and notes of a run that has not brought back all of the frame's pairs.

    Those that no source lists any more are a note: no later run does better.
    """
    slug, frame = part.volcano.slug, part.frame
    with open_ledger(home_of(settings).ledger) as ledger:
        lost = wanted_back(ledger, slug, settings.volcano.get(slug))
        there = len(ledger.tiled_pairs(slug, frame))
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    gone = [each.pair for each in lost if each.frame == frame and each.is_gone]
    if gone:
        others = " and others" if len(gone) > 1 else ""
        notes = (
            f"{frame}: {len(gone)} pairs that were here are lost, and no source lists them any "
            f"more ({gone[0]}{others}): restore the cube from a backup",
        )
    count = sum(each.frame == frame and not each.is_gone for each in lost)
    if count:
        reason = (
            f"{count} of {there + count} pairs that were here are not any more: until they are "
            "back no date that rests on them is called quiet; every run asks for them again"
        )
        problems = (Problem(frame, None, reason),)
    return problems, notes
