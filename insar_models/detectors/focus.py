"""Where in a patch: an activation map made as sharp as the fringes that it saw.

A class activation map has cells of 32 pixels, each of which sees far more, so its strongest place
is seldom inside of a source. Where fringes close is sharp, but says nothing of what a model saw.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from insar_models.phase.fringe_closure import fringe_closure

_LOOKED_AT: Final = 0.25
"""Share of an activation map's peak from which on a place counts as looked at."""


def focus(activation: NDArray[np.float32], phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where fringes close among the places that a model looks at, float32 (H, W).

    It has the peak of the activation map, and is the map itself where no fringes close.

    Parameters
    ----------
    activation
        From `Detector.activation`, (H, W), NaN at no data.
    phase_rad
        The patch that it is of, (H, W).
    """
    peak = float(np.nanmax(activation, initial=0.0))
    closing = np.where(activation >= _LOOKED_AT * peak, fringe_closure(phase_rad), 0.0)
    closing = np.where(np.isfinite(closing), closing, 0.0)
    strongest = float(closing.max(initial=0.0))
    if peak == 0.0 or strongest == 0.0:
        return activation
    focused: NDArray[np.float32] = (closing * (peak / strongest)).astype(np.float32)
    return np.where(np.isfinite(activation), focused, np.float32(np.nan))
