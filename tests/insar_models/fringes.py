"""Patches of wrapped phase with a known answer."""

import numpy as np
from numpy.typing import NDArray

from insar_models.phase.codes import wrap


def grid(side: int = 96) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of a square patch, counted from its middle."""
    axis = np.arange(side) - (side - 1) / 2
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    return rows, columns


def noise(seed: int = 0, side: int = 96) -> NDArray[np.float32]:
    """Phase without any coherence."""
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (side, side)).astype(np.float32)


def ramp(rad_per_pixel: float, side: int = 96) -> NDArray[np.float32]:
    """Fringes along the columns, as an orbit error makes them."""
    return wrap(rad_per_pixel * grid(side)[1])


def closed_fringes(
    peak_rad: float = 25.0,
    width: float = 12.0,
    middle: tuple[float, float] = (0.0, 0.0),
    side: int = 96,
) -> NDArray[np.float32]:
    """A bump of ground motion round `middle` (row, column from the patch's middle)."""
    rows, columns = grid(side)
    squared = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2
    return wrap(peak_rad * np.exp(-squared / (2 * width**2)))


def scene(seed: int, side: int = 96) -> NDArray[np.float32]:
    """A bump, a ramp, speckle and a hole of no data, all by chance."""
    chance = np.random.default_rng(seed)
    middle = chance.uniform(-side / 4, side / 4, 2)
    bump = closed_fringes(chance.uniform(5, 30), chance.uniform(8, 20), tuple(middle), side)
    rows, columns = grid(side)
    slope = chance.uniform(-0.1, 0.1) * rows + chance.uniform(-0.1, 0.1) * columns
    phase = wrap(bump + slope + 0.3 * chance.standard_normal((side, side)))
    first = chance.integers(0, side // 2, 2)
    phase[first[0] : first[0] + side // 4, first[1] : first[1] + side // 3] = np.nan
    return phase
