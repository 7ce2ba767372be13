"""The weather over a scene: what each acquisition adds to the path of the radar signal."""

from dataclasses import dataclass, field

from insar_models.simulation.atmosphere import Turbulence
from insar_models.simulation.ramps import OrbitError
from insar_models.simulation.stratified import Stratification


@dataclass(frozen=True)
class Weather:
    """Recipe of everything that changes the path at one date without moving the ground."""

    turbulence: Turbulence = field(default_factory=Turbulence)
    stratification: Stratification = field(default_factory=Stratification)
    orbit: OrbitError = field(default_factory=OrbitError)
