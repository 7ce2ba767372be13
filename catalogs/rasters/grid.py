"""The grid of a frame, and the volcano's window on it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from fringewatch.numbers import WINDOW_SIZE


@dataclass(frozen=True)
class Grid:
    """A north-up grid of geographic coordinates (EPSG:4326).

    ``west`` and ``north`` are the outer edges of the first pixel, whatever registration (area or
    point) the file was written with; steps are positive degrees per pixel.
    """

    west: float
    north: float
    step_x: float
    step_y: float
    width: int
    height: int

    @property
    def south(self) -> float:
        """Outer edge of the last row."""
        return self.north - self.step_y * self.height

    @property
    def east(self) -> float:
        """Outer edge of the last column."""
        return self.west + self.step_x * self.width

    def __str__(self) -> str:
        """Return size and corner as a person would say them."""
        return (
            f"{self.width} x {self.height} pixels of {self.step_x:.6f} x {self.step_y:.6f} degrees "
            f"from {self.west:.4f} E, {self.north:.4f} N"
        )


@dataclass(frozen=True)
class Window:
    """A square part of a grid; rows and columns may lie outside of it (no data there)."""

    grid: Grid
    row: int
    column: int
    size: int = WINDOW_SIZE

    @property
    def latitudes(self) -> NDArray[np.float64]:
        """Latitude of each row's pixel centres, north first; shape (size,), degrees."""
        rows = self.row + np.arange(self.size, dtype=np.float64) + 0.5
        return self.grid.north - self.grid.step_y * rows

    @property
    def longitudes(self) -> NDArray[np.float64]:
        """Longitude of each column's pixel centres; shape (size,), degrees.

        The middle lies between -180 and 180, however the grid counts; at the antimeridian the
        numbers run on beyond.
        """
        columns = self.column + np.arange(self.size, dtype=np.float64) + 0.5
        values = self.grid.west + self.grid.step_x * columns
        middle = float(values[self.size // 2])
        return values + (usual_longitude(middle) - middle)


def usual_longitude(degrees: float) -> float:
    """Return a longitude as it stands in tables: from -180 to below 180.

    >>> usual_longitude(181.25), usual_longitude(-91.5)
    (-178.75, -91.5)
    """
    return degrees - 360.0 * math.floor((degrees + 180.0) / 360.0)


def volcano_window(grid: Grid, latitude: float, longitude: float) -> Window:
    """Return the window of 500 x 500 pixels round a volcano, snapped to the frame's grid.

    Raises
    ------
    BadInputError
        If no pixel of the window lies inside the grid.
    """
    half = WINDOW_SIZE // 2
    # A frame across the antimeridian is written with longitudes beyond 180.
    offset = math.remainder(longitude - (grid.west + grid.east) / 2, 360.0)
    centre_column = grid.width / 2 + offset / grid.step_x
    row = round((grid.north - latitude) / grid.step_y) - half
    column = round(centre_column) - half
    outside = (
        row >= grid.height or column >= grid.width or row + WINDOW_SIZE <= 0
        or column + WINDOW_SIZE <= 0
    )  # fmt: skip
    if outside:
        message = (
            f"the window round {latitude:.3f} N, {longitude:.3f} E lies outside the frame's raster "
            f"({grid}): check the frame in catalogs/world/volcanoes.csv"
        )
        raise BadInputError(message)
    return Window(grid, row, column)
