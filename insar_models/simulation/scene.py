"""A scene under a radar satellite: everything that decides what its interferograms look like.

Random fields of the ground depend on the seed alone, those of a date on the seed, the track and
the date: results do not depend on which pairs are asked for, nor in which order, and two tracks
that look at the same grid see the same ground.
"""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import CheckedRecord, WholeFromZero
from insar_models.simulation.decorrelation import RadarCells, radar_cells
from insar_models.simulation.episode import Episode
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.ground import Ground, GroundFields, ground_fields
from insar_models.simulation.land_coherence import LandCoherence
from insar_models.simulation.processing import BurstLayout, Processing, burst_layout, footprint_mask
from insar_models.simulation.sources import range_change_m
from insar_models.simulation.streams import Stream, field_generator
from insar_models.simulation.weather import Weather


@dataclass(frozen=True)
class Scene(CheckedRecord):
    """What lies on the ground, what moves, what the air does, and how the satellite sees it."""

    grid: GroundGrid
    sight: LineOfSight
    episodes: tuple[Episode, ...] = ()
    """None: the ground is at rest."""
    ground: Ground = field(default_factory=Ground)
    weather: Weather = field(default_factory=Weather)
    coherence: LandCoherence = field(default_factory=LandCoherence)
    processing: Processing = field(default_factory=Processing)
    seed: WholeFromZero = 0
    track: str = ""
    """Any word: another one has other weather, orbits and noise over the same ground."""

    @property
    def ground_fields(self) -> GroundFields:
        """Heights, land, plants and lava; arrays of shape (H, W)."""
        return ground_fields(self.ground, self.grid, self.seed)

    @property
    def is_land(self) -> NDArray[np.bool_]:
        """Shape (H, W)."""
        return self.ground_fields.is_land

    @cached_property
    def is_seen(self) -> NDArray[np.bool_]:
        """Shape (H, W); False is no data on all dates."""
        return footprint_mask(
            self.processing, self.grid, self.is_land, self.generator(Stream.SEA_MASK)
        )

    @cached_property
    def cells(self) -> RadarCells:
        """Radar cells that the pixels show."""
        return radar_cells(self.grid, self.sight)

    @cached_property
    def bursts(self) -> BurstLayout:
        """Bursts of the track."""
        return burst_layout(self.grid, self.sight, self.seed, self.track)

    @cached_property
    def episode_range_changes_m(self) -> tuple[NDArray[np.float64], ...]:
        """For each episode, the motion away from the satellite at its full size; shape (H, W)."""
        return tuple(
            range_change_m(episode.source, self.grid, self.sight) for episode in self.episodes
        )

    def generator(self, stream: Stream, *days: dt.date) -> np.random.Generator:
        """Return the random generator of one purpose on the given days."""
        return self.numbered_generator(stream, *(day.toordinal() for day in days))

    def numbered_generator(self, stream: Stream, *numbers: int) -> np.random.Generator:
        """Return the random generator of one purpose of the track, and of numbers from 0."""
        return field_generator(self.seed, stream, self.track, numbers)


def deformation_m(scene: Scene, primary: dt.date, secondary: dt.date) -> NDArray[np.float64]:
    """Motion of the ground away from the satellite between two dates; shape (H, W), metres.

    It is what the episodes alone do: no atmosphere, no orbit. Dates may come in any order.
    """
    moved_m = np.zeros(scene.grid.shape)
    for episode, full_m in zip(scene.episodes, scene.episode_range_changes_m, strict=True):
        share = episode.course.fraction(secondary) - episode.course.fraction(primary)
        if share != 0:
            moved_m += share * full_m
    return moved_m
