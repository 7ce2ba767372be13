"""A scene under a radar satellite, and the interferogram of any two dates of it.

Motion and atmosphere belong to a date and an interferogram is their difference, so that pairs
which share a date share its atmosphere and the phase of a closed loop of dates adds up to zero.
Each random field has a generator of its own, made from the scene's seed and the dates: results do
not depend on which pairs are asked for, nor in which order.
"""

import datetime as dt
import math
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import WAVELENGTH_M
from insar_models.simulation.atmosphere import Turbulence, turbulent_delay_m, two_slope_field
from insar_models.simulation.decorrelation import (
    RadarCells,
    estimated_coherence,
    fringe_rate_coherence,
    noisy_phase,
    radar_cells,
)
from insar_models.simulation.geometry import GroundGrid, LineOfSight, Outline, inside
from insar_models.simulation.source import OpeningHistory, VerticalDyke, dyke_displacement_m

_SMALLEST_PHASE_RAD = np.float32(1e-6)  # exact 0 means no data


class _Stream(IntEnum):
    """What a generator is for: the same dates give other numbers for another purpose."""

    COAST = 1
    GROUND = 2
    DELAY = 3
    WEATHER = 4
    NOISE = 5


@dataclass(frozen=True)
class LandCoherence:
    """How well the ground keeps its phase."""

    least: float = 0.35
    """On a good day, without lapse of time: where plants grow."""
    greatest: float = 0.95
    """The same, on bare lava; patches of both make up the land."""
    decay_days: float = 60.0
    """Time in which it falls to 1/e."""
    worst_day: float = 0.6
    """Factor of the worst day (snow, rain); a pair takes those of its two days."""


@dataclass(frozen=True)
class Scene:
    """Everything that decides what a simulated interferogram looks like."""

    grid: GroundGrid
    sight: LineOfSight
    dyke: VerticalDyke
    history: OpeningHistory
    land: Outline
    """Coastline; outside of it is sea."""
    footprint: Outline
    """What the satellite sees; outside of it there is no data."""
    seed: int
    turbulence: Turbulence = field(default_factory=Turbulence)
    coherence: LandCoherence = field(default_factory=LandCoherence)
    coast_roughness_degrees: float = 0.004

    def __post_init__(self) -> None:
        if self.seed < 0:
            message = f"{self.seed} is no seed of a scene: it must be 0 or more"
            raise BadInputError(message)

    @cached_property
    def is_land(self) -> NDArray[np.bool_]:
        """Shape (H, W)."""
        longitudes, latitudes = self._coordinates
        # Straight sides between hand-set corners look like no coast: shift them a little.
        shift = self.coast_roughness_degrees * self._texture(_Stream.COAST)
        return inside(self.land, longitudes + shift, latitudes + shift)

    @cached_property
    def is_seen(self) -> NDArray[np.bool_]:
        """Shape (H, W); False is no data."""
        return inside(self.footprint, *self._coordinates)

    @cached_property
    def cells(self) -> RadarCells:
        """Radar cells that the pixels show."""
        return radar_cells(self.grid, self.sight)

    @cached_property
    def dyke_range_change_m(self) -> NDArray[np.float64]:
        """Motion away from the satellite when the dyke has opened for good; shape (H, W)."""
        toward = np.array(self.sight.unit_vector)
        return -np.tensordot(toward, dyke_displacement_m(self.dyke, self.grid), axes=1)

    @cached_property
    def ground_coherence(self) -> NDArray[np.float32]:
        """Coherence of the ground without lapse of time; shape (H, W), 0 over sea."""
        lava = 0.5 + 0.5 * np.tanh(0.7 + 1.2 * self._texture(_Stream.GROUND))
        ground = self.coherence.least + (self.coherence.greatest - self.coherence.least) * lava
        return np.where(self.is_land, ground, 0.0).astype(np.float32)

    def generator(self, stream: int, *days: dt.date) -> np.random.Generator:
        """Return the random generator of one purpose on the given days."""
        return np.random.default_rng([self.seed, stream, *(day.toordinal() for day in days)])

    def _texture(self, stream: int) -> NDArray[np.float64]:
        """Random field of the scene itself; shape (H, W), mean 0, standard deviation 1."""
        return two_slope_field(
            self.turbulence, self.grid.shape, self.grid.spacing_m, self.generator(stream)
        )

    @property
    def _coordinates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.grid.longitudes[None, :], self.grid.latitudes[:, None]


@dataclass(frozen=True)
class SimulatedPair:
    """An interferogram as LiCSAR would publish it."""

    phase_rad: NDArray[np.float32]
    """Shape (H, W), wrapped and filtered; exact 0 is no data."""
    coherence: NDArray[np.uint8]
    """Shape (H, W), value / 255; 0 is no data, at the same pixels."""


# A pair of 12 days comes between two of 6: four dates in the cache make each field only once.
@lru_cache(maxsize=4)
def range_change_m(scene: Scene, day: dt.date) -> NDArray[np.float64]:
    """Path to the satellite on `day` against a ground at rest under a still atmosphere.

    Returns
    -------
    numpy.ndarray
        Shape (H, W), metres, read-only; positive is longer (away from the satellite).
    """
    delay_m = turbulent_delay_m(
        scene.turbulence,
        scene.grid.shape,
        scene.grid.spacing_m,
        scene.generator(_Stream.DELAY, day),
    )
    path_m = scene.history.fraction(day) * scene.dyke_range_change_m + delay_m
    path_m.flags.writeable = False
    return path_m


def noise_free_phase_rad(scene: Scene, primary: dt.date, secondary: dt.date) -> NDArray[np.float64]:
    """Unwrapped phase of a pair without noise; shape (H, W), positive away from the satellite."""
    change_m = range_change_m(scene, secondary) - range_change_m(scene, primary)
    return 4 * math.pi / WAVELENGTH_M * change_m


def simulate_pair(scene: Scene, primary: dt.date, secondary: dt.date) -> SimulatedPair:
    """Return the interferogram of two dates of a scene.

    Raises
    ------
    BadInputError
        If the primary is not the older date.
    """
    if primary >= secondary:
        message = f"{primary} and {secondary} are no pair: the first must be the older one"
        raise BadInputError(message)
    phase = noise_free_phase_rad(scene, primary, secondary)
    turned = fringe_rate_coherence(phase, scene.grid.spacing_m, scene.cells)
    coherence = _pair_coherence(scene, primary, secondary) * turned
    generator = scene.generator(_Stream.NOISE, primary, secondary)
    wrapped = noisy_phase(phase, coherence, scene.cells, generator)
    wrapped[wrapped == 0] = _SMALLEST_PHASE_RAD
    estimate = estimated_coherence(coherence, generator)
    return SimulatedPair(
        np.where(scene.is_seen, wrapped, np.float32(0)),
        np.where(scene.is_seen, estimate, np.uint8(0)),
    )


def _pair_coherence(scene: Scene, primary: dt.date, secondary: dt.date) -> NDArray[np.float32]:
    """Coherence of the ground over a pair's time, before fringes take their share."""
    days = (secondary - primary).days
    kept = math.exp(-days / scene.coherence.decay_days)
    for day in (primary, secondary):
        badness = scene.generator(_Stream.WEATHER, day).random() ** 3  # most days are good
        kept *= 1 - (1 - scene.coherence.worst_day) * badness
    return scene.ground_coherence * np.float32(kept)
