"""The motion that explains the phases of many pairs best, without unwrapping any of them.

For a motion that each pair sees a known share f of, m metres towards the satellite in all, phases
are -4 pi / wavelength * m * f. What is maximised is

    G(m) = Re sum_k a_k exp(i 4 pi / wavelength * m f_k) / sum_k |a_k|

over the pairs k, whose phasors a_k are as long as they are worth: the periodogram of
permanent-scatterer methods (Ferretti, Prati & Rocca 2001, IEEE TGRS 39, 8-20, equation 16). The
real part is taken and not the length: all a_k are differences between two places and two dates, so
that a pair of no days would have phase 0, and pairs of one span alone tell a rate too.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.numbers import FRINGE_M, WAVELENGTH_M

RAD_PER_M: Final = 4.0 * math.pi / WAVELENGTH_M

_STEP_RAD: Final = 0.6  # between two motions that are tried, in the pair that sees most
_MOST_STEPS: Final = 400  # to either side
_SHORT: Final = 1.25  # times the shortest pair: so long are pairs that bound what is looked for


@dataclass(frozen=True, eq=False)
class Peaks:
    """The best motion of each series."""

    motion_m: NDArray[np.float64]
    """Towards the satellite, where the shares are 1; NaN where there is no data."""
    coherence: NDArray[np.float64]
    """G there, -1 to 1: temporal coherence. NaN where there is no data."""
    curvature: NDArray[np.float64]
    """Minus the second derivative of sum_k |a_k| G there, by m twice; not below 0."""


def reach_m(days: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    """Return how large a motion between two neighbours can be told: half a fringe in short pairs.

    Parameters
    ----------
    days
        Of the pairs, (pairs,).
    shares
        Of the motion that they see, (pairs,).
    """
    short = np.abs(shares[days <= _SHORT * days.min()])
    return FRINGE_M / 2 / max(float(short.max()), float(np.abs(shares).max()) / _MOST_STEPS, 1e-12)


def find_peaks(
    series: NDArray[np.complex64], shares: NDArray[np.float64], largest_m: float
) -> Peaks:
    """Return the motion of each series between minus and plus `largest_m`.

    Parameters
    ----------
    series
        Phasors, complex (pairs, places); the length is the worth, 0 is no data.
    shares
        Which share of the motion each pair sees, (pairs,).
    largest_m
        From `reach_m`.
    """
    worth = np.abs(series).sum(axis=0, dtype=np.float64)
    most = float(np.abs(shares).max(initial=0.0)) * RAD_PER_M
    half = int(min(max(math.ceil(largest_m * most / _STEP_RAD), 1), _MOST_STEPS))
    tried = np.linspace(-largest_m, largest_m, 2 * half + 1)
    turn = np.exp(1j * RAD_PER_M * np.outer(tried, shares)).astype(np.complex64)
    # Real part of a product of complex matrices, as two products of real ones.
    heights = turn.real @ series.real - turn.imag @ series.imag
    best = tried[heights.argmax(axis=0)]
    motion, curvature = _refined(series, shares, best, tried[1] - tried[0])
    height = _heights(series, shares, motion)
    known = worth > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        coherence = np.where(known, height / worth, np.nan)
    return Peaks(np.where(known, motion, np.nan), coherence, np.maximum(curvature, 0.0))


def neighbour_series(phasors: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Return what each cell's phase is above that of its neighbour, (pairs, steps).

    First all steps to the right, then all downwards, row by row; 0 where either has no data.
    """
    right = phasors[:, :, 1:] * phasors[:, :, :-1].conj()
    down = phasors[:, 1:] * phasors[:, :-1].conj()
    return np.concatenate([part.reshape(len(phasors), -1) for part in (right, down)], axis=1)


def _refined(
    series: NDArray[np.complex64],
    shares: NDArray[np.float64],
    start: NDArray[np.float64],
    step: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the top of the parabola through the derivatives, three times over."""
    motion = start.copy()
    factor = RAD_PER_M * shares
    curvature = np.zeros_like(motion)
    for _ in range(3):
        turned = series * np.exp(1j * np.outer(factor, motion))
        slope = -(factor @ turned.imag)
        curvature = (factor**2) @ turned.real
        move = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0)
        motion = np.clip(motion + move, start - step, start + step)
    return motion, curvature


def _heights(
    series: NDArray[np.complex64], shares: NDArray[np.float64], motion: NDArray[np.float64]
) -> NDArray[np.float64]:
    turned = series * np.exp(1j * np.outer(RAD_PER_M * shares, motion))
    return np.asarray(turned.real.sum(axis=0), dtype=np.float64)
