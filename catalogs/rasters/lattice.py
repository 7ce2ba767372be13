"""The lattice of a frame: where pixels lie, whatever part of it a file covers.

Two rasters of one step lie on one lattice even where one is a row taller or begins elsewhere: a
window is found in each by its coordinates. Rasters of another step, or in another coordinate
system, are brought to the lattice by resampling.
"""

import math
from typing import Final

from catalogs.rasters.grid import Grid, Window
from fringewatch.numbers import PIXEL_DEGREES, WINDOW_SIZE

_MOST_DRIFT_PIXELS: Final = 0.25
"""Two steps are the same if over a window they differ by less than this."""


def has_lattice_step(grid: Grid) -> bool:
    """Whether the grid's pixels are as large as those of every cube: they need no resampling."""
    return all(
        abs(step / PIXEL_DEGREES - 1) * WINDOW_SIZE < _MOST_DRIFT_PIXELS
        for step in (grid.step_x, grid.step_y)
    )


def place_window(grid: Grid, latitude: float, longitude: float) -> Window:
    """Return the window of 500 x 500 pixels round a volcano on the lattice that `grid` is part of.

    As `volcano_window`, which refuses a window that lies outside the grid; this one does not.
    """
    half = WINDOW_SIZE // 2
    # A frame across the antimeridian is written with longitudes beyond 180.
    offset = math.remainder(longitude - (grid.west + grid.east) / 2, 360.0)
    row = round((grid.north - latitude) / grid.step_y) - half
    column = round(grid.width / 2 + offset / grid.step_x) - half
    return Window(grid, row, column)


def find_window(window: Window, grid: Grid) -> Window | None:
    """Return the window of `grid` that covers the same ground as `window` does on its own grid.

    Each of its pixels lies within half a pixel of the one that it stands for. None if the grids'
    steps differ, so that this cannot be. It may lie outside `grid`, in part or as a whole.

    Examples
    --------
    >>> frame = Grid(14.0, 38.0, 0.001, 0.001, 3000, 2000)
    >>> taller = Grid(14.0, 38.001, 0.001, 0.001, 3000, 2001)
    >>> found = find_window(Window(frame, 700, 900), taller)
    >>> found and (found.row, found.column)
    (701, 900)
    """
    own = window.grid
    drift = max(abs(own.step_x / grid.step_x - 1), abs(own.step_y / grid.step_y - 1))
    if drift * window.size >= _MOST_DRIFT_PIXELS:
        return None
    half = window.size / 2
    # By the window's middle, so that the steps' last digits do not count.
    north = own.north - own.step_y * (window.row + half)
    east = own.west + own.step_x * (window.column + half)
    offset = math.remainder(east - (grid.west + grid.east) / 2, 360.0)
    row = round((grid.north - north) / grid.step_y - half)
    column = round(grid.width / 2 + offset / grid.step_x - half)
    return Window(grid, row, column, window.size)


def is_inside(window: Window) -> bool:
    """Whether any pixel of the window lies inside its grid."""
    return (
        -window.size < window.row < window.grid.height
        and -window.size < window.column < window.grid.width
    )


def lattice_distance_pixels(one: Grid, other: Grid) -> float:
    """Return how far apart the pixels of two grids lie: at most half a pixel.

    Infinite if their steps differ. The whole pixels by which one begins elsewhere do not count.
    """
    drift = max(abs(one.step_x / other.step_x - 1), abs(one.step_y / other.step_y - 1))
    if drift * WINDOW_SIZE >= _MOST_DRIFT_PIXELS:
        return math.inf
    return max(
        abs(math.remainder((one.west - other.west) / one.step_x, 1.0)),
        abs(math.remainder((one.north - other.north) / one.step_y, 1.0)),
    )


def lattice_grid(west: float, south: float, east: float, north: float) -> Grid:
    """Return the grid of LiCSAR's step that covers an area from its north-west corner on."""
    width = max(math.ceil((east - west) / PIXEL_DEGREES - 1e-6), 1)
    height = max(math.ceil((north - south) / PIXEL_DEGREES - 1e-6), 1)
    return Grid(west, north, PIXEL_DEGREES, PIXEL_DEGREES, width, height)


def snapped_grid(west: float, south: float, east: float, north: float) -> Grid:
    """Return the grid of LiCSAR's step that covers an area, at whole thousandths of a degree.

    All files of an area get pixels at the same places, whatever their own corners are.
    """
    steps = round(1 / PIXEL_DEGREES)
    return lattice_grid(
        math.floor(west * steps) / steps,
        math.floor(south * steps) / steps,
        math.ceil(east * steps) / steps,
        math.ceil(north * steps) / steps,
    )
