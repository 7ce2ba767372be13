"""A stack of multi-looked pairs of one frame, and the dates that they share."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError

_DIMENSIONS = 3


@dataclass(frozen=True, eq=False)
class PairStack:
    """Pairs of one frame in cells, as `looks.cell_phasors` gives them."""

    phasors: NDArray[np.complex64]
    """Shape (pairs, rows, columns); the length is the worth of a cell, 0 is no data."""
    dates: tuple[tuple[dt.date, dt.date], ...]
    """Primary and secondary of each, each pair once, in any order."""
    cell_m: tuple[float, float]
    """Height and width of a cell on the ground."""

    def __post_init__(self) -> None:
        """Refuse what is no stack.

        Raises
        ------
        BadInputError
            If shapes do not fit, dates are not in order of time, or a pair is there twice.
        """
        if self.phasors.ndim != _DIMENSIONS or len(self.phasors) != len(self.dates):
            message = (
                f"phasors of shape {self.phasors.shape} with {len(self.dates)} pairs of dates: "
                "give (pairs, rows, columns)"
            )
            raise BadInputError(message)
        if len(set(self.dates)) < len(self.dates):
            twice = next(pair for pair in self.dates if self.dates.count(pair) > 1)
            message = f"pair {twice[0]}_{twice[1]} is there twice: give each pair of a frame once"
            raise BadInputError(message)
        for primary, secondary in self.dates:
            if primary >= secondary:
                message = f"pair {primary}_{secondary}: the primary date must be the older one"
                raise BadInputError(message)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.dates)

    @cached_property
    def acquisitions(self) -> tuple[dt.date, ...]:
        """All dates, in order."""
        return tuple(sorted({date for pair in self.dates for date in pair}))

    @cached_property
    def days(self) -> NDArray[np.float64]:
        """Time span of each pair in days, (pairs,)."""
        return np.array([(late - early).days for early, late in self.dates], dtype=np.float64)

    @cached_property
    def incidence(self) -> NDArray[np.float64]:
        """Shape (pairs, acquisitions): 1 for the secondary, -1 for the primary of a pair."""
        place = {date: index for index, date in enumerate(self.acquisitions)}
        matrix = np.zeros((len(self), len(place)))
        for row, (early, late) in enumerate(self.dates):
            matrix[row, place[early]], matrix[row, place[late]] = -1.0, 1.0
        return matrix

    def chosen(self, rows: Sequence[int] | NDArray[np.intp]) -> "PairStack":
        """Return some of the pairs, in that order."""
        return PairStack(self.phasors[rows], tuple(self.dates[int(k)] for k in rows), self.cell_m)

    def within(self, first: dt.date, last: dt.date) -> "PairStack":
        """Return the pairs of which both dates lie between two dates, both included."""
        rows = [k for k, (early, late) in enumerate(self.dates) if first <= early and late <= last]
        return self.chosen(rows)


def seen_pairs(pairs: Sequence[tuple[dt.date, dt.date]], usable: Sequence[bool]) -> list[int]:
    """Return the numbers of those pairs of which both acquisitions were seen.

    An acquisition is seen where one of its pairs at least is usable. Where all of them are noise,
    as under snow, it adds nothing but a date. A pair that is noise stays between two that are seen:
    some of its ground may still be good.

    Parameters
    ----------
    pairs
        Primary and secondary of each.
    usable
        Of each pair whether it has ground that is coherent enough.
    """
    seen = {date for pair, is_it in zip(pairs, usable, strict=True) if is_it for date in pair}
    return [k for k, (early, late) in enumerate(pairs) if early in seen and late in seen]
