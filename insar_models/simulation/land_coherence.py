"""How well the ground keeps its phase from date to date: plants, weather, snow, and time."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import AboveZero, CheckedRecord, Limits, Share
from insar_models.simulation.stratified import season_phase

_SNOW_EDGE_M = 150.0  # of height, over which the snow's cover goes from none to whole
_HeightM = Annotated[float, Limits(-20_000.0, 20_000.0, "metres above sea level")]


@dataclass(frozen=True)
class Winter(CheckedRecord):
    """Snow that comes and goes with the season, the higher the ground the longer."""

    loss: Share = 0.0
    """Share of the coherence that a full cover takes from a pair; 0: it never snows."""
    coldest_day: Annotated[int, Limits(1, 366, "a day of the year")] = 35
    """Day of the year; 35 is 4 February. About 217 in the south."""
    winter_line_m: _HeightM = -500.0
    """Height above which snow lies on the coldest day; below sea level: everywhere."""
    summer_line_m: _HeightM = 2_500.0
    """The same on the warmest day."""
    spread_m: Annotated[float, Limits(0.0, 5_000.0, "metres")] = 200.0
    """Standard deviation of the line from date to date."""

    def snow(
        self, heights_m: NDArray[np.float32], day: dt.date, chance: float
    ) -> NDArray[np.float32]:
        """Cover on a day, 0 to 1; shape of `heights_m`. `chance`: a standard normal number."""
        share = (1 + season_phase(day, self.coldest_day)) / 2
        line_m = self.summer_line_m + share * (self.winter_line_m - self.summer_line_m)
        above_m = heights_m - np.float32(line_m + self.spread_m * chance)
        cover: NDArray[np.float32] = np.clip(above_m / np.float32(_SNOW_EDGE_M) + 0.5, 0, 1)
        return cover


@dataclass(frozen=True)
class LandCoherence(CheckedRecord):
    """Recipe of the coherence that the land has over the time between two dates."""

    grown: Share = 0.35
    """On a good day, without lapse of time: where plants grow."""
    bare: Share = 0.97
    """The same, on bare rock."""
    grown_days: AboveZero = 60.0
    """Time in which plants lose what they can lose to 1/e."""
    bare_days: AboveZero = 800.0
    """The same of bare rock."""
    lasting: Share = 0.1
    """Share that no time takes, 0 to 1."""
    worst_day: Share = 0.7
    """Factor of the worst day (rain, wind); a pair takes those of its two days."""
    winter: Winter = field(default_factory=Winter)

    def kept(self, bareness: NDArray[np.float32], days: int) -> NDArray[np.float32]:
        """Coherence of ground over so many days of good weather; shape of `bareness`."""
        fresh = np.float32(self.grown) + np.float32(self.bare - self.grown) * bareness
        # What is bare falls more slowly: rates, not times, are mixed.
        rate = (1 - bareness) / np.float32(self.grown_days) + bareness / np.float32(self.bare_days)
        left = np.exp(-np.float32(days) * rate)
        lasting = np.float32(self.lasting)
        coherence: NDArray[np.float32] = fresh * (lasting + (1 - lasting) * left)
        return coherence
