"""Pictures of known phase, painted in each of the families."""

import numpy as np
from numpy.typing import NDArray

from insar_models.phase.codes import wrap
from insar_models.quicklook.hue_amplitude import hue_colours
from insar_models.quicklook.licsar_palette import palette_colours

_LEVEL_STEP = 255.0 / 7.0


def ramp(
    side: int = 64, offset: float = 0.0, row_rate: float = 0.15, column_rate: float = 0.1
) -> NDArray[np.float32]:
    """Wrapped phase (side, side) that grows by so many radians with each row and column."""
    rows, columns = np.mgrid[:side, :side]
    return wrap(offset + row_rate * rows + column_rate * columns)


def bullseye(side: int = 224, fringes: float = 4.0) -> NDArray[np.float32]:
    """Wrapped phase (side, side) of a round source."""
    rows, columns = np.mgrid[:side, :side] - side / 2.0
    return wrap(2.0 * np.pi * fringes * np.exp(-(rows**2 + columns**2) / (0.08 * side**2)))


def paint_grey(phase_rad: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Grey picture (H, W)."""
    levels = np.rint((phase_rad + np.pi) / (2.0 * np.pi) * 255.0)
    return np.asarray(levels, dtype=np.uint8)


def paint_palette(phase_rad: NDArray[np.floating], *, posterised: bool = True) -> NDArray[np.uint8]:
    """Palette picture (H, W, 3), rounded to eight levels as today's quicklooks are."""
    step = _LEVEL_STEP if posterised else 1.0
    return np.rint(np.rint(palette_colours(phase_rad) / step) * step).astype(np.uint8)


def paint_hue(phase_rad: NDArray[np.floating], amplitude: float = 200.0) -> NDArray[np.uint8]:
    """Hue picture (H, W, 3) whose brightness varies about `amplitude` by a quarter."""
    texture = np.random.default_rng(5).uniform(0.75, 1.25, (*phase_rad.shape, 1))
    return np.rint(amplitude * texture * hue_colours(phase_rad)).astype(np.uint8)


def phase_error(found: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float64]:
    """Absolute difference modulo 2 pi, radians; NaN where `found` is NaN."""
    return np.abs(np.angle(np.exp(1j * (found.astype(np.float64) - truth))))
