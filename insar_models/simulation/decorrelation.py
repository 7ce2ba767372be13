"""Decorrelation: what coherence does to the phase, and how LiCSAR's rasters show it.

The numbers are set to what real LiCSAR frames show: over sea the coherence byte has its 5th, 50th
and 95th percentile near 3, 8 and 17 and the phase is white between radar cells; on land the
filtered phase scatters by some 0.2 rad at a coherence of 0.15 and by less than 0.1 rad above 0.3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fringewatch.numbers import COHERENCE_SCALE
from insar_models.simulation.geometry import GroundGrid, LineOfSight

_LOOKS = 80.0  # 20 in range times 4 in azimuth
_COHERENCE_BOX = 9  # pixels over which an estimate of coherence averages
_COHERENCE_SCATTER = 6.8 * COHERENCE_SCALE  # of each component where there is no coherence
_FILTER_KNEE = 0.1  # coherence at which the filter passes half smoothed, half as it came


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

    def spread(self, cells: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values of cells, shape (H, `count`), at the pixels, shape (H, W)."""
        return np.take_along_axis(cells, self.columns, axis=1)


def radar_cells(grid: GroundGrid, sight: LineOfSight) -> RadarCells:
    """Return the cells of LiCSAR's multilooking (20 looks in range, 4 in azimuth) on a grid."""
    width_m = 20 * 2.3296 / np.sin(np.radians(sight.incidence_degrees))
    east_m, north_m = grid.metres_from(grid.west, grid.north)
    # Cells line up along the flight direction.
    place_m = east_m - north_m * np.tan(np.radians(sight.heading_degrees))
    columns = np.floor((place_m - place_m.min()) / width_m).astype(np.intp)
    return RadarCells(columns, int(columns.max()) + 1, float(width_m), 4 * 13.9)


def fringe_rate_coherence(
    phase_rad: NDArray[np.floating], spacing_m: tuple[float, float], cells: RadarCells
) -> NDArray[np.float32]:
    """Coherence that is left when the phase turns within a cell, 0 to 1; same shape.

    The mean of a linear phase over a cell is a sinc of the turns it makes there: fringes near a
    shallow source drown because of that, long before they reach one turn.
    """
    left = np.ones(phase_rad.shape, dtype=np.float32)
    for axis, side_m in ((0, cells.height_m), (1, cells.width_m)):
        turns = np.gradient(phase_rad, axis=axis) * (side_m / spacing_m[axis] / (2 * np.pi))
        left *= np.where(np.abs(turns) < 1, np.sinc(turns), 0).astype(np.float32)
    return left


def noisy_phase(
    phase_rad: NDArray[np.floating],
    coherence: NDArray[np.float32],
    cells: RadarCells,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Wrapped phase with the noise of its coherence, lightly filtered; same shape, radians.

    Circular Gaussian noise is added to the multilooked phasor, so that the phase scatters by
    sqrt((1 - c^2) / (2 L c^2)) at high coherence c and L looks, and is uniform where c = 0.
    The filter then smooths where there is signal and leaves pure noise white, as Goldstein's does.
    """
    shape = (phase_rad.shape[0], cells.count, 2)
    parts = generator.standard_normal(shape, dtype=np.float32)
    noise = cells.spread(parts[..., 0] + 1j * parts[..., 1])
    scatter = np.sqrt((1 - coherence**2) / np.float32(2 * _LOOKS))
    phasor = coherence * np.exp(1j * phase_rad.astype(np.float32)) + scatter * noise
    weight = coherence**2 / (coherence**2 + np.float32(_FILTER_KNEE**2))
    filtered = phasor + weight * (_smoothed(phasor) - phasor)
    wrapped: NDArray[np.float32] = np.angle(filtered).astype(np.float32)
    return wrapped


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
    codes = np.clip(np.rint(estimate / COHERENCE_SCALE), 1, 255)
    estimates: NDArray[np.uint8] = codes.astype(np.uint8)
    return estimates


def _smoothed(phasor: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Phasor under a binomial kernel of 5 x 5 pixels; nothing comes from outside the array."""
    smooth = phasor
    for axis in (0, 1, 0, 1):
        rolled = np.moveaxis(smooth, axis, 0)
        total = 2 * rolled
        total[1:] += rolled[:-1]
        total[:-1] += rolled[1:]
        smooth = np.moveaxis(total / 4, 0, axis)
    return smooth


def _correlated_noise(
    shape: tuple[int, int], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Gaussian noise of variance 1, averaged over the coherence window."""
    rows, columns = (side + _COHERENCE_BOX for side in shape)
    noise = generator.standard_normal((rows, columns), dtype=np.float32).astype(np.float64)
    down = np.cumsum(noise, axis=0)
    across = np.cumsum(down[_COHERENCE_BOX:] - down[:-_COHERENCE_BOX], axis=1)
    sums = across[:, _COHERENCE_BOX:] - across[:, :-_COHERENCE_BOX]
    return (sums / _COHERENCE_BOX).astype(np.float32)
