"""Windows of wrapped phase over relief, with air and sources whose size is known."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from insar_models.phase.codes import encode_phase
from insar_models.simulation.geometry import GroundGrid
from insar_models.simulation.random_fields import power_law_field

SIDE = 500
GRID = GroundGrid(130.0, 32.0, 0.001, SIDE, SIDE)
COHERENT = np.full((SIDE, SIDE), 200, dtype=np.uint8)
SUMMIT = (250, 250)


@cache
def hills() -> NDArray[np.float32]:
    """Hills of 300 m (standard deviation), a volcano of 1,500 m in the middle; read-only."""
    generator = np.random.default_rng(1_000)  # of no seed of `window`: else its air would be this
    heights = 1_200 + 300 * power_law_field(3.0, GRID.shape, GRID.spacing_m, generator)
    heights += 1_500 * np.exp(-_distance(*SUMMIT) / 60.0)
    found = np.maximum(heights, 5.0).astype(np.float32)
    found.flags.writeable = False
    return found


def source_rad(peak_rad: float, radius: float = 35.0) -> NDArray[np.float64]:
    """Phase of a point source under the summit, as Mogi's: `radius` is its depth in pixels."""
    return peak_rad * (1 + (_distance(*SUMMIT) / radius) ** 2) ** -1.5


@dataclass(frozen=True)
class Window:
    """A pair that was made, and what went into it."""

    phase: NDArray[np.uint8]
    coherence: NDArray[np.uint8]
    heights_m: NDArray[np.float32]


def window(
    air_rad_per_km: float = 0.0,
    *,
    extra_rad: NDArray[np.floating] | float = 0.0,
    noise_rad: float = 0.5,
    turbulence_rad: float = 1.0,
    seed: int = 0,
) -> Window:
    """A pair over `hills`, with turbulent air and noise."""
    generator = np.random.default_rng(seed)
    phase = air_rad_per_km * hills() / 1_000 + extra_rad
    phase = phase + turbulence_rad * power_law_field(2.7, GRID.shape, GRID.spacing_m, generator)
    phase = phase + noise_rad * generator.standard_normal(GRID.shape)
    return Window(encode_phase(phase), COHERENT, hills())


def _distance(row: int, column: int) -> NDArray[np.float64]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance: NDArray[np.float64] = np.hypot(rows - row, columns - column)
    return distance
