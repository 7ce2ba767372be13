"""Rasters of a window as small pictures inside a page, and lines drawn over them.

A picture is PNG with a palette, as an address that holds its data. Lines are path data in pixels
of a window of 500 x 500, so that they fit a picture of any resolution.
"""

import base64
import io
from functools import cache
from typing import Final

import contourpy
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

_LEVELS: Final = 64
"""Of phase: a tenth of a radian, which is what the eye can tell apart."""
_SHADES: Final = 24
_DARKEST, _LIGHTEST = 105, 250
_SUN_AZIMUTH, _SUN_ELEVATION = 315.0, 40.0  # as maps have it: relief lit from below looks inverted
_METRES_PER_DEGREE: Final = 111_320.0
_SHORTEST_COAST_PIXELS: Final = 30.0
_SMOOTH_COAST_PIXELS: Final = 7


def phase_picture(phase_rad: NDArray[np.float32], step: int) -> str:
    """Return wrapped phase as a picture, transparent where there is no data.

    Parameters
    ----------
    phase_rad
        Shape (H, W), from -pi to pi, NaN = no data.
    step
        Of so many rows and columns one is shown: wrapped phase must not be averaged.
    """
    shown = phase_rad[::step, ::step]
    share = (np.nan_to_num(shown) + np.pi) / (2 * np.pi)
    level = np.clip((share * _LEVELS).astype(int), 0, _LEVELS - 1)
    codes = np.where(np.isfinite(shown), level, _LEVELS).astype(np.uint8)
    return _png(codes, _phase_colours(), transparent=_LEVELS)


def shade_picture(
    height_m: NDArray[np.float32], water: NDArray[np.bool_], degrees: tuple[float, float], step: int
) -> str:
    """Return heights as a hill shade, lit from the north-west; transparent on water and no data.

    Parameters
    ----------
    height_m
        Shape (H, W), metres, NaN = no data.
    water
        Where it is water, same shape.
    degrees
        Latitude of the window, and the size of its pixels.
    step
        Of so many rows and columns one is shown.
    """
    latitude, pixel = degrees
    north_m = pixel * _METRES_PER_DEGREE
    east_m = north_m * np.cos(np.radians(latitude))
    down, right = np.gradient(np.nan_to_num(height_m), north_m, east_m)
    slope = np.arctan(2.0 * np.hypot(down, right))  # gentle relief shows, too
    aspect = np.arctan2(-right, down)
    sun, elevation = np.radians(_SUN_AZIMUTH), np.radians(_SUN_ELEVATION)
    light = np.sin(elevation) * np.cos(slope) + np.cos(elevation) * np.sin(slope) * np.cos(
        sun - aspect
    )
    level = np.clip((np.clip(light, 0, 1) * _SHADES).astype(int), 0, _SHADES - 1)
    known = np.isfinite(height_m) & ~water
    codes = np.where(known, level, _SHADES).astype(np.uint8)[::step, ::step]
    greys = np.linspace(_DARKEST, _LIGHTEST, _SHADES).round().astype(int)
    colours = [int(grey) for grey in greys for _ in range(3)]
    return _png(codes, (*colours, 0, 0, 0), transparent=_SHADES)


def coast_lines(water: NDArray[np.bool_], *, is_rough: bool) -> str:
    """Return the border between land and water as path data; empty where there is none.

    Parameters
    ----------
    water
        Shape (H, W).
    is_rough
        Whether it was told by coherence: specks are then no lakes.
    """
    if not water.any() or water.all():
        return ""
    size = _SMOOTH_COAST_PIXELS if is_rough else 1
    smooth = ndimage.uniform_filter(water.astype(np.float32), size)
    shortest = _SHORTEST_COAST_PIXELS * (4 if is_rough else 1)
    return _lines(smooth, 0.5, shortest)


def outline(activation: NDArray[np.float32]) -> str:
    """Return the line round the pixels that reach half of the peak, as path data.

    Parameters
    ----------
    activation
        Shape (H, W), not negative, NaN = unknown.
    """
    known = np.nan_to_num(activation, nan=0.0)
    peak = float(known.max())
    return _lines(known, peak / 2, 0.0) if peak > 0 else ""


def _lines(values: NDArray[np.float32], level: float, shortest: float) -> str:
    """Contours as path data, in pixels; those shorter than so many pixels are left out."""
    # Every second pixel is enough for a line.
    found = contourpy.contour_generator(z=values[::2, ::2]).lines(level)
    said = []
    for line in found:
        points = np.asarray(line) * 2 + 0.5
        length = float(np.hypot(*np.diff(points, axis=0).T).sum())
        rounded = [tuple(point) for point in points.round().astype(int).tolist()]
        kept = [point for at, point in enumerate(rounded) if at == 0 or point != rounded[at - 1]]
        if length >= shortest and len(kept) > 1:
            said.append("M" + " ".join(f"{x} {y}" for x, y in kept))
    return "".join(said)


@cache
def _phase_colours() -> tuple[int, ...]:
    colours = mpl.colormaps["twilight"]((np.arange(_LEVELS) + 0.5) / _LEVELS)[:, :3]
    return (*(round(255 * value) for value in colours.ravel().tolist()), 0, 0, 0)


def colour_bar() -> tuple[str, ...]:
    """Return the colours of phase from -pi to pi, a few of them, as hexadecimal colours."""
    colours = mpl.colormaps["twilight"](np.linspace(0, 1, 17))[:, :3]
    return tuple("#" + bytes((one * 255).round().astype(np.uint8)).hex() for one in colours)


def _png(codes: NDArray[np.uint8], colours: tuple[int, ...], transparent: int) -> str:
    image = Image.fromarray(codes, mode="P")
    image.putpalette(list(colours))
    content = io.BytesIO()
    image.save(content, format="PNG", optimize=True, transparency=transparent)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
