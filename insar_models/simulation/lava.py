"""Lava flows: new ground, which has nothing in common with the ground that it covers."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import AboveZero, Limits, check_fields
from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid

NEVER = np.iinfo(np.int32).max
"""Day on which a pixel is covered that no lava reaches."""

_Km2 = Annotated[float, Limits(0.0, 10_000.0, "square kilometres", above_low=True)]
_RAGGEDNESS = 0.35  # of a flow's edge, by its radius
_UPHILL = 15.0  # metres along the ground that cost as much as one metre up


@dataclass(frozen=True)
class LavaFlow:
    """A flow that spreads from its vent, downhill first, until it covers its whole area."""

    longitude: float
    latitude: float
    """The vent, degrees."""
    area_km2: _Km2
    start: dt.date
    """First day of the eruption."""
    stop: dt.date
    """Day on which the whole area is covered."""
    settling_days: AboveZero = 60.0
    """Time in which fresh lava comes to rest and is coherent again."""

    def __post_init__(self) -> None:
        check_fields(self)
        if self.start >= self.stop:
            message = (
                f"LavaFlow: from {self.start} to {self.stop} nothing can flow: stop must be later "
                "than start"
            )
            raise BadInputError(message)

    def covered_on(
        self, grid: GroundGrid, heights_m: NDArray[np.float32], texture: NDArray[np.float32]
    ) -> NDArray[np.int32]:
        """Ordinal of the day on which each pixel is covered, NEVER beyond the flow; shape (H, W).

        Parameters
        ----------
        grid
            Where the pixels lie.
        heights_m
            Of the ground, shape (H, W): lava takes the low ground first.
        texture
            Any field of mean 0 and standard deviation 1, shape (H, W), that makes edges ragged.
        """
        east_m, north_m = grid.metres_from(self.longitude, self.latitude)
        radius_m = 1_000.0 * math.sqrt(self.area_km2 / math.pi)
        distance_m = np.hypot(east_m, north_m)
        vent = np.unravel_index(int(distance_m.argmin()), grid.shape)
        climb_m = np.clip(heights_m - heights_m[vent], -radius_m / _UPHILL, None)
        effort_m = distance_m + _UPHILL * climb_m + _RAGGEDNESS * radius_m * texture
        effort_m = np.where(distance_m < 4 * radius_m, effort_m, np.inf)
        pixels = round(self.area_km2 * 1e6 / math.prod(grid.spacing_m))
        order = np.argsort(effort_m, axis=None, kind="stable")[: max(pixels, 1)]
        order = order[np.isfinite(effort_m.ravel()[order])]
        days = np.full(effort_m.size, NEVER, dtype=np.int32)
        lasts = (self.stop - self.start).days
        # The first lava flows on the first day, the last one on the last.
        reached = np.ceil(np.arange(1, order.size + 1) / order.size * lasts)
        days[order] = self.start.toordinal() + reached.astype(np.int32)
        return days.reshape(grid.shape)


def lava_coherence(
    covered: NDArray[np.int32], settling_days: AboveZero, primary: dt.date, secondary: dt.date
) -> NDArray[np.float32]:
    """Share of the coherence that a flow leaves to a pair, 0 to 1; shape (H, W).

    It is 1 where no lava had come by the secondary date, 0 where it came between the dates, and
    returns as the flow settles.
    """
    age_days = primary.toordinal() - covered.astype(np.int64)
    settled = -np.expm1(-np.maximum(age_days, 0) / settling_days)
    untouched = covered > secondary.toordinal()
    return np.where(untouched, 1.0, settled).astype(np.float32)
