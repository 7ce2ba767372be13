"""Stratified air on simulated scenes: what is removed, what a source loses, what is made up.

Scenes lie over real relief, each round the highest summit of a tile, and over three that are made
(a lone cone, a cone among hills, two cones). Each has its own turbulence, orbit and coherence, a
pair of 12 days, and one of the sources of `SOURCES` under the summit.
"""

import dataclasses
import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray

from fringewatch.numbers import WAVELENGTH_M, WINDOW_SIZE
from insar_models.air import heights_field, remove_air
from insar_models.phase.codes import encode_phase
from insar_models.simulation import Episode, Ground, Scene, Weather, simulate_pair
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.pair_phase import noise_free_phase_rad
from insar_models.simulation.scene import deformation_m
from insar_models.simulation.sources import Mogi
from insar_models.simulation.stratified import Stratification
from insar_models.simulation.terrain import Cone, GivenTerrain, Terrain
from insar_models.simulation.time_courses import Ramp

GRID: Final = GroundGrid(130.0, 32.0, 0.001, WINDOW_SIZE, WINDOW_SIZE)
FIRST, SECOND = dt.date(2024, 1, 6), dt.date(2024, 1, 18)
AIR_M_PER_KM: Final = 0.012
"""Spread of a date's rate where there is air: a pair has some radians for each kilometre."""

SOURCES: Final = ((0.0, 0.0), (1e6, 3_000.0), (3e6, 5_000.0), (1e7, 8_000.0))
"""Volume in cubic metres and depth in metres; the first is none."""

_MIDDLE: Final = (WINDOW_SIZE // 2, WINDOW_SIZE // 2)
_NEAR: Final = 0.1
_LEAST_LAND: Final = 0.2
_NO_DATA_M: Final = -32_768


@dataclass(frozen=True)
class Relief:
    """Ground to simulate over."""

    kind: str
    terrain: Terrain | GivenTerrain
    summit: tuple[int, int]
    """Row and column."""


@dataclass(frozen=True)
class Outcome:
    """What came of a scene."""

    removed: bool
    air_rad: float
    """Standard deviation of the true air over land."""
    left_rad: float
    """Of the air that is left, or made up."""
    source_rad: float
    """Peak of the source."""
    kept: float
    """Of the source: 1 less the multiple of it that was removed because it was there.

    That is what is removed beyond what is removed from the same scene without it. NaN if there is
    no source or nothing was removed.
    """


def reliefs(folder: Path, tiles: int) -> Iterator[Relief]:
    """Real ground round the highest summits of the first tiles with land, then made ground."""
    count = 0
    for path in sorted(folder.glob("*.tif")):
        with rasterio.open(path) as raster:
            heights = raster.read(1).astype(np.float32)
        heights[heights == _NO_DATA_M] = 0
        edge = 100
        inner = heights[edge:-edge, edge:-edge]
        row, column = (int(at) + edge for at in np.unravel_index(inner.argmax(), inner.shape))
        top, left = (
            min(max(at - WINDOW_SIZE // 2, 0), side - WINDOW_SIZE)
            for at, side in zip((row, column), heights.shape, strict=True)
        )
        window = heights[top : top + WINDOW_SIZE, left : left + WINDOW_SIZE]
        if (window > 0).mean() > _LEAST_LAND and count < tiles:
            count += 1
            yield Relief("real relief", GivenTerrain(window), (row - top, column - left))
    middle = float(GRID.longitudes[_MIDDLE[1]]), float(GRID.latitudes[_MIDDLE[0]])
    cone = Cone(*middle, 2_500.0, 12_000.0)
    other = Cone(middle[0] + 0.13, middle[1] - 0.1, 1_800.0, 8_000.0)
    yield Relief("a lone cone", Terrain(base_m=50.0, cones=(cone,)), _MIDDLE)
    hills = Terrain(base_m=300.0, roughness_m=150.0, cones=(cone,))
    yield Relief("a cone among hills", hills, _MIDDLE)
    two = Terrain(base_m=50.0, roughness_m=60.0, cones=(cone, other))
    yield Relief("two cones", two, _MIDDLE)


def scene_of(
    relief: Relief, spread_m_per_km: float, source: tuple[float, float], seed: int
) -> Scene:
    """The scene of a relief, an air, a source (volume, depth) and a seed."""
    volume, depth = source
    place = float(GRID.longitudes[relief.summit[1]]), float(GRID.latitudes[relief.summit[0]])
    episodes: tuple[Episode, ...] = ()
    if volume:
        episodes = (Episode("unrest", Mogi(*place, depth, volume), Ramp(FIRST, SECOND)),)
    air = Stratification(spread_m_per_km=spread_m_per_km, season_m_per_km=0.0)
    return Scene(
        GRID,
        LineOfSight(-12.0, 39.0),
        episodes,
        Ground(sea_level_m=0.5, terrain=relief.terrain, bare_share=0.7),
        Weather(stratification=air),
        seed=seed,
        track="air",
    )


def true_air_rad(scene: Scene) -> NDArray[np.float64]:
    """Phase that the layers of the air make in the pair."""
    weather = scene.weather
    still = Weather(
        dataclasses.replace(weather.turbulence, typical_m=0.0),
        weather.stratification,
        dataclasses.replace(weather.orbit, fringes_per_100_km=0.0, offset_fringes=0.0),
    )
    return noise_free_phase_rad(
        dataclasses.replace(scene, weather=still, episodes=()), FIRST, SECOND
    )


def measure_scene(
    relief: Relief, spread_m_per_km: float, seed: int
) -> dict[tuple[float, float], Outcome]:
    """What the removal does to the scenes of one ground and weather, by source."""
    outcomes = {}
    without_rad = np.zeros(GRID.shape, dtype=np.float32)
    for source in SOURCES:
        scene = scene_of(relief, spread_m_per_km, source, seed)
        pair = simulate_pair(scene, FIRST, SECOND)
        heights = heights_field(scene.ground_fields.heights_m)
        found = remove_air(encode_phase(pair.phase_rad), pair.coherence, [heights])
        land, air = scene.is_land, true_air_rad(scene)
        moved = 4 * math.pi / WAVELENGTH_M * deformation_m(scene, FIRST, SECOND)
        peak, kept = float(np.abs(moved[land]).max()), math.nan
        if source == SOURCES[0]:
            without_rad = found.removed_rad
        elif found.is_changed:
            near = land & (np.abs(moved) > _NEAR * peak)
            shape = moved[near] - moved[near].mean()
            taken = (found.removed_rad - without_rad)[near]
            kept = 1 - float((taken * shape).sum() / (shape**2).sum())
        left = float(np.std((air - found.removed_rad)[land]))
        outcomes[source] = Outcome(found.is_changed, float(np.std(air[land])), left, peak, kept)
    return outcomes


def measure_scenes(folder: Path, tiles: int, seeds: int) -> None:
    """Print a row for each kind of ground, air and source."""
    print(
        "\n| ground | air | source (peak) | pairs | removed | air, what is left of it (rad, sd) "
        "| source kept where removed: lowest, median |\n|---|---|---|---|---|---|---|"
    )
    grounds = list(reliefs(folder, tiles))
    for kind in dict.fromkeys(relief.kind for relief in grounds):
        for spread in (0.0, AIR_M_PER_KM):
            scenes = [
                measure_scene(relief, spread, seed)
                for relief in grounds
                if relief.kind == kind
                for seed in range(1, seeds + 1)
            ]
            for source in SOURCES:
                print(_row(kind, spread, source, [scene[source] for scene in scenes]), flush=True)


def _row(kind: str, spread: float, source: tuple[float, float], outcomes: Sequence[Outcome]) -> str:
    removed = np.mean([one.removed for one in outcomes])
    air, left, peak = (
        float(np.mean(values))
        for values in zip(*((o.air_rad, o.left_rad, o.source_rad) for o in outcomes), strict=True)
    )
    kept = [one.kept for one in outcomes if math.isfinite(one.kept)]
    said = f"{min(kept):.0%}, {np.median(kept):.0%}" if kept else ""
    moved = f"{source[1] / 1000:g} km deep ({peak:.0f} rad)" if source[0] else "none"
    return (
        f"| {kind} | {'layered' if spread else 'turbulent alone'} | {moved} | {len(outcomes)} "
        f"| {removed:.0%} | {air:.2f}, {left:.2f} | {said} |"
    )
