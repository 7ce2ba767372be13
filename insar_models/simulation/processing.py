"""What a processor makes of its data: where there is any, and how strongly it is filtered."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from fringewatch.checked_fields import CheckedRecord, Limits, Share
from insar_models.simulation.geometry import GroundGrid, LineOfSight, Outline, inside
from insar_models.simulation.streams import Stream, field_generator

_BURST_M = 20_000.0  # along the flight; Sentinel-1 records a swath in bursts of that length


@dataclass(frozen=True)
class Processing(CheckedRecord):
    """Recipe of the product: its footprint, its gaps and its filter."""

    footprint: Outline | None = None
    """What the satellite sees; outside of it there is no data. None: it sees everything."""
    sea_margin_m: Annotated[float, Limits(0.0, 1e6, "metres")] | None = None
    """Distance from land beyond which the sea holds no data, give or take half of it, as in frames
    whose sea lies outside of the elevation model. None: all of the sea holds data."""
    cut_share: Share = 0.0
    """Share of the dates that lack bursts at one end of the scene, 0 to 1."""
    filter_strength: Share = 1.0
    """Exponent of the adaptive filter, 0 (none) to 1 (strong)."""


def footprint_mask(
    processing: Processing,
    grid: GroundGrid,
    is_land: NDArray[np.bool_],
    generator: np.random.Generator,
) -> NDArray[np.bool_]:
    """Pixels that hold data where no burst is missing; shape (H, W), as `is_land`."""
    if processing.footprint is None:
        is_seen = np.ones(grid.shape, dtype=np.bool_)
    else:
        longitudes, latitudes = grid.longitudes[None, :], grid.latitudes[:, None]
        is_seen = inside(processing.footprint, longitudes, latitudes)
    if processing.sea_margin_m is not None and is_land.any():
        off_shore_m = scipy.ndimage.distance_transform_edt(~is_land, grid.spacing_m)
        # The edge is speckled, as geocoding leaves it, not a line.
        margin_m = processing.sea_margin_m * (0.5 + generator.random(grid.shape))
        is_seen &= is_land | (off_shore_m < margin_m)
    return is_seen


@dataclass(frozen=True)
class BurstLayout:
    """Which burst shows each pixel of a track."""

    numbers: NDArray[np.int16]
    """Shape (H, W), counted along the flight."""
    first: int
    last: int


def burst_layout(grid: GroundGrid, sight: LineOfSight, seed: int, track: str) -> BurstLayout:
    """Return the bursts of a track over a grid: strips across the flight."""
    east_m, north_m = grid.metres_from(grid.west, grid.north)
    heading = np.radians(sight.heading_degrees)
    along_m = east_m * np.sin(heading) + north_m * np.cos(heading)
    start = field_generator(seed, Stream.BURSTS, track).random()
    numbers = np.floor(along_m / _BURST_M + start).astype(np.int16)
    return BurstLayout(numbers, int(numbers.min()), int(numbers.max()))


def missing_bursts(
    processing: Processing, layout: BurstLayout, seed: int, track: str, day: dt.date
) -> tuple[int, ...]:
    """Numbers of the bursts that a date lacks: mostly none, else some at one end."""
    if processing.cut_share == 0:
        return ()
    generator = field_generator(seed, Stream.BURSTS, track, (day.toordinal(),))
    lacks = generator.random() < processing.cut_share
    numbers = list(range(layout.first, layout.last + 1))
    if not lacks or len(numbers) == 1:  # a scene of one burst is never cut
        return ()
    count = int(generator.integers(1, len(numbers)))
    return tuple(numbers[:count] if generator.integers(2) else numbers[-count:])
