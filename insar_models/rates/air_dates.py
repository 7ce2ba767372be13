"""Whether the air over an acquisition is disturbed, by the sign with which it is in its pairs.

What an acquisition's air makes is in all its pairs: with one sign where it is the secondary, with
the other where it is the primary, and gone in pairs that leave it out (`date_terms`). Motion does
none of that, and it is in one place where air is everywhere. So it is the spread of an
acquisition's term over the whole window that tells, measured against those of the other dates.
Terms are those of differences over a kilometre: what the air differs by over more can be more
than a fringe.
"""

import datetime as dt
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from insar_models.rates.date_terms import solve_dates
from insar_models.rates.field import MotionField
from insar_models.rates.periodogram import RAD_PER_M
from insar_models.rates.stack import PairStack

_FEWEST_DATES: Final = 4
_LAG_M: Final = 900.0
_UPPER: Final = 0.84
PRIOR: Final = 0.1
"""Share of acquisitions whose air is disturbed."""

# Logarithm of a spread above the median one: of calm air, and of disturbed air.
_CALM: Final = (0.0, 0.35)
_DISTURBED: Final = (math.log(2.0), 0.35)


def disturbed_air(
    stack: PairStack, shares: NDArray[np.float64], field: MotionField
) -> dict[dt.date, float]:
    """Return the probability that the air of each acquisition is disturbed; none of few dates.

    A spread of 1.4 times the median of all acquisitions is as likely of calm as of disturbed air,
    one in ten of which is expected to be. Where most dates of the window are disturbed, none is
    told from the others.

    Parameters
    ----------
    stack, shares, field
        Pairs, the share of the motion that each sees, and the motion, which is taken away.
    """
    residual = _lag_residuals(stack, shares, field)
    if len(stack.acquisitions) < _FEWEST_DATES or not residual.size:
        return {}
    terms, _ = solve_dates(stack, residual)
    # What a third of the window exceeds: it need not be disturbed everywhere.
    spread = np.quantile(np.abs(terms), _UPPER, axis=1)
    usual = float(np.median(spread))
    if usual <= 0:
        return {}
    above = np.maximum(np.log(np.maximum(spread / usual, 1e-6)), 0.0)
    calm = _log_density(above, *_CALM)
    odds = _log_density(above, *_DISTURBED) - calm
    # Beyond what disturbed air is like there is nothing calmer: the odds only grow.
    largest = _log_density(np.asarray(_DISTURBED[0]), *_DISTURBED)
    odds = np.where(above > _DISTURBED[0], largest - calm, odds)
    probability = expit(odds + math.log(PRIOR / (1 - PRIOR)))
    return dict(zip(stack.acquisitions, probability.tolist(), strict=True))


def _log_density(
    values: NDArray[np.float64], centre: float, deviation: float
) -> NDArray[np.float64]:
    """Of a normal distribution; scipy.stats has it too, and takes a second to import."""
    return -0.5 * ((values - centre) / deviation) ** 2 - math.log(
        deviation * math.sqrt(2 * math.pi)
    )


def _lag_residuals(
    stack: PairStack, shares: NDArray[np.float64], field: MotionField
) -> NDArray[np.float32]:
    """Return the phase less the motion, over a lag along both axes; radians (pairs, steps)."""
    turn = np.exp(1j * RAD_PER_M * shares[:, None, None] * np.nan_to_num(field.motion_m))
    still = stack.phasors * np.where(np.isfinite(field.motion_m), turn, 0.0)
    down, right = (max(1, round(_LAG_M / side)) for side in stack.cell_m)
    steps = np.concatenate(
        [
            (still[:, down:] * still[:, :-down].conj()).reshape(len(stack), -1),
            (still[:, :, right:] * still[:, :, :-right].conj()).reshape(len(stack), -1),
        ],
        axis=1,
    )
    known = (steps != 0).all(axis=0)
    return np.asarray(np.angle(steps[:, known]), dtype=np.float32)
