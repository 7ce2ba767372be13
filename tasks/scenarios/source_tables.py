"""What the tables of a scenario may hold where one of several records can stand."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from typing_extensions import override

from insar_models.simulation.sources import Mogi, Rectangle, Source, dyke, sill
from insar_models.simulation.terrain import GivenTerrain, Terrain
from insar_models.simulation.time_courses import (
    Eruption,
    ExponentialInflation,
    Ramp,
    Step,
    TimeCourse,
)


class SourceTable(ABC):
    """A way to write a source down that differs from the source's own record."""

    @abstractmethod
    def source(self) -> Source:
        """Return the source that is meant."""


@dataclass(frozen=True)
class DykeTable(SourceTable):
    """A sheet that stands between two depths and opens."""

    longitude: float
    latitude: float
    top_m: float
    bottom_m: float
    strike_degrees: float
    length_m: float
    opening_m: float
    dip_degrees: float = 90.0

    @override
    def source(self) -> Source:
        place, depths_m = (self.longitude, self.latitude), (self.top_m, self.bottom_m)
        return dyke(
            place, depths_m, self.strike_degrees, self.length_m, self.opening_m, self.dip_degrees
        )


@dataclass(frozen=True)
class SillTable(SourceTable):
    """A sheet that lies flat, or nearly so, and opens; longitude and latitude of its middle."""

    longitude: float
    latitude: float
    depth_m: float
    length_m: float
    width_m: float
    opening_m: float
    strike_degrees: float = 0.0
    dip_degrees: float = 0.0

    @override
    def source(self) -> Source:
        place, size_m = (self.longitude, self.latitude), (self.length_m, self.width_m)
        return sill(
            place, self.depth_m, size_m, self.opening_m, self.strike_degrees, self.dip_degrees
        )


CHOICES: Final[Mapping[object, Mapping[str, type]]] = MappingProxyType(
    {
        Source: {"mogi": Mogi, "dyke": DykeTable, "sill": SillTable, "rectangle": Rectangle},
        TimeCourse: {
            "step": Step,
            "ramp": Ramp,
            "exponential": ExponentialInflation,
            "eruption": Eruption,
        },
        Terrain | GivenTerrain: {"terrain": Terrain},
    }
)
"""By the type of a field, the records that it can be, by the word for each in the key ``type``."""
