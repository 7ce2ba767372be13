"""The ground above a small pressurised sphere: Mogi's point source in an elastic half-space.

Mogi 1958 (Bull. Earthq. Res. Inst. 36, 99-134), in terms of the sphere's change of volume: Segall
2010, "Earthquake and Volcano Deformation", chapter 7.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

POISSON_RATIO = 0.25
"""Of the crust: both Lame constants equal."""


def mogi_displacement(
    east_m: ArrayLike,
    north_m: ArrayLike,
    depth_m: ArrayLike,
    volume_m3: ArrayLike,
    *,
    poisson_ratio: float = POISSON_RATIO,
) -> NDArray[np.float64]:
    """Displacement of the ground: east, north, up, in metres; shape (3, ...).

    Parameters
    ----------
    east_m, north_m
        Positions of the ground from the point above the source.
    depth_m, volume_m3
        Depth, positive, and change of volume, positive where it swells. All four arrays broadcast
        together, so many sources are computed at once.
    poisson_ratio
        Of the half-space.

    Examples
    --------
    >>> mogi_displacement(0.0, 0.0, 3000.0, 4e6).round(3).tolist()
    [0.0, 0.0, 0.106]
    """
    east, north, depth, volume = (
        np.asarray(part, dtype=np.float64) for part in (east_m, north_m, depth_m, volume_m3)
    )
    distance_sq = east * east + north * north + depth * depth
    strength = (1 - poisson_ratio) / math.pi * volume / (distance_sq * np.sqrt(distance_sq))
    return np.stack(np.broadcast_arrays(strength * east, strength * north, strength * depth))
