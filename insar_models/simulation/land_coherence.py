"""How well the ground keeps its phase from date to date: plants, weather, snow, and time."""

import datetime as dt
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from insar_models.simulation.checked_numbers import Limits, check_number
from insar_models.simulation.stratified import season_phase

_SNOW_EDGE_M = 150.0  # of height, over which the snow's cover goes from none to whole
_SHARE = Limits(0.0, 1.0, "a share")
_DAYS = Limits(0.0, math.inf, "days", above_low=True)
_HEIGHT = Limits(-20_000.0, 20_000.0, "metres above sea level")
_WINTER_LIMITS = {
    "loss": _SHARE,
    "coldest_day": Limits(1, 366, "a day of the year"),
    "winter_line_m": _HEIGHT,
    "summer_line_m": _HEIGHT,
    "spread_m": Limits(0.0, 5_000.0, "metres"),
}


@dataclass(frozen=True)
class Winter:
    """Snow that comes and goes with the season, the higher the ground the longer."""

    loss: float = 0.0
    """Share of the coherence that a full cover takes from a pair; 0: it never snows."""
    coldest_day: int = 35
    """Day of the year; 35 is 4 February. About 217 in the south."""
    winter_line_m: float = -500.0
    """Height above which snow lies on the coldest day; below sea level: everywhere."""
    summer_line_m: float = 2_500.0
    """The same on the warmest day."""
    spread_m: float = 200.0
    """Standard deviation of the line from date to date."""

    def __post_init__(self) -> None:
        for key, limits in _WINTER_LIMITS.items():
            check_number("Winter", key, getattr(self, key), limits)

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
class LandCoherence:
    """Recipe of the coherence that the land has over the time between two dates."""

    grown: float = 0.35
    """On a good day, without lapse of time: where plants grow."""
    bare: float = 0.97
    """The same, on bare rock."""
    grown_days: float = 60.0
    """Time in which plants lose what they can lose to 1/e."""
    bare_days: float = 800.0
    """The same of bare rock."""
    lasting: float = 0.1
    """Share that no time takes, 0 to 1."""
    worst_day: float = 0.7
    """Factor of the worst day (rain, wind); a pair takes those of its two days."""
    winter: Winter = field(default_factory=Winter)

    def __post_init__(self) -> None:
        for key in ("grown", "bare", "lasting", "worst_day"):
            check_number("LandCoherence", key, getattr(self, key), _SHARE)
        for key in ("grown_days", "bare_days"):
            check_number("LandCoherence", key, getattr(self, key), _DAYS)

    def kept(self, bareness: NDArray[np.float32], days: int) -> NDArray[np.float32]:
        """Coherence of ground over so many days of good weather; shape of `bareness`."""
        fresh = np.float32(self.grown) + np.float32(self.bare - self.grown) * bareness
        # What is bare falls more slowly: rates, not times, are mixed.
        rate = (1 - bareness) / np.float32(self.grown_days) + bareness / np.float32(self.bare_days)
        left = np.exp(-np.float32(days) * rate)
        lasting = np.float32(self.lasting)
        coherence: NDArray[np.float32] = fresh * (lasting + (1 - lasting) * left)
        return coherence
