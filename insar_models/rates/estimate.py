"""How fast the place moves that moves most, how sure that is, and by which course."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from insar_models.rates.courses import DECAYS_DAYS, Course
from insar_models.rates.date_terms import date_terms
from insar_models.rates.field import MotionField, motion_field
from insar_models.rates.periodogram import find_peaks, neighbour_series, reach_m
from insar_models.rates.picked_interval import picked_interval_m
from insar_models.rates.stack import PairStack
from insar_models.rates.surroundings import against_ring, ring_mask

PLACE_M: Final = 1_600.0
"""Radius of a place: what is said of it is the mean of its cells."""

_LEAST_SHARE: Final = 0.5  # of a place's cells that must be known
_WITHIN: Final = 0.8  # of the places, which lie within 1.28 standard deviations of the middle
_WITHIN_DEVIATIONS: Final = 1.2816


@dataclass(frozen=True)
class PlaceMotion:
    """Motion of a place against the ring round it, along the line of sight."""

    row: int
    column: int
    """Of the cell in its middle."""
    motion_m: float
    """Towards the satellite; a rate in metres a day where shares are days."""
    deviation_m: float
    """Standard deviation; infinite where nothing tells it."""
    coherence: float
    """Mean temporal coherence of the steps between its cells, -1 to 1."""
    low_m: float
    high_m: float
    """Ends of the 95 % interval, which knows of how many places this one was picked."""


@dataclass(frozen=True, eq=False)
class PlaceMap:
    """Motion of every place of a window against its ring."""

    motion_m: NDArray[np.float64]
    """Shape (rows, columns), towards the satellite; NaN where it is not known."""
    spread_m: float
    """Standard deviation over the window, robust if a fifth moves; NaN if none is known."""
    independent: float
    """As how many places the known ones count: they overlap."""

    @property
    def most(self) -> tuple[int, int] | None:
        """The place that moves most, row and column; None where none is known."""
        if not np.isfinite(self.motion_m).any():
            return None
        row, column = np.unravel_index(np.nanargmax(np.abs(self.motion_m)), self.motion_m.shape)
        return int(row), int(column)


def place_map(field: MotionField, cell_m: tuple[float, float]) -> PlaceMap:
    """Return the motion of places against their rings.

    Parameters
    ----------
    field
        From `motion_field`.
    cell_m
        Height and width of a cell.
    """
    local = against_ring(field.motion_m, cell_m)
    known = np.isfinite(local)
    disc = _disc(cell_m)
    total, count = (
        scipy.ndimage.convolve(part, disc, mode="constant")
        for part in (np.where(known, local, 0.0), known.astype(np.float64))
    )
    enough = known & (count >= _LEAST_SHARE * disc.sum())
    motion = np.divide(total, count, out=np.full(local.shape, np.nan), where=enough)
    if not enough.any():
        return PlaceMap(motion, math.nan, 0.0)
    own = motion[enough]
    # Not the median: where a part of the window is noise, half of it knows nothing of that.
    within = float(np.quantile(np.abs(own - np.median(own)), _WITHIN))
    return PlaceMap(motion, within / _WITHIN_DEVIATIONS, float(enough.sum() / disc.sum()))


def place_motion(
    stack: PairStack,
    shares: NDArray[np.float64],
    field: MotionField,
    place: tuple[int, int] | None = None,
    *,
    picked: bool = True,
) -> PlaceMotion | None:
    """Return how a place moves; None where no place can be compared with its surroundings.

    The standard deviation comes from dates and not from pairs, which share them: of the residuals
    the part that belongs to each acquisition is found (`date_terms`), its spread over the ground
    round the place is that acquisition's air, and what that makes of the motion adds up over dates.
    It is never less than the spread of all places of the window. The interval of the place that
    moves most is that of a picked one (`picked_interval_m`).

    Parameters
    ----------
    stack, shares, field
        Pairs, the share of the motion that each sees, and `motion_field` of them.
    place
        Row and column of a cell; by default the one that moves most.
    picked
        Whether that is all that speaks for the one that moves most; a `place` was not picked.
    """
    known = place_map(field, stack.cell_m)
    searched = known.independent if picked and place is None else 1.0
    place = place or known.most
    if place is None or not np.isfinite(known.motion_m[place]):
        return None
    disc = _at(known.motion_m.shape, place, stack.cell_m)
    ring = ring_mask(disc.shape, stack.cell_m, place) & np.isfinite(field.motion_m)
    deviation = known.spread_m
    if ring.any():
        own = date_terms(stack, shares, field, ring).deviation_m(stack, shares, disc)
        deviation = max(deviation, own) if math.isfinite(own) else deviation
    inside = field.coherence[disc]
    coherence = float(np.nanmean(inside)) if np.isfinite(inside).any() else math.nan
    motion = float(known.motion_m[place])
    interval = picked_interval_m(motion, deviation, len(stack.acquisitions), searched)
    return PlaceMotion(*place, motion, deviation, coherence, *interval)


def recent_motion(stack: PairStack, first: dt.date, place: tuple[int, int]) -> PlaceMotion | None:
    """Return the rate of a place from the pairs that begin on a day or later; None if unknown."""
    newer = stack.within(first, stack.acquisitions[-1])
    if not len(newer):
        return None
    return place_motion(newer, newer.days, motion_field(newer, newer.days), place)


def best_course(stack: PairStack, begin: dt.date, end: dt.date, place: tuple[int, int]) -> Course:
    """Return the course from `begin` to `end` by which the ground round a place moved.

    Of a step, decays and steady motion it is the one with the highest temporal coherence of the
    steps between neighbouring cells near the place.
    """
    rows, columns = np.nonzero(_at(stack.phasors.shape[1:], place, stack.cell_m, 2 * PLACE_M))
    near = np.s_[:, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    series = neighbour_series(stack.phasors[near])
    worth = np.abs(series).sum(axis=0)

    def fit(course: Course) -> float:
        shares = course.shares(stack)
        if not shares.any():
            return -math.inf
        peaks = find_peaks(series, shares, reach_m(stack.days, shares))
        return float(np.nansum(peaks.coherence * worth))

    # Steady motion first: another must explain more, not as much.
    return max((Course(begin, end, decay) for decay in reversed(DECAYS_DAYS)), key=fit)


def _disc(cell_m: tuple[float, float]) -> NDArray[np.float64]:
    reach = [int(PLACE_M // side) for side in cell_m]
    rows, columns = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    inside = np.hypot(rows * cell_m[0], columns * cell_m[1]) <= PLACE_M
    return np.asarray(inside, dtype=np.float64)


def _at(
    shape: tuple[int, ...],
    place: tuple[int, int],
    cell_m: tuple[float, float],
    radius_m: float = PLACE_M,
) -> NDArray[np.bool_]:
    rows, columns = np.indices(shape)
    distance = np.hypot((rows - place[0]) * cell_m[0], (columns - place[1]) * cell_m[1])
    return np.asarray(distance <= radius_m)
