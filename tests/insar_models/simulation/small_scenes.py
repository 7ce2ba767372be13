"""Small scenes for tests: coarse pixels, everything switched on or everything switched off."""

import datetime as dt

from insar_models.simulation import Episode, Ground, Scene, Weather
from insar_models.simulation.atmosphere import Turbulence
from insar_models.simulation.geometry import GroundGrid, LineOfSight
from insar_models.simulation.ramps import OrbitError
from insar_models.simulation.sources import Mogi
from insar_models.simulation.stratified import Stratification
from insar_models.simulation.terrain import Cone, Terrain
from insar_models.simulation.time_courses import Ramp

GRID = GroundGrid(west=-91.7, north=-0.2, step_degrees=0.003, width=120, height=110)
SIGHT = LineOfSight(-12.0, 39.0)
START = dt.date(2024, 1, 6)

STILL = Weather(
    Turbulence(typical_m=0.0),
    Stratification(spread_m_per_km=0.0, season_m_per_km=0.0),
    OrbitError(fringes_per_100_km=0.0, offset_fringes=0.0),
)
"""No atmosphere at all, and perfect orbits."""

UNREST = Episode(
    "unrest", Mogi(-91.52, -0.36, 4_000.0, 2e7), Ramp(dt.date(2024, 1, 20), dt.date(2024, 2, 20))
)

MOUNTAIN = Ground(
    sea_level_m=0.0,
    terrain=Terrain(
        base_m=100.0, roughness_m=150.0, cones=(Cone(-91.52, -0.36, 1_200.0, 12_000.0),)
    ),
)

LIVELY = Scene(GRID, SIGHT, (UNREST,), MOUNTAIN, seed=5, track="106A")
"""A volcano at the sea that inflates under a moist sky."""

DEAD = Scene(GRID, SIGHT, weather=STILL)
"""Flat land where nothing moves and nothing is in the air."""


def days_after(*days: int) -> tuple[dt.date, ...]:
    """Dates so many days after START."""
    return tuple(START + dt.timedelta(number) for number in days)
