"""Whether the air over an acquisition is disturbed, by the sign with which it is in its pairs.

What an acquisition's air makes is in all its pairs: with one sign where it is the secondary, with
the other where it is the primary, and gone in pairs that leave it out (`date_terms`). Motion does
none of that, and it is in one place where air is everywhere. So it is the spread of an
acquisition's term over the whole window that tells, measured against those of the other dates.
"""

import datetime as dt
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from insar_models.rates.date_terms import date_terms
from insar_models.rates.field import MotionField
from insar_models.rates.stack import PairStack

_FEWEST_DATES: Final = 4
PRIOR: Final = 0.1
"""Share of acquisitions whose air is disturbed."""

# Logarithm of a spread above the median one: of calm air, and of disturbed air.
_CALM: Final = (0.0, 0.35)
_DISTURBED: Final = (math.log(2.5), 0.4)


def disturbed_air(
    stack: PairStack, shares: NDArray[np.float64], field: MotionField
) -> dict[dt.date, float]:
    """Return the probability that the air of each acquisition is disturbed; none of few dates.

    A spread of 1.6 times the median of all acquisitions is as likely of calm as of disturbed air,
    one in ten of which is expected to be. Where most dates of the window are disturbed, none is
    told from the others.

    Parameters
    ----------
    stack, shares, field
        Pairs, the share of the motion that each sees, and the motion, which is taken away.
    """
    known = np.isfinite(field.motion_m)
    if len(stack.acquisitions) < _FEWEST_DATES or not known.any():
        return {}
    spread = date_terms(stack, shares, field, known).spread_rad
    usual = float(np.median(spread))
    if usual <= 0:
        return {}
    above = np.maximum(np.log(np.maximum(spread / usual, 1e-6)), 0.0)
    odds = norm.logpdf(above, *_DISTURBED) - norm.logpdf(above, *_CALM)
    # Beyond what disturbed air is like there is nothing calmer: the odds only grow.
    odds = np.where(above > _DISTURBED[0], norm.logpdf(_DISTURBED[0], *_DISTURBED) - norm.logpdf(
        above, *_CALM
    ), odds)  # fmt: skip
    probability = expit(odds + math.log(PRIOR / (1 - PRIOR)))
    return dict(zip(stack.acquisitions, probability.tolist(), strict=True))
