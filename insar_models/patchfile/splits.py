"""Splits of a corpus into a side to learn from and a side that is held out.

A group is the finest unit that must not stand on both sides: patches that share pixels, or are
copies of each other. Every split keeps groups whole, by construction; each way adds a guarantee
of its own. Nothing but numpy is needed.
"""

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATE
from insar_models.patchfile.file import PatchFile

LEARN: Final = 0
HELD_OUT: Final = 1
LEFT_OUT: Final = -1

UNKNOWN: Final = -1
"""Code of a frame or a volcano that is not known."""

_FIRST_DAY = dt.date(1970, 1, 1)
_LOG = logging.getLogger(__name__)


class SplitBy(StrEnum):
    """What is kept whole besides groups; no two of its patches stand on different sides."""

    AREA = "area"
    """Areas, and with them frames, volcanoes and all ground that hangs together."""
    FRAME = "frame"
    """Frames. A volcano can stand on both sides, seen by different frames."""
    VOLCANO = "volcano"
    """Volcanoes and interferograms (the same frame and dates). A frame can stand on both sides,
    with other volcanoes on other dates."""
    TIME = "time"
    """Acquisition dates: what is learned from ends before what is held out begins. The same
    places stand on both sides."""


@dataclass(frozen=True, eq=False)
class SplitColumns:
    """The columns of a corpus that splits need: n integers each, a value a patch."""

    group: NDArray[np.integer]
    area: NDArray[np.integer]
    frame: NDArray[np.integer]
    """Places in `frames`; `UNKNOWN`, or the place of an empty name, where it is not known."""
    volcano: NDArray[np.integer]
    """Places in `volcanoes`, likewise."""
    primary: NDArray[np.integer]
    """Days since 1970-01-01, `NO_DATE` where unknown."""
    secondary: NDArray[np.integer]
    frames: tuple[str, ...]
    volcanoes: tuple[str, ...]

    @classmethod
    def of_file(cls, file: PatchFile) -> Self:
        """Return the columns of a corpus that was exported as one flat file."""
        columns, words = file.columns, file.facts.words
        return cls(
            group=columns["group"],
            area=columns["area"],
            frame=columns["frame"],
            volcano=columns["volcano"],
            primary=columns["primary"],
            secondary=columns["secondary"],
            frames=words["frame"],
            volcanoes=words["volcano"],
        )

    def __post_init__(self) -> None:
        columns = (self.group, self.area, self.frame, self.volcano, self.primary, self.secondary)
        shapes = {column.shape for column in columns}
        kinds = {column.dtype.kind for column in columns}
        if len(shapes) > 1 or self.group.ndim != 1 or not self.group.size or kinds - {"i", "u"}:
            message = (
                f"columns of a split must be whole numbers, one a patch, and at least one: got "
                f"shapes {sorted(shapes)} and types {sorted({str(c.dtype) for c in columns})}"
            )
            raise BadInputError(message)
        for kind, codes, names in (
            ("frame", self.frame, self.frames),
            ("volcano", self.volcano, self.volcanoes),
        ):
            if codes.min() < UNKNOWN or codes.max() >= len(names):
                message = (
                    f"{kind} codes are {codes.min()} to {codes.max()}, but {len(names)} names "
                    f"came with them: codes are places in the names, or {UNKNOWN}"
                )
                raise BadInputError(message)


def split(
    columns: SplitColumns,
    by: SplitBy | str,
    held_out: float | Sequence[str] | dt.date,
    *,
    seed: int = 0,
) -> NDArray[np.int8]:
    """Return the side of each patch, int8 (n,): `LEARN`, `HELD_OUT` or `LEFT_OUT` (0, 1, -1).

    No group stands on both sides, whatever the way; see `SplitBy` for what else does not. What
    hangs together by group, frame or volcano, as the way has it, goes to one side as a whole. In
    a split by time, pairs that span the date are left out, and so are patches without dates and
    groups that would stand on both sides.

    Parameters
    ----------
    columns
        Of the corpus.
    by
        The way.
    held_out
        What is held out. By area, frame or volcano: a share of the patches, above 0 and below 1,
        which whole units meet as nearly as they happen to; or names: of frames or of volcanoes as
        the way has it, by area of either. By time: the date; pairs that begin at or after it are
        held out, those that end before it are to learn from.
    seed
        Of the choice by share: the same for the same patches in any order.

    Raises
    ------
    BadInputError
        If the way or a name is unknown, what is held out does not fit the way, the share is out
        of range, or no patch is left on one side.
    """
    try:
        way = SplitBy(by)
    except ValueError as error:
        message = f"'{by}' is no way to split a corpus: choose from {', '.join(SplitBy)}"
        raise BadInputError(message) from error
    if way is SplitBy.TIME:
        sides = _split_by_time(columns, held_out)
    elif isinstance(held_out, int | float | np.floating):
        sides = _split_by_share(_units(columns, way), float(held_out), seed)
    elif isinstance(held_out, str | dt.date):
        message = f"a split by {way} holds out a share or a list of names, not {held_out!r}"
        raise BadInputError(message)
    else:
        sides = _split_by_name(columns, way, held_out)
    for side, words in ((LEARN, "to learn from"), (HELD_OUT, "to hold out")):
        if not (sides == side).any():
            message = (
                f"a split by {way} with {held_out} leaves no patch {words}, of {sides.size}: "
                "hold out something else, split another way, or build a larger corpus"
            )
            raise BadInputError(message)
    return sides


def _split_by_time(columns: SplitColumns, held_out: object) -> NDArray[np.int8]:
    """The side of each patch: before the date, from it on, or across it."""
    if not isinstance(held_out, dt.date):
        message = f"a split by time needs the date from which pairs are held out, not {held_out!r}"
        raise BadInputError(message)
    # A datetime is a date, too.
    day = dt.date(held_out.year, held_out.month, held_out.day).toordinal() - _FIRST_DAY.toordinal()
    undated = (columns.primary == NO_DATE) | (columns.secondary == NO_DATE)
    if undated.all():
        message = f"none of {undated.size} patches has dates: split by area, frame or volcano"
        raise BadInputError(message)
    if undated.any():
        _LOG.warning(
            "%d of %d patches have no dates: a split by time leaves them out",
            undated.sum(),
            undated.size,
        )
    before = ~undated & (np.maximum(columns.primary, columns.secondary) < day)
    after = ~undated & (np.minimum(columns.primary, columns.secondary) >= day)
    both = np.intersect1d(columns.group[before], columns.group[after])
    sides = np.select(
        [np.isin(columns.group, both), before, after], [LEFT_OUT, LEARN, HELD_OUT], LEFT_OUT
    )
    return sides.astype(np.int8)


def _split_by_name(columns: SplitColumns, way: SplitBy, names: Sequence[str]) -> NDArray[np.int8]:
    """The side of each patch: held out with all that hangs together with a named one."""
    lists: list[tuple[NDArray[np.integer], tuple[str, ...]]] = []
    if way is not SplitBy.VOLCANO:
        lists.append((columns.frame, columns.frames))
    if way is not SplitBy.FRAME:
        lists.append((columns.volcano, columns.volcanoes))
    chosen = np.zeros(columns.group.size, dtype=bool)
    for name in names:
        found = [
            np.isin(codes, [code for code, known in enumerate(names_of) if known == name])
            for codes, names_of in lists
        ]
        if not name or not np.any(found):
            message = (
                f"no patch of '{name}' in this corpus, which a split by {way} should hold out: "
                f"choose from {', '.join(_names_in_use(lists)) or 'a share: no names are known'}"
            )
            raise BadInputError(message)
        chosen |= np.logical_or.reduce(found)
    units = _units(columns, way)
    return np.where(np.isin(units, units[chosen]), HELD_OUT, LEARN).astype(np.int8)


def _names_in_use(lists: list[tuple[NDArray[np.integer], tuple[str, ...]]]) -> list[str]:
    used = {names[code] for codes, names in lists for code in np.unique(codes[codes >= 0])}
    return sorted(used - {""})


def _split_by_share(units: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int8]:
    """Units at random, each if it brings the share of patches nearer to what is asked for."""
    if not 0.0 < share < 1.0:
        message = f"a share of {share:g} cannot be held out: give one above 0 and below 1"
        raise BadInputError(message)
    numbers, of_patch, sizes = np.unique(units, return_inverse=True, return_counts=True)
    # Numbers follow the groups', so that the order of the patches makes no difference.
    order = np.random.default_rng(seed).permutation(numbers.size)
    wanted, taken = share * units.size, 0
    chosen = np.zeros(numbers.size, dtype=bool)
    for unit in order:
        if abs(taken + sizes[unit] - wanted) < abs(taken - wanted):
            chosen[unit] = True
            taken += int(sizes[unit])
    if numbers.size > 1 and taken in {0, units.size}:  # units too large to come near
        chosen[order[np.argmin(sizes[order])]] = not taken
    return np.where(chosen[of_patch], HELD_OUT, LEARN).astype(np.int8)


def _units(columns: SplitColumns, way: SplitBy) -> NDArray[np.int64]:
    """A number for each patch, equal for those that must go together."""
    frame = _known(columns.frame, columns.frames)
    volcano = _known(columns.volcano, columns.volcanoes)
    if way is SplitBy.FRAME:
        return _join([columns.group, frame])
    if way is SplitBy.AREA:
        return _join([columns.group, columns.area, frame, volcano])
    dated = (frame != UNKNOWN) & (columns.primary != NO_DATE) & (columns.secondary != NO_DATE)
    pair = _both(columns.primary, columns.secondary)
    interferogram = _both(frame, pair)
    return _join([columns.group, volcano, np.where(dated, interferogram, UNKNOWN)])


def _both(one: NDArray[np.integer], other: NDArray[np.integer]) -> NDArray[np.int64]:
    """A number for each combination."""
    first, second = (np.unique(values, return_inverse=True)[1] for values in (one, other))
    return np.unique(first * (second.max() + 1) + second, return_inverse=True)[1]


def _known(codes: NDArray[np.integer], names: tuple[str, ...]) -> NDArray[np.int64]:
    nameless = [code for code, name in enumerate(names) if not name]
    # Widened first: a column of small unsigned numbers cannot hold UNKNOWN.
    return np.where(np.isin(codes, nameless), UNKNOWN, codes.astype(np.int64))


def _join(keys: list[NDArray[np.integer]]) -> NDArray[np.int64]:
    """Number of the component of each patch; patches of one key hang together, unless unknown.

    A component's number is the place of its least group among all. Every patch has a group, so
    that only groups need to be joined.
    """
    names, component = np.unique(keys[0], return_inverse=True)
    leader = np.arange(names.size)
    ties = []
    for key in keys[1:]:
        tied = key != UNKNOWN
        codes = np.unique(key[tied], return_inverse=True)[1]
        ties.append((component[tied], codes))
    changed = True
    while changed:
        before = leader
        for groups, codes in ties:
            least = np.full(int(codes.max(initial=-1)) + 1, names.size)
            np.minimum.at(least, codes, leader[groups])
            # Whole components follow their leader, so that long chains take few rounds.
            lead = leader.copy()
            np.minimum.at(lead, leader[groups], least[codes])
            leader = lead[leader]
            while (leader[leader] != leader).any():
                leader = leader[leader]
        changed = bool((leader != before).any())
    return leader[component].astype(np.int64)
