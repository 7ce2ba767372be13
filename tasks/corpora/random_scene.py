"""Random scenes to learn from: anywhere, any orbit, with and without a dyke that opens.

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
from insar_models.patches import mask_water
from insar_models.phase import encode_phase
from insar_models.simulation import Scene, simulate_pair
from insar_models.simulation.atmosphere import Turbulence
from insar_models.simulation.geometry import GroundGrid, LineOfSight, Outline
from insar_models.simulation.scene import LandCoherence
from insar_models.simulation.source import OpeningHistory, VerticalDyke

SIMULATION_VERSION: Final = "1"
"""To be raised whenever the same seed and number give another scene or other bytes."""

_STILL_SHARE = 0.4  # of scenes without any deformation
_COAST_SHARE = 0.3  # of scenes that a coast crosses
_EDGE_SHARE = 0.1  # of scenes that the edge of the frame crosses
_FIRST_DAY, _LAST_DAY = dt.date(2015, 1, 1), dt.date(2025, 1, 1)
_SPANS_DAYS = (6, 12, 18, 24, 36, 48)
_DEGREES_SEEN = WINDOW_SIZE * PIXEL_DEGREES


@dataclass(frozen=True)
class RandomScene:
    """A scene and the one pair of dates that is looked at."""

    scene: Scene
    pair: DatePair

    @property
    def deformation_m(self) -> NDArray[np.float64]:
        """Motion of the ground away from the satellite between the dates; shape (H, W)."""
        history = self.scene.history
        share = history.fraction(self.pair.secondary) - history.fraction(self.pair.primary)
        return share * self.scene.dyke_range_change_m


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
    dyke = _dyke(chance, latitude)
    scene = Scene(
        grid=grid,
        sight=_sight(chance),
        dyke=_no_dyke(latitude) if still else dyke,
        history=_history(chance, pair),
        land=_half_plane(chance, latitude, _COAST_SHARE),
        footprint=_half_plane(chance, latitude, _EDGE_SHARE),
        seed=int(chance.integers(2**53)),
        turbulence=_turbulence(chance),
        coherence=_coherence(chance),
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


def _dyke(chance: np.random.Generator, latitude: float) -> VerticalDyke:
    top_m = 1_000.0 * 2.0 ** float(chance.uniform(0.0, 2.0))
    strength_m = 0.2 * 20.0 ** float(chance.random())  # 0.2 to 4 m, small ones as often as large
    return VerticalDyke(
        longitude=float(chance.uniform(-0.15, 0.15)),
        latitude=latitude + float(chance.uniform(-0.15, 0.15)),
        strike_degrees=float(chance.uniform(0.0, 180.0)),
        length_m=float(chance.uniform(2_000.0, 10_000.0)),
        top_m=top_m,
        bottom_m=top_m * float(chance.uniform(1.3, 4.0)),
        opening_m=strength_m * float(chance.choice((1.0, -1.0), p=(0.7, 0.3))),
    )


def _no_dyke(latitude: float) -> VerticalDyke:
    """One element that does not open: nothing moves."""
    return VerticalDyke(0.0, latitude, 0.0, 1.0, 1_000.0, 1_300.0, 0.0)


def _history(chance: np.random.Generator, pair: DatePair) -> OpeningHistory:
    """An intrusion that goes on at some time between the two dates."""
    start = pair.secondary - dt.timedelta(int(chance.integers(1, pair.days + 10)))
    lasts = dt.timedelta(int(chance.integers(3, 40)))
    # One that was over before the first date would be a still scene by another name.
    stop = max(start + lasts, pair.primary + dt.timedelta(1))
    return OpeningHistory(start, stop, decay_days=float(chance.uniform(2.0, 20.0)))


def _half_plane(chance: np.random.Generator, latitude: float, share: float) -> Outline:
    """A square that covers the window wholly or, for a share of scenes, one side of a line."""
    crossed = bool(chance.random() < share)
    azimuth, distance = float(chance.uniform(0.0, 2.0 * math.pi)), float(chance.uniform(0.0, 0.2))
    far = 10.0 * _DEGREES_SEEN
    edge = distance if crossed else far
    corners = ((-far, -far), (edge, -far), (edge, far), (-far, far))
    cosine, sine = math.cos(azimuth), math.sin(azimuth)
    return tuple((x * cosine - y * sine, latitude + x * sine + y * cosine) for x, y in corners)


def _turbulence(chance: np.random.Generator) -> Turbulence:
    least_m = float(chance.uniform(0.003, 0.015))
    return Turbulence(least_peak_m=least_m, greatest_peak_m=2.0 * least_m)


def _coherence(chance: np.random.Generator) -> LandCoherence:
    return LandCoherence(
        least=float(chance.uniform(0.1, 0.5)),
        greatest=float(chance.uniform(0.7, 0.97)),
        decay_days=10.0 * 20.0 ** float(chance.random()),
        worst_day=float(chance.uniform(0.4, 0.9)),
    )
