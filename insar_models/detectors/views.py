"""Several views of one patch at scoring: turned and mirrored, each scored, and the mean of it.

Ground that deforms does so whichever way a picture of it is turned, and noise is noise. A net was
taught both and learned them nearly; the mean over views is what it would say had it learned them
altogether, and moves less with the noise.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.detectors.protocol import Detector
from insar_models.phase.symmetries import turned, undone

MOST_VIEWS: Final = 8
"""A square has no more."""

VIEWS: Final = (
    (0, False), (1, True), (2, False), (3, True), (1, False), (0, True), (3, False), (2, True),
)  # fmt: skip
"""Quarter turns and whether mirrored, of each view: two views exchange the axes, four hold half a
turn as well, eight are all."""


def check_views(views: int) -> None:
    """Refuse a number of views that cannot be.

    Raises
    ------
    BadInputError
        If it is no whole number of 1 to 8.
    """
    if type(views) is not int or not 1 <= views <= MOST_VIEWS:
        message = f"a patch cannot be looked at in {views!r} views: give 1 to {MOST_VIEWS}"
        raise BadInputError(message)


def views_of(model: Detector) -> int:
    """Return in how many views a model looks at a patch; 1 for those that know of none."""
    return int(getattr(model, "views", 1))


def mean_of_views(
    score: Callable[[NDArray[np.float32]], tuple[NDArray[np.floating], NDArray[np.floating]]],
    inputs: NDArray[np.float32],
    views: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean over views of logits, (n,), and of logits by place, (n, h, w).

    The same inputs give the same means, to the bit: views come in one order.

    Parameters
    ----------
    score
        Gives both of inputs (n, 3, size, size). Maps are turned back to where the patch is.
    inputs
        Of patches as they are.
    views
        How many.
    """
    logits, by_place = np.zeros(len(inputs)), np.zeros((1, 1, 1))
    for turns, mirrored in VIEWS[:views]:
        form = np.ascontiguousarray(turned(inputs, turns, mirrored=mirrored))
        own, places = score(form)
        logits += own
        by_place = by_place + undone(places.astype(np.float64), turns, mirrored=mirrored)
    return logits / views, by_place / views
