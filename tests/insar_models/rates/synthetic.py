"""Stacks of cells with a known motion under known air."""

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from insar_models.rates.periodogram import RAD_PER_M
from insar_models.rates.stack import PairStack

START = dt.date(2020, 1, 1)
CELL_M = (890.0, 890.0)
SIDE = 63
PLACE = (30, 34)

Done = Callable[[int], float]
"""Which share of the motion is done so many days after the start."""


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def network(days: Sequence[int], spans: Sequence[int] = (1, 2, 3)) -> list[tuple[int, int]]:
    return [
        (days[late - span], days[late])
        for late in range(len(days))
        for span in spans
        if late >= span
    ]


def bulge_m(peak_m: float, radius_m: float = 3_000.0) -> NDArray[np.float64]:
    """Motion that falls off with distance from the place, shape (63, 63)."""
    rows, columns = np.indices((SIDE, SIDE))
    distance = np.hypot(rows - PLACE[0], columns - PLACE[1]) * CELL_M[0]
    return np.asarray(peak_m / (1.0 + (distance / radius_m) ** 2) ** 1.5)


def air_m(seed: int, typical_m: float) -> NDArray[np.float64]:
    """Delay of one date: smooth over some kilometres."""
    noise = np.random.default_rng(seed).normal(size=(SIDE, SIDE))
    smooth = scipy.ndimage.gaussian_filter(noise, 3.0)
    return np.asarray(smooth / smooth.std() * typical_m)


def stack_of(
    pairs: Sequence[tuple[int, int]],
    moved_m: NDArray[np.float64],
    done: Done,
    air_typical_m: float = 0.0,
    worse: dict[int, float] | None = None,
    seed: int = 0,
) -> PairStack:
    """Pairs of days over ground that moves; `worse` are days with so many times the air."""
    typical = {d: air_typical_m * (worse or {}).get(d, 1.0) for pair in pairs for d in pair}
    air = {d: air_m(1_000 * seed + d, own) if own else 0.0 for d, own in typical.items()}
    looks = [
        0.8 * np.exp(-1j * RAD_PER_M * (moved_m * (done(b) - done(a)) + air[b] - air[a]))
        for a, b in pairs
    ]
    dates = tuple((day(a), day(b)) for a, b in pairs)
    return PairStack(np.asarray(looks, dtype=np.complex64), dates, CELL_M)
