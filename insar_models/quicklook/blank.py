"""No data that is painted with a colour of the scale.

Pictures without transparency show no data as one flat colour which may also be a phase: grey 0 or
128 in the grey dataset, white in a flattened palette quicklook, pure cyan in a hue picture. A flat
patch of true phase is surrounded by phases next to its own; a hole is surrounded by anything.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_NEIGHBOUR_RAD = 0.5  # posterised neighbours of white lie 0.3 rad away
_TRUE_PHASE_SHARE = 0.35  # of the surroundings must have such phases; round real holes 0.2 at most
_THICK_EROSIONS = 3
_BLENDED_PIXELS = 2  # resizing and lossy compression blend so many into a hole's edge
_RING_PIXELS = 2


def blank_regions(
    flat: NDArray[np.bool_],
    phasors: NDArray[np.complex64],
    phase_rad: float,
    largest_natural: float = math.inf,
) -> NDArray[np.bool_]:
    """Connected regions of `flat` that are no data rather than phase: bool (H, W).

    Only regions at least seven pixels thick are judged by their surroundings: a thin one may be a
    contour of steep phase, whose surroundings differ from it anyway.

    Parameters
    ----------
    flat
        bool (H, W), pixels of the one colour in question.
    phasors
        complex64 (H, W), the picture as decoded so far, 0 = no data.
    phase_rad
        Phase that the colour would mean.
    largest_natural
        Pixels beyond which a region cannot be phase, whatever surrounds it.
    """
    labels, count = ndimage.label(flat)
    size = np.bincount(labels.ravel(), minlength=count + 1)
    size[0] = 0
    core = ndimage.binary_erosion(flat, iterations=_THICK_EROSIONS)
    thick = np.bincount(labels[core], minlength=count + 1) > 0
    blank = size > largest_natural
    if thick.any():
        turned = phasors * np.complex64(np.exp(-1j * phase_rad))
        alike = turned.real > np.abs(turned) * math.cos(_NEIGHBOUR_RAD)
        blank |= thick & (_share_alike_around(labels, alike, count) < _TRUE_PHASE_SHARE)
    return np.asarray(blank[labels])


def _share_alike_around(
    labels: NDArray[np.signedinteger], alike: NDArray[np.bool_], count: int
) -> NDArray[np.float64]:
    """Share of `alike` pixels in a ring round each region, outside its blended edge.

    float64 (count + 1,); 0 for a region that nothing surrounds.
    """
    distance, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    ring = (distance > _BLENDED_PIXELS) & (distance <= _BLENDED_PIXELS + _RING_PIXELS)
    region = labels[tuple(nearest)]
    around = np.bincount(region[ring], minlength=count + 1)
    hits = np.bincount(region[ring & alike], minlength=count + 1)
    return hits / np.maximum(around, 1)
