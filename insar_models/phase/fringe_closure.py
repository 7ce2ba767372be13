"""Where in a patch the fringes close: a map for stating a place, not a probability."""

import numpy as np
from numpy.typing import NDArray

from insar_models.phase.codes import phasor
from insar_models.phase.fringe_rate import divergence, fringe_rate, phase_gradients

_RATE_BOX = 15
_SMOOTHING_BOX = 15


def fringe_closure(phase_rad: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the divergence of the fringe rate, by size, weighted with the gradient coherence.

    A heuristic: the fringe rate points away from (or towards) the middle of a closed fringe
    pattern, so the map peaks there. It peaks as well where turbulent atmosphere closes a fringe,
    and knows nothing of what a detector thinks of the patch.

    Parameters
    ----------
    phase_rad
        Shape (H, W), radians; NaN is no data.

    Returns
    -------
    numpy.ndarray
        float32 (H, W), radians per pixel squared. NaN at no data, 0 where no fringe rate can be
        told.
    """
    # Not smoothed: so that noise has no gradient coherence, and the map is 0 there.
    unit = phasor(phase_rad)
    rate = fringe_rate(phase_gradients(unit, unit != 0), _RATE_BOX)
    strength = np.nan_to_num(np.abs(divergence(rate, _SMOOTHING_BOX)), nan=0.0) * rate.coherence
    return np.where(np.isfinite(phase_rad), strength, np.float32(np.nan))
