"""Decorrelation: what coherence does to the phase, and how LiCSAR's rasters show it.

The numbers are set to what real LiCSAR frames show: over sea the coherence byte has its 5th, 50th
and 95th percentile near 3, 8 and 17 and the phase is white between radar cells.
"""

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from fringewatch.numbers import COHERENCE_SCALE
from insar_models.simulation.geometry import GroundGrid, LineOfSight

_LOOKS = 80.0  # 20 in range times 4 in azimuth
_COHERENCE_BOX = 9  # pixels over which an estimate of coherence averages
_COHERENCE_SCATTER = 6.8 * COHERENCE_SCALE  # of each component where there is no coherence


@dataclass(frozen=True)
class RadarCells:
    """Which radar cell each pixel shows: geocoding takes the nearest, so neighbours may share one.

    At 64 degrees north a pixel is narrower than a cell, and a third of all horizontal neighbours
    in real products carry exactly the same value over the sea.
    """

    columns: NDArray[np.intp]
    """Shape (H, W); column of the cell in a raster of shape (H, `count`)."""
    count: int
    width_m: float
    height_m: float
    are_shared: bool
    """Whether any two pixels show the same cell."""


def radar_cells(grid: GroundGrid, sight: LineOfSight) -> RadarCells:
    """Return the cells of LiCSAR's multilooking (20 looks in range, 4 in azimuth) on a grid."""
    width_m = 20 * 2.3296 / np.sin(np.radians(sight.incidence_degrees))
    east_m, north_m = grid.metres_from(grid.west, grid.north)
    # Cells line up along the flight direction.
    place_m = east_m - north_m * np.tan(np.radians(sight.heading_degrees))
    columns = np.floor((place_m - place_m.min()) / width_m).astype(np.intp)
    shared = bool((np.diff(columns, axis=1) == 0).any())
    return RadarCells(columns, int(columns.max()) + 1, float(width_m), 4 * 13.9, shared)


def white_noise(cells: RadarCells, generator: np.random.Generator) -> NDArray[np.complex64]:
    """Circular Gaussian noise of radar cells as the pixels show it; complex64, shape (H, W).

    Real and imaginary part have the variance 1.
    """
    rows, columns = cells.columns.shape
    # Pixels wider than a cell never share one: no need to draw for the cells between them.
    width = cells.count if cells.are_shared else columns
    parts = generator.standard_normal((rows, 2 * width), dtype=np.float32)
    noise: NDArray[np.complex64] = parts.view(np.complex64)
    return np.take_along_axis(noise, cells.columns, axis=1) if cells.are_shared else noise


def fringe_rate_coherence(
    phase_rad: NDArray[np.floating], spacing_m: tuple[float, float], cells: RadarCells
) -> NDArray[np.float32]:
    """Coherence that is left when the phase turns within a cell, 0 to 1; float32, same shape.

    The mean of a linear phase over a cell is a sinc of the turns it makes there: fringes near a
    shallow source drown because of that, long before they reach one turn.
    """
    left = np.ones(phase_rad.shape, dtype=np.float32)
    for axis, side_m in ((0, cells.height_m), (1, cells.width_m)):
        half_turns = np.gradient(phase_rad.astype(np.float32), axis=axis)
        half_turns *= np.float32(side_m / spacing_m[axis] / 2)
        np.abs(half_turns, out=half_turns)
        np.clip(half_turns, np.float32(1e-4), np.float32(np.pi), out=half_turns)
        left *= np.abs(np.sin(half_turns)) / half_turns  # rounding must not make it negative
    return left


@dataclass(frozen=True, eq=False)
class PairNoise:
    """Circular noise of two dates and of their pair; complex64, shape (H, W)."""

    primary: NDArray[np.complex64]
    secondary: NDArray[np.complex64]
    pair: NDArray[np.complex64]


def noisy_phasor(
    phase_rad: NDArray[np.float32], coherence: NDArray[np.float32], noise: PairNoise
) -> NDArray[np.complex64]:
    """Multilooked phasor with the noise of its coherence; complex64, same shape.

    The phase scatters by sqrt((1 - c^2) / (2 L c^2)) at high coherence c and L looks, and is
    uniform where c = 0. Pairs that share a date share part of their noise: the phases of two pairs
    of three dates of equal coherence are correlated by c / (1 + c), as those of Gaussian scatterers
    are (Agram and Simons 2015, J. Geophys. Res. Solid Earth 120), so that the noise of
    a loop nearly cancels where the coherence is high.
    """
    turn = np.empty(phase_rad.shape, dtype=np.complex64)
    np.cos(phase_rad, out=turn.real)
    np.sin(phase_rad, out=turn.imag)
    scatter = np.sqrt((1 - coherence**2) / np.float32(2 * _LOOKS))
    shared = coherence / (1 + coherence)
    phasor = noise.secondary - noise.primary
    phasor *= scatter * np.sqrt(shared)
    phasor += coherence
    phasor *= turn
    phasor += (scatter * np.sqrt(1 - 2 * shared)) * noise.pair
    return phasor


def estimated_coherence(
    coherence: NDArray[np.float32], generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Coherence bytes as an estimator sees them, 1 to 255; same shape.

    The estimate is biased upwards where there is no coherence, as a magnitude is (Touzi et al.
    1999, IEEE Trans. Geosci. Remote Sens. 37), and correlated over its window.
    """
    scatter = np.float32(_COHERENCE_SCATTER) * (1 - coherence**2)
    real, imaginary = (_correlated_noise(coherence.shape, generator) for _ in range(2))
    estimate = np.hypot(coherence + scatter * real, scatter * imaginary)
    estimate *= np.float32(1 / COHERENCE_SCALE)
    np.clip(np.rint(estimate, out=estimate), 1, 255, out=estimate)
    estimates: NDArray[np.uint8] = estimate.astype(np.uint8)
    return estimates


def _correlated_noise(
    shape: tuple[int, ...], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Gaussian noise of variance 1, averaged over the coherence window."""
    noise = generator.standard_normal(shape, dtype=np.float32)
    for axis in (0, 1):
        # Wrapped round, so that edges vary as much as the middle does.
        scipy.ndimage.uniform_filter1d(noise, _COHERENCE_BOX, axis=axis, mode="wrap", output=noise)
    noise *= np.float32(_COHERENCE_BOX)
    return noise
