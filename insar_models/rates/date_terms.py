"""What each acquisition adds to its pairs: the residuals of a motion, attributed to dates.

The air over an acquisition is in all its pairs, with one sign where it is the secondary and the
other where it is the primary, and in no pair that leaves it out. So residuals are solved for one
term of each date (least squares; their mean is 0): what is left is of pairs alone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from insar_models.rates.field import MotionField
from insar_models.rates.periodogram import RAD_PER_M
from insar_models.rates.stack import PairStack

_NORMAL_PER_MAD: Final = 1.4826
_FEWEST_DATES: Final = 3  # from which on residuals tell of dates beside a motion


@dataclass(frozen=True, eq=False)
class DateTerms:
    """Terms of dates, radians of a pair's phase, on the ground that they were found on."""

    terms_rad: NDArray[np.float32]
    """Shape (acquisitions, cells)."""
    pair_rad: float
    """Standard deviation of what belongs to no date."""

    @property
    def spread_rad(self) -> NDArray[np.float64]:
        """Standard deviation over the ground of each acquisition's term, (acquisitions,)."""
        middle = np.median(self.terms_rad, axis=1, keepdims=True)
        spread = _NORMAL_PER_MAD * np.median(np.abs(self.terms_rad - middle), axis=1)
        return np.asarray(spread, dtype=np.float64)

    def deviation_m(
        self, stack: PairStack, shares: NDArray[np.float64], near: NDArray[np.bool_]
    ) -> float:
        """Return the standard deviation of a motion that air and noise make; infinite if unknown.

        Parameters
        ----------
        stack, shares
            Of the motion.
        near
            bool (rows, columns): the place, whose pairs count by their worth there.
        """
        worth = np.abs(stack.phasors[:, near]).mean(axis=1)
        weighted = worth * shares
        information = float((weighted * shares).sum())
        acquisitions = len(stack.acquisitions)
        if information <= 0 or acquisitions < _FEWEST_DATES:
            return np.inf
        by_date = weighted @ stack.incidence / information
        # A motion and a mean of the terms were fitted on the same dates.
        lost = acquisitions / (acquisitions - 2)
        of_dates = lost * float((by_date**2 * self.spread_rad**2).sum())
        of_pairs = self.pair_rad**2 * float((weighted**2).sum()) / information**2
        return float(np.sqrt(of_dates + of_pairs)) / RAD_PER_M


def date_terms(
    stack: PairStack, shares: NDArray[np.float64], field: MotionField, ring: NDArray[np.bool_]
) -> DateTerms:
    """Return what each acquisition adds, on the ground of a ring.

    Parameters
    ----------
    stack, shares, field
        Pairs, the share of the motion that each sees, and the motion.
    ring
        bool (rows, columns): ground that is known, and whose mean is 0 in all pairs.
    """
    turn = np.exp(1j * RAD_PER_M * np.outer(shares, field.motion_m[ring])).astype(np.complex64)
    left = stack.phasors[:, ring] * turn
    # Weighted by their worth, so that noise of lost cells does not turn the reference.
    left *= left.mean(axis=1, keepdims=True).conj()
    residual = np.angle(left)
    return DateTerms(*solve_dates(stack, residual))


def solve_dates(
    stack: PairStack, residual_rad: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Return the term of each date, and the standard deviation of what belongs to no date.

    Parameters
    ----------
    stack
        Whose pairs they are.
    residual_rad
        Shape (pairs, n).

    Returns
    -------
    tuple
        float32 (acquisitions, n), whose mean over each connected part of the network is 0, and
        radians; the latter 0 where every pair is needed to connect the dates.
    """
    incidence = stack.incidence
    terms = np.linalg.pinv(incidence).astype(np.float32) @ residual_rad
    rest = residual_rad - incidence.astype(np.float32) @ terms
    free = len(stack) - int(np.linalg.matrix_rank(incidence))
    if free <= 0 or not rest.size:
        return terms, 0.0
    return terms, float(np.sqrt((rest**2).mean() * len(stack) / free))
