"""The record of a scenario: everything that decides the bytes of a simulated portal."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

import numpy as np

from catalogs.rasters.grid import Grid, Window, volcano_window
from catalogs.records import DatePair, Volcano
from catalogs.world.frame_geometry import FrameFit, check_frame
from catalogs.world.volcanoes import select_frames
from fringewatch.checked_fields import WholeFromZero, check_fields
from fringewatch.errors import BadInputError
from fringewatch.numbers import PIXEL_DEGREES, WINDOW_SIZE
from insar_models.simulation.episode import Episode
from insar_models.simulation.geometry import GroundGrid, inside
from insar_models.simulation.ground import Ground
from insar_models.simulation.land_coherence import LandCoherence
from insar_models.simulation.processing import Processing
from insar_models.simulation.weather import Weather
from tasks.scenarios.faults import Faults
from tasks.scenarios.frame_rasters import Epochs
from tasks.scenarios.frames import PairsRule, ScenarioFrame

_MARGIN_PIXELS: Final = 60  # on each side of the window
_FARTHEST_DEGREES: Final = 1.0  # of a source from the volcano: farther is a slip of the pen

# The corner of a LiCSAR raster lies off the round degrees: the fractions of 155D_02579_100800.
_WEST_FRACTION, _NORTH_FRACTION = 0.0005, 0.0001667


@dataclass(frozen=True)
class Scenario:
    """What one volcano does, and how frames of LiCSAR's see it."""

    name: str
    """Of the file."""
    volcano: Volcano
    seed: WholeFromZero
    """Of everything that chance decides; 0 or more."""
    frames: tuple[ScenarioFrame, ...]
    summary: str = ""
    """One line about it."""
    pairs: PairsRule = field(default_factory=PairsRule)
    episodes: tuple[Episode, ...] = ()
    ground: Ground = field(default_factory=Ground)
    weather: Weather = field(default_factory=Weather)
    coherence: LandCoherence = field(default_factory=LandCoherence)
    processing: Processing = field(default_factory=Processing)
    """Its footprint counts for frames that have none of their own."""
    faults: Faults = field(default_factory=Faults)
    epochs: Epochs = field(default_factory=Epochs)
    """What the portal has of single dates."""
    area: GroundGrid | None = None
    """What is simulated; None: the volcano's window with a margin, at LiCSAR's pixel."""

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.frames:
            message = f"frames: there is none; {self.volcano.slug} is seen by {_names(self)}"
            raise BadInputError(message)
        window = self.window  # refuses an area without the volcano
        for number, frame in enumerate(self.frames, 1):
            self._check_frame(f"frames[{number}]", frame, window)
        for number, episode in enumerate(self.episodes, 1):
            self._check_episode(f"episodes[{number}]", episode)
        _check_overlap(self.episodes)

    @property
    def grid(self) -> GroundGrid:
        """Pixels that are simulated: the same for all frames, which so see the same ground."""
        if self.area is not None:
            return self.area
        side = WINDOW_SIZE + 2 * _MARGIN_PIXELS
        half = side // 2
        west = (round(self.volcano.longitude / PIXEL_DEGREES) - half) * PIXEL_DEGREES
        north = (round(self.volcano.latitude / PIXEL_DEGREES) + half) * PIXEL_DEGREES
        return GroundGrid(west - _WEST_FRACTION, north + _NORTH_FRACTION, PIXEL_DEGREES, side, side)

    @property
    def raster_grid(self) -> Grid:
        """The same as the grid of the files."""
        ground = self.grid
        step = ground.step_degrees
        return Grid(ground.west, ground.north, step, step, ground.width, ground.height)

    @property
    def window(self) -> Window:
        """The volcano's window on the grid."""
        return volcano_window(self.raster_grid, self.volcano.latitude, self.volcano.longitude)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Dates on which any frame was acquired, oldest first."""
        return tuple(sorted({day for frame in self.frames for day in frame.acquisitions}))

    def _check_frame(self, path: str, frame: ScenarioFrame, window: Window) -> None:
        """Pass a frame that sees the volcano, once, with pairs."""
        try:
            select_frames(self.volcano, [str(frame.id)])
        except BadInputError as error:
            message = f"{path}.id: {error}"
            raise BadInputError(message) from error
        if check_frame(self.volcano, frame.id) is FrameFit.MISSES:
            message = f"{path}.id: frame {frame.id} does not cover {self.volcano.slug}"
            raise BadInputError(message)
        if [other.id for other in self.frames].count(frame.id) > 1:
            message = f"{path}.id: frame {frame.id} stands there twice"
            raise BadInputError(message)
        if frame.heading_fault is not None:
            message = f"{path}.{frame.heading_fault}"
            raise BadInputError(message)
        if not self.pairs.pairs(frame.acquisitions):
            message = f"pairs: the rule makes none of the dates of {path} ({frame.id})"
            raise BadInputError(message)
        outline = frame.footprint
        if outline is not None:
            places = window.longitudes[None, ::10], window.latitudes[::10, None]
            if not np.any(inside(outline, *places)):
                message = (
                    f"{path}.footprint: it leaves out all of the window round {self.volcano.slug} "
                    f"({self.volcano.latitude} N, {self.volcano.longitude} E): corners are "
                    "[longitude, latitude]"
                )
                raise BadInputError(message)

    def _check_episode(self, path: str, episode: Episode) -> None:
        """Pass an episode near the volcano, within the dates."""
        source, volcano = episode.source, self.volcano
        far = max(
            abs((source.longitude - volcano.longitude + 180) % 360 - 180),
            abs(source.latitude - volcano.latitude),
        )
        if far > _FARTHEST_DEGREES:
            message = (
                f"{path}.source of '{episode.name}' lies at longitude {source.longitude}, latitude "
                f"{source.latitude}: more than {_FARTHEST_DEGREES:g} degree from {volcano.slug} "
                f"(longitude {volcano.longitude}, latitude {volcano.latitude})"
            )
            raise BadInputError(message)
        first, last = self.days[0], self.days[-1]
        start, stop = episode.course.start, episode.course.stop
        if stop <= first or start > last:
            message = (
                f"{path}.course of '{episode.name}', {start} to {stop}, lies outside of the "
                f"acquisitions, {first} to {last}: nobody would see it"
            )
            raise BadInputError(message)


def pairs_of_frame(scenario: Scenario, frame: ScenarioFrame) -> tuple[DatePair, ...]:
    """Return the pairs of a frame, in order of time, those that a fault takes away included."""
    return scenario.pairs.pairs(frame.acquisitions)


def _names(scenario: Scenario) -> str:
    return ", ".join(str(frame) for frame in scenario.volcano.frames)


def _check_overlap(episodes: tuple[Episode, ...]) -> None:
    """Refuse episodes of one name, the phases of one source, that are at work at the same time."""
    for (number, one), (other_number, other) in combinations(enumerate(episodes, 1), 2):
        first, second = one.course, other.course
        if one.name == other.name and first.start <= second.stop and second.start <= first.stop:
            message = (
                f"episodes[{number}] and episodes[{other_number}] are both called '{one.name}' and "
                f"overlap: {first.start} to {first.stop}, {second.start} to {second.stop}; give "
                "them other names or dates"
            )
            raise BadInputError(message)
