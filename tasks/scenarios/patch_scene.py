"""One atmosphere of a patch set, with and without a source below it."""

import dataclasses
import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from fringewatch.numbers import FRINGE_M
from insar_models.simulation import Scene, noise_free_phase_rad
from insar_models.simulation.episode import Episode
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.random_sources import random_source
from insar_models.simulation.sources import Mogi, Source, range_change_m
from insar_models.simulation.time_courses import Step
from tasks.scenarios.patch_scenario import PatchScenario

_TRIES: Final = 200
_EDGE_SHARE: Final = 0.15  # of the side: no source lies nearer to the edge
_MOVING_SHARE: Final = 0.3  # of the peak, from which on the ground counts as moving
_FOOTPRINT_SHARE: Final = 0.5
_AROUND: Final = 3  # sides of a patch within which a source's motion is looked for
_COARSER: Final = 6
_FIRST_DAY, _LAST_DAY = dt.date(2015, 1, 1), dt.date(2025, 1, 1)


@dataclass(frozen=True, eq=False)
class PatchScene:
    """A scene with a source, the same without it, and the pair that is looked at."""

    moving: Scene
    still: Scene
    pair: DatePair
    kind: str
    peak_m: float
    """Largest change of the distance to the satellite on land, without sign."""
    row: int
    column: int
    """Where that is."""
    footprint_pixels: float
    """Radius of the circle as large as the land that moves by more than half of that."""


@dataclass(frozen=True, eq=False)
class _Draw:
    source: Source
    change_m: NDArray[np.float64]


def patch_scene(scenario: PatchScenario, number: int) -> PatchScene:
    """Return atmosphere `number` of a patch set; it depends on the seed and the number alone.

    Raises
    ------
    BadInputError
        If no source fits into the picture within 200 tries.
    """
    recipe = scenario.patches
    chance = np.random.default_rng([scenario.seed, number])
    kind = recipe.kinds[int(chance.integers(len(recipe.kinds)))]
    bins = len(recipe.peak_edges_m) - 1
    low_m, high_m = recipe.peak_edges_m[number % bins : number % bins + 2]
    peak_m = float(chance.uniform(low_m, high_m))
    for _ in range(_TRIES):
        still = _still_scene(scenario, chance)
        pair = _pair(scenario, chance)
        draw = _draw(scenario, kind, still, peak_m, chance)
        if draw is None or not _fits(scenario, still, pair, draw):
            continue
        episode = Episode(kind, draw.source, Step(pair.secondary))
        size_m = np.abs(draw.change_m)
        row, column = np.unravel_index(int(size_m.argmax()), still.grid.shape)
        radius = math.sqrt(int((size_m > _FOOTPRINT_SHARE * size_m.max()).sum()) / math.pi)
        moving = dataclasses.replace(still, episodes=(episode,))
        return PatchScene(moving, still, pair, kind, peak_m, int(row), int(column), radius)
    message = (
        f"no {kind} with a peak of {peak_m:.3f} m fits into patch {number} of {scenario.name} "
        f"within {_TRIES} tries: lower least_signal or visible_share, or widen the ranges"
    )
    raise BadInputError(message)


def _still_scene(scenario: PatchScenario, chance: np.random.Generator) -> Scene:
    """A scene without any source: where it lies and how it is seen is drawn."""
    recipe = scenario.patches
    half = recipe.size_pixels * recipe.step_degrees / 2
    latitude = float(chance.uniform(*recipe.latitudes_degrees))
    size = recipe.size_pixels
    return Scene(
        grid=GroundGrid(-half, latitude + half, recipe.step_degrees, size, size),
        sight=LineOfSight(
            float(chance.choice(recipe.headings_degrees)),
            float(chance.uniform(*recipe.incidence_degrees)),
        ),
        ground=scenario.ground,
        weather=scenario.weather,
        coherence=scenario.coherence,
        processing=scenario.processing,
        seed=int(chance.integers(2**53)),
    )


def _pair(scenario: PatchScenario, chance: np.random.Generator) -> DatePair:
    first = _FIRST_DAY + dt.timedelta(int(chance.integers((_LAST_DAY - _FIRST_DAY).days)))
    return DatePair(first, first + dt.timedelta(int(chance.choice(scenario.patches.spans_days))))


def _draw(
    scenario: PatchScenario, kind: str, still: Scene, peak_m: float, chance: np.random.Generator
) -> _Draw | None:
    """Return a source somewhere in the picture that moves its land by `peak_m`, if there is land.

    The motion is linear in opening and volume, so that it is made once and scaled.
    """
    grid = still.grid
    across, down = chance.uniform(_EDGE_SHARE, 1 - _EDGE_SHARE, 2)
    place = (
        grid.west + float(across) * grid.width * grid.step_degrees,
        grid.north - float(down) * grid.height * grid.step_degrees,
    )
    source = random_source(kind, chance, place, scenario.ranges)
    change_m = np.where(still.is_land, range_change_m(source, grid, still.sight), 0.0)
    found_m = float(np.abs(change_m).max())
    if found_m == 0:
        return None
    factor = peak_m / found_m
    return _Draw(_scaled(source, factor), factor * change_m)


def _scaled(source: Source, factor: float) -> Source:
    if isinstance(source, Mogi):
        return dataclasses.replace(source, volume_m3=factor * source.volume_m3)
    return dataclasses.replace(source, opening_m=factor * source.opening_m)


def _fits(scenario: PatchScenario, still: Scene, pair: DatePair, draw: _Draw) -> bool:
    """Whether enough of the motion is in the picture, and enough of it above the atmosphere."""
    recipe = scenario.patches
    size_m = np.abs(draw.change_m)
    limit_m = _MOVING_SHARE * size_m.max()
    if _visible_share(still, draw.source, limit_m) < recipe.visible_share:
        return False
    if recipe.least_signal == 0:
        return True
    moving = size_m > limit_m
    air_rad = noise_free_phase_rad(still, pair.primary, pair.secondary)[moving]
    moved_rad = draw.change_m[moving] / FRINGE_M * 2 * np.pi
    return bool(moved_rad.var() >= recipe.least_signal * air_rad.var())


def _visible_share(still: Scene, source: Source, limit_m: float) -> float:
    """Share of the ground that moves by more than `limit_m` that lies in the picture."""
    grid = still.grid
    side = -(-grid.width * _AROUND // _COARSER)
    step = grid.step_degrees * _COARSER
    margin = grid.step_degrees * grid.width * (_AROUND - 1) / 2
    around = GroundGrid(grid.west - margin, grid.north + margin, step, side, side)
    moving = np.abs(range_change_m(source, around, still.sight)) > limit_m
    inside = (
        (np.abs(around.longitudes - (grid.west + grid.step_degrees * grid.width / 2)) * 2
         < grid.step_degrees * grid.width)[None, :]
        & (np.abs(around.latitudes - (grid.north - grid.step_degrees * grid.height / 2)) * 2
           < grid.step_degrees * grid.height)[:, None]
    )  # fmt: skip
    total = int(moving.sum())
    # Motion that no coarse pixel shows lies within a few pixels of the source, in the picture.
    return float(moving[inside].sum()) / total if total else 1.0
