"""What wrong orbits leave in an interferogram: a plane of phase across the whole scene."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import CheckedRecord, Limits
from fringewatch.numbers import FRINGE_M

_Fringes = Annotated[float, Limits(0.0, 1_000.0, "fringes")]


@dataclass(frozen=True)
class OrbitError(CheckedRecord):
    """How far off one date's orbit is; a pair has the difference of two."""

    fringes_per_100_km: _Fringes = 0.3
    """Standard deviation of the slope along each of the two directions."""
    offset_fringes: _Fringes = 1.0
    """Greatest constant phase: an interferogram has no zero of its own."""


def orbit_ramp_m(
    orbit: OrbitError,
    shape: tuple[int, int],
    spacing_m: tuple[float, float],
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Plane of apparent range change of one date, metres; float32 of `shape`."""
    down, across = generator.standard_normal(2) * (orbit.fringes_per_100_km * FRINGE_M / 100_000.0)
    offset_m = generator.uniform(0.0, orbit.offset_fringes) * FRINGE_M
    rows_m, columns_m = (
        (np.arange(side) - (side - 1) / 2) * step_m
        for side, step_m in zip(shape, spacing_m, strict=True)
    )
    plane_m = offset_m + down * rows_m[:, None] + across * columns_m[None, :]
    ramp_m: NDArray[np.float32] = plane_m.astype(np.float32)
    return ramp_m
