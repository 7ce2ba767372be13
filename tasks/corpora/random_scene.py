"""Random scenes to learn from: anywhere, any orbit, with and without a source that deforms.

Every number of a scene is drawn by a generator that is made of the recipe's seed and the scene's
number alone, so that any worker makes the same scene. Ranges are wide rather than likely: the
point is variety. They are round numbers, and nothing was fitted to measurements.
"""

import datetime as dt
import hashlib
import json
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.records import DatePair
from fringewatch.numbers import PIXEL_DEGREES, WINDOW_SIZE
from insar_models.phase.codes import encode_phase
from insar_models.phase.window_patches import mask_water
from insar_models.simulation import (
    Episode,
    Ground,
    LandCoherence,
    Processing,
    Scene,
    Weather,
    Winter,
    deformation_m,
    simulate_pair,
)
from insar_models.simulation.atmosphere import Turbulence
from insar_models.simulation.geometry import GroundGrid, LineOfSight, Outline
from insar_models.simulation.ramps import OrbitError
from insar_models.simulation.random_sources import SourceKind, SourceRanges, random_source
from insar_models.simulation.stratified import Stratification
from insar_models.simulation.terrain import Cone, Terrain
from insar_models.simulation.time_courses import ExponentialInflation

SIMULATION_VERSION: Final = "2"
"""To be raised whenever the same seed and number give another scene or other bytes."""

_STILL_SHARE = 0.4  # of scenes without any deformation
_COAST_SHARE = 0.3  # of scenes that a coast crosses
_CUT_SHARE = 0.03  # of dates that lack bursts
_EDGE_SHARE = 0.1  # of scenes that the edge of the frame crosses
_FIRST_DAY, _LAST_DAY = dt.date(2015, 1, 1), dt.date(2025, 1, 1)
_SPANS_DAYS = (6, 12, 18, 24, 36, 48)
_SNOW_LATITUDE = 40.0  # nearer to the equator it snows on no scene
_RANGES = SourceRanges(deflating_share=0.3)
_DEGREES_SEEN = WINDOW_SIZE * PIXEL_DEGREES


@dataclass(frozen=True)
class RandomScene:
    """A scene and the one pair of dates that is looked at."""

    scene: Scene
    pair: DatePair

    @property
    def deformation_m(self) -> NDArray[np.float64]:
        """Motion of the ground away from the satellite between the dates; shape (H, W)."""
        return deformation_m(self.scene, self.pair.primary, self.pair.secondary)


@dataclass(frozen=True, eq=False)
class SceneWindow:
    """What a random scene looks like; all arrays are of shape (500, 500)."""

    phase: NDArray[np.uint8]
    """Phase bytes, 0 over sea and outside of the frame."""
    coherence: NDArray[np.uint8]
    """Value / 255; 0 outside of the frame."""
    deformation_m: NDArray[np.float64]
    """Motion of the ground away from the satellite."""


def random_scene(seed: int, number: int) -> RandomScene:
    """Return scene `number` of `seed`; both are 0 or more."""
    chance = np.random.default_rng([seed, number])
    latitude = float(chance.uniform(-60.0, 65.0))
    grid = GroundGrid(
        west=-_DEGREES_SEEN / 2,
        north=latitude + _DEGREES_SEEN / 2,
        step_degrees=PIXEL_DEGREES,
        width=WINDOW_SIZE,
        height=WINDOW_SIZE,
    )
    first = _FIRST_DAY + dt.timedelta(int(chance.integers((_LAST_DAY - _FIRST_DAY).days)))
    pair = DatePair(first, first + dt.timedelta(int(chance.choice(_SPANS_DAYS))))
    still = bool(chance.random() < _STILL_SHARE)
    scene = Scene(
        grid=grid,
        sight=_sight(chance),
        episodes=() if still else (_episode(chance, latitude, pair),),
        ground=_ground(chance, latitude, has_coast=bool(chance.random() < _COAST_SHARE)),
        weather=_weather(chance, latitude),
        coherence=_coherence(chance, latitude),
        processing=_processing(chance, latitude),
        seed=int(chance.integers(2**53)),
    )
    return RandomScene(scene, pair)


def scene_sha256(seed: int, number: int) -> str:
    """Hash of all that decides a scene, 64 hexadecimal digits."""
    recipe = {"simulation": SIMULATION_VERSION, "seed": seed, "number": number}
    return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()


def look_at(random: RandomScene) -> SceneWindow:
    """Return what the satellite sees of a scene, with water left out as in cubes' patches."""
    simulated = simulate_pair(random.scene, random.pair.primary, random.pair.secondary)
    return SceneWindow(
        phase=mask_water(encode_phase(simulated.phase_rad), ~random.scene.is_land),
        coherence=simulated.coherence,
        deformation_m=random.deformation_m,
    )


def _sight(chance: np.random.Generator) -> LineOfSight:
    middle = float(chance.choice((-12.0, -168.0)))  # ascending, descending
    return LineOfSight(
        heading_degrees=middle + float(chance.uniform(-4.0, 4.0)),
        incidence_degrees=float(chance.uniform(30.0, 45.0)),
    )


def _episode(chance: np.random.Generator, latitude: float, pair: DatePair) -> Episode:
    """A source that grows at some time between the two dates."""
    kind = str(chance.choice([str(kind) for kind in SourceKind]))
    place = float(chance.uniform(-0.15, 0.15)), latitude + float(chance.uniform(-0.15, 0.15))
    start = pair.secondary - dt.timedelta(int(chance.integers(1, pair.days + 10)))
    lasts = dt.timedelta(int(chance.integers(3, 40)))
    # One that was over before the first date would be a still scene by another name.
    stop = max(start + lasts, pair.primary + dt.timedelta(1))
    course = ExponentialInflation(start, stop, decay_days=float(chance.uniform(2.0, 20.0)))
    return Episode(kind, random_source(kind, chance, place, _RANGES), course)


def _ground(chance: np.random.Generator, latitude: float, *, has_coast: bool) -> Ground:
    """Ground with one cone, bare to some share, and the sea beside it or not."""
    radius_m = float(chance.uniform(4_000.0, 20_000.0))
    cone = Cone(
        longitude=float(chance.uniform(-0.1, 0.1)),
        latitude=latitude + float(chance.uniform(-0.1, 0.1)),
        height_m=radius_m * float(chance.uniform(0.05, 0.25)),
        radius_m=radius_m,
        crater_radius_m=radius_m * float(chance.uniform(0.0, 0.2)),
    )
    return Ground(
        coastline=_half_plane(chance, latitude) if has_coast else None,
        terrain=Terrain(
            # High land that ends at the sea would draw the coast in fringes of the air.
            base_m=float(chance.uniform(0.0, 300.0 if has_coast else 3_000.0)),
            roughness_m=10.0 * 40.0 ** float(chance.random()),
            exponent=float(chance.uniform(2.6, 3.6)),
            cones=(cone,),
        ),
        bare_share=float(chance.uniform(0.1, 1.0)),
    )


def _weather(chance: np.random.Generator, latitude: float) -> Weather:
    """Weather of a scene at a latitude, drawn."""
    return Weather(
        turbulence=Turbulence(
            typical_m=0.0015 * 4.0 ** float(chance.random()),
            break_m=float(chance.uniform(3_000.0, 8_000.0)),
        ),
        stratification=Stratification(
            spread_m_per_km=float(chance.uniform(0.0, 0.01)),
            season_m_per_km=float(chance.uniform(0.0, 0.01)),
            moistest_day=213 if latitude > 0 else 31,
        ),
        orbit=OrbitError(fringes_per_100_km=float(chance.uniform(0.0, 1.0))),
    )


def _coherence(chance: np.random.Generator, latitude: float) -> LandCoherence:
    """Coherence of a scene's land at a latitude, drawn."""
    snows = abs(latitude) > _SNOW_LATITUDE
    winter = Winter(
        loss=float(chance.uniform(0.0, 0.9)) * snows,
        coldest_day=35 if latitude > 0 else 217,
        winter_line_m=float(chance.uniform(-500.0, 2_000.0)),
        summer_line_m=float(chance.uniform(2_000.0, 4_000.0)),
    )
    return LandCoherence(
        grown=float(chance.uniform(0.05, 0.5)),
        bare=float(chance.uniform(0.7, 0.98)),
        grown_days=10.0 * 10.0 ** float(chance.random()),
        bare_days=100.0 * 10.0 ** float(chance.random()),
        lasting=float(chance.uniform(0.0, 0.3)),
        worst_day=float(chance.uniform(0.4, 0.9)),
        winter=winter,
    )


def _processing(chance: np.random.Generator, latitude: float) -> Processing:
    has_edge = bool(chance.random() < _EDGE_SHARE)
    return Processing(
        footprint=_half_plane(chance, latitude) if has_edge else None,
        cut_share=_CUT_SHARE,
        filter_strength=float(chance.uniform(0.4, 1.0)),
    )


def _half_plane(chance: np.random.Generator, latitude: float) -> Outline:
    """A large square of which one side crosses the window."""
    azimuth, distance = float(chance.uniform(0.0, 2.0 * math.pi)), float(chance.uniform(0.0, 0.2))
    far = 10.0 * _DEGREES_SEEN
    corners = ((-far, -far), (distance, -far), (distance, far), (-far, far))
    cosine, sine = math.cos(azimuth), math.sin(azimuth)
    return tuple((x * cosine - y * sine, latitude + x * sine + y * cosine) for x, y in corners)
