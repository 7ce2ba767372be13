"""Many fields of deformation, made once: to be pasted on real interferograms while learning.

A field is the change of range that a random source makes on the ground, as Sentinel-1 sees it. It
has no size of its own: it is scaled to a peak of 1, and who pastes it chooses how many metres. How
wide it is on the ground, and with that how many pixels it covers, is kept.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.random_sources import SourceKind, random_source
from insar_models.simulation.sources import Source, range_change_m

FOOTPRINT_LEVEL = 0.5
"""A field's footprint is where it exceeds this share of its peak, of either sign."""

_HEADINGS_DEGREES = (-10.0, -170.0)  # ascending, descending; both vary by 3 degrees
_HEADING_SPREAD_DEGREES = 3.0
_INCIDENCES_DEGREES = (29.0, 46.0)
_LATITUDES_DEGREES = (-65.0, 65.0)  # a geocoded pixel is narrower than high, by their cosine
_COARSE = 4  # pixels on the side of a pixel of the first look
_NEAR_MIDDLE = 0.15  # of the side: how far from the middle a peak may lie
_LEAST_EXTENT = 4  # pixels: what is smaller does not survive the filter of an interferogram
_GREATEST_EXTENT = 0.7  # of the side: what is wider is a ramp in the patch
_TRIES = 200


@dataclass(frozen=True, eq=False)
class SourcePool:
    """Fields of range change, each with what is known of it; all arrays begin with n."""

    fields: NDArray[np.float16]
    """(n, size, size), largest magnitude 1; negative towards the satellite, so that inflation is
    negative in most of its footprint."""
    kind: NDArray[np.str_]
    """`SourceKind` of each."""
    extent_pixels: NDArray[np.int32]
    """Longer side of the box around each footprint."""
    spacing_m: NDArray[np.float32]
    """Height of a pixel; its width is less by the cosine of the latitude."""
    latitude: NDArray[np.float32]
    """Degrees."""
    incidence_degrees: NDArray[np.float32]
    ascending: NDArray[np.bool_]

    def __len__(self) -> int:
        """Count of fields."""
        return len(self.fields)

    def footprint(self, index: int) -> NDArray[np.bool_]:
        """Pixels of one field beyond half of its peak; shape (size, size)."""
        mask: NDArray[np.bool_] = np.abs(self.fields[index]) > FOOTPRINT_LEVEL
        return mask


@dataclass(frozen=True)
class _View:
    """Where a patch lies and from where it is seen."""

    latitude: float
    spacing_m: float
    size: int
    sight: LineOfSight

    @property
    def is_ascending(self) -> bool:
        """Whether the satellite flies north."""
        return math.cos(math.radians(self.sight.heading_degrees)) > 0

    def grid(self, coarseness: int = 1) -> GroundGrid:
        """Around longitude 0: the patch, or twice as much ground in coarse pixels."""
        one_degree_m = GroundGrid(0.0, 0.5, 1.0, 1, 1).spacing_m[0]
        step = self.spacing_m / one_degree_m * coarseness
        count = self.size if coarseness == 1 else 2 * self.size // coarseness
        half = step * count / 2
        return GroundGrid(-half, self.latitude + half, step, count, count)


def make_pool(
    count: int, seed: int, *, size: int = 112, spacing_m: tuple[float, float] = (90.0, 370.0)
) -> SourcePool:
    """Fields of random sources under random views; the same for the same arguments.

    Kinds take turns. A field of which the footprint is smaller than 4 pixels or wider than 0.7 of
    the patch is drawn anew, with another view: it could not be seen, or would be a mere ramp.

    Parameters
    ----------
    count
        How many.
    seed
        Field i depends on the seed and on i only: a longer pool begins with the shorter one.
    size
        Side of a patch in pixels.
    spacing_m
        Least and greatest height of a pixel, drawn evenly in the logarithm.

    Raises
    ------
    BadInputError
        If the count or the size is too small, the spacing is no range of positive lengths, or no
        source fits the patch.
    """
    _check(count, seed, size, spacing_m)
    fields = np.empty((count, size, size), dtype=np.float16)
    kinds = [tuple(SourceKind)[index % len(SourceKind)] for index in range(count)]
    extents, views = [], []
    for index, kind in enumerate(kinds):
        generator = np.random.default_rng((seed, index))
        fields[index], view = _draw(kind, generator, size, spacing_m)
        extents.append(_extent(np.abs(fields[index]) > FOOTPRINT_LEVEL))
        views.append(view)
    return SourcePool(
        fields=fields,
        kind=np.array(kinds, dtype=np.str_),
        extent_pixels=np.array(extents, dtype=np.int32),
        spacing_m=np.array([view.spacing_m for view in views], dtype=np.float32),
        latitude=np.array([view.latitude for view in views], dtype=np.float32),
        incidence_degrees=np.array(
            [view.sight.incidence_degrees for view in views], dtype=np.float32
        ),
        ascending=np.array([view.is_ascending for view in views], dtype=np.bool_),
    )


def _check(count: int, seed: int, size: int, spacing_m: tuple[float, float]) -> None:
    """Pass a pool of which something can be drawn."""
    least_size = 4 * _LEAST_EXTENT
    if count < 1 or seed < 0 or size < least_size:
        message = (
            f"a pool of {count} fields of {size} pixels from seed {seed} is none: give 1 field or "
            f"more, {least_size} pixels or more, a seed of 0 or more"
        )
        raise BadInputError(message)
    low, high = spacing_m
    if not 0 < low <= high < math.inf:
        message = (
            f"spacing_m=({low}, {high}) is no range of pixel heights: give the least first, in "
            "metres, both above 0"
        )
        raise BadInputError(message)


def _draw(
    kind: str, generator: np.random.Generator, size: int, spacing_m: tuple[float, float]
) -> tuple[NDArray[np.float16], _View]:
    """One field that is neither too small nor too wide, its peak near the middle."""
    for _ in range(_TRIES):
        view = _random_view(generator, size, spacing_m)
        source = random_source(kind, generator, (0.0, view.latitude))
        offset = generator.uniform(-_NEAR_MIDDLE, _NEAR_MIDDLE, 2) * size
        field = _centred_field(source, view, offset)
        if field is not None:
            return field, view
    message = (
        f"no {kind} fits a patch of {size} pixels of {spacing_m[0]:g} to {spacing_m[1]:g} m in "
        f"{_TRIES} tries: give a size or a spacing that spans some 5 to 50 km"
    )
    raise BadInputError(message)


def _random_view(
    generator: np.random.Generator, size: int, spacing_m: tuple[float, float]
) -> _View:
    low, high = (math.log(value) for value in spacing_m)
    heading_degrees = generator.choice(_HEADINGS_DEGREES) + generator.uniform(
        -_HEADING_SPREAD_DEGREES, _HEADING_SPREAD_DEGREES
    )
    sight = LineOfSight(float(heading_degrees), float(generator.uniform(*_INCIDENCES_DEGREES)))
    latitude = float(generator.uniform(*_LATITUDES_DEGREES))
    return _View(latitude, math.exp(generator.uniform(low, high)), size, sight)


def _centred_field(
    source: Source, view: _View, offset_pixels: NDArray[np.float64]
) -> NDArray[np.float16] | None:
    """The field with its peak so far (down, right) from the middle; None where it does not fit."""
    wide = view.grid(_COARSE)
    look = np.abs(range_change_m(source, wide, view.sight))
    if not _fits(_extent(look > FOOTPRINT_LEVEL * look.max()) * _COARSE, view.size, slack=_COARSE):
        return None
    row, column = np.unravel_index(int(look.argmax()), look.shape)
    grid = view.grid()
    down, right = offset_pixels * grid.step_degrees
    moved = replace(
        source,
        longitude=source.longitude - float(wide.longitudes[column]) + float(right),
        latitude=source.latitude + view.latitude - float(wide.latitudes[row]) - float(down),
    )
    change = range_change_m(moved, grid, view.sight)
    field: NDArray[np.float16] = (change / np.abs(change).max()).astype(np.float16)
    size = np.abs(field)
    peak = np.array(np.unravel_index(int(size.argmax()), size.shape))
    aside = float(np.abs(peak - (view.size - 1) / 2).max())
    fits = _fits(_extent(size > FOOTPRINT_LEVEL), view.size, slack=0)
    # The coarse look can miss a narrow peak, which then lies elsewhere.
    return field if fits and aside <= _NEAR_MIDDLE * view.size + _COARSE else None


def _fits(extent: int, size: int, *, slack: int) -> bool:
    return _LEAST_EXTENT - slack <= extent <= _GREATEST_EXTENT * size + slack


def _extent(mask: NDArray[np.bool_]) -> int:
    """Longer side of the box around the pixels that are true."""
    return max(int(np.ptp(np.flatnonzero(mask.any(axis=axis)))) + 1 for axis in (0, 1))
