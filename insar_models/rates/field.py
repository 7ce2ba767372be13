"""From motion between neighbouring cells to motion of the whole window.

Between neighbours, under a kilometre apart, motion is small and the air nearly the same, so that
there the periodogram has no wrong tops even where a whole caldera rises by fringes in each pair.
The differences are then summed up to the field that contradicts them least.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import scipy.sparse.linalg
from numpy.typing import NDArray

from insar_models.rates.periodogram import Peaks, find_peaks, neighbour_series, reach_m
from insar_models.rates.stack import PairStack

LEAST_COHERENCE: Final = 0.5
"""Temporal coherence of a step between neighbours that is believed; of few pairs more is needed."""

LEAST_LENGTH: Final = 0.2
"""Mean length of the phasors of such a step: mere noise in both cells has 0.02."""

_CHANCE: Final = 3.0  # noise of K pairs has tops of sqrt(3 / K) in one of twenty steps
_MOST_NEEDED: Final = 0.8  # of few pairs, which noise fits to well; their length must do
_ROUNDS: Final = 5
_LEAST_STEPS: Final = 2  # that lead to a cell


@dataclass(frozen=True, eq=False)
class MotionField:
    """Motion of the cells of a window against each other."""

    motion_m: NDArray[np.float64]
    """Shape (rows, columns), towards the satellite; its median is 0. NaN where it is not known."""
    coherence: NDArray[np.float64]
    """Mean temporal coherence of the steps that lead to a cell; NaN without data."""


def motion_field(stack: PairStack, shares: NDArray[np.float64]) -> MotionField:
    """Return the motion of each cell that explains all pairs best.

    Parameters
    ----------
    stack
        Pairs of one frame; one at least.
    shares
        Which share of the motion each pair sees, (pairs,): the days of a pair give a rate in metres
        a day.
    """
    shape = stack.phasors.shape[1:]
    first, second = _neighbours(shape)
    cells = shape[0] * shape[1]
    series = neighbour_series(stack.phasors)
    steps = find_peaks(series, shares, reach_m(stack.days, shares))
    nothing = np.full(shape, np.nan)
    coherence = _mean_coherence(steps, first, second, cells).reshape(shape)
    needed = np.clip(np.sqrt(_CHANCE / len(stack)), LEAST_COHERENCE, _MOST_NEEDED)
    believed = np.nan_to_num(steps.coherence, nan=-1.0) >= needed
    believed &= np.abs(series).mean(axis=0) >= LEAST_LENGTH
    kept = np.flatnonzero(believed)
    connected = _largest_part(first[kept], second[kept], cells)
    kept = kept[connected[first[kept]]]
    if not len(kept):
        return MotionField(nothing, coherence)
    motion = _summed(first[kept], second[kept], steps, kept, connected)
    return MotionField((motion - np.nanmedian(motion)).reshape(shape), coherence)


def _neighbours(shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    first = np.concatenate((index[:, :-1].ravel(), index[:-1].ravel()))
    second = np.concatenate((index[:, 1:].ravel(), index[1:].ravel()))
    return first, second


def _mean_coherence(
    steps: Peaks, first: NDArray[np.intp], second: NDArray[np.intp], cells: int
) -> NDArray[np.float64]:
    known = np.isfinite(steps.coherence)
    ends = np.concatenate((first[known], second[known]))
    count = np.bincount(ends, minlength=cells)
    total = np.bincount(ends, np.tile(steps.coherence[known], 2), cells)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _largest_part(
    first: NDArray[np.intp], second: NDArray[np.intp], cells: int
) -> NDArray[np.bool_]:
    """Return the cells of the largest part that steps connect, bool (cells,)."""
    graph = scipy.sparse.coo_array((np.ones(len(first)), (first, second)), shape=(cells, cells))
    _, part = scipy.sparse.csgraph.connected_components(graph, directed=False)
    degree = np.bincount(np.concatenate((first, second)), minlength=cells)
    linked = degree >= _LEAST_STEPS
    if not linked.any():
        return np.zeros(cells, dtype=np.bool_)
    return np.asarray(part == np.bincount(part[linked]).argmax())


def _summed(
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    steps: Peaks,
    kept: NDArray[np.intp],
    connected: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the field by weighted least squares, steps that contradict the others left out."""
    number = np.cumsum(connected) - 1
    count, cells = len(first), int(connected.sum())
    rows = np.tile(np.arange(count), 2)
    columns = np.concatenate((number[second], number[first]))
    signs = np.concatenate((np.ones(count), -np.ones(count)))
    differences = scipy.sparse.csr_array((signs, (rows, columns)), shape=(count, cells))
    motion = steps.motion_m[kept]
    coherence = np.clip(steps.coherence[kept], 0.0, 0.99)
    # Variance of a phase of this coherence, over how steeply motion turns it.
    trust = steps.curvature[kept] * coherence / (1.0 - coherence**2)
    trust /= trust.mean()
    weight = trust
    field = np.zeros(cells)
    for _ in range(_ROUNDS):
        weighted = differences.T @ scipy.sparse.diags_array(weight) @ differences
        held = weighted + scipy.sparse.diags_array(np.full(cells, 1e-9))
        solved = scipy.sparse.linalg.spsolve(held.tocsc(), differences.T @ (weight * motion))
        field = np.asarray(solved, dtype=np.float64)
        left = np.abs(differences @ field - motion)
        scale = 1.4826 * float(np.median(left)) + 1e-12
        weight = trust / (1.0 + (left / (3.0 * scale)) ** 2)
    found = np.full(len(connected), np.nan)
    found[connected] = field
    return found
