"""Windows on disk: an ordinary GeoTIFF where the window lies, which also says where it came from.

The provenance is JSON in the TIFF's ImageDescription, so that any tool shows it.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from catalogs.rasters.errors import read_errors
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.limits import refuse_absurd
from catalogs.rasters.opening import opened_raster
from catalogs.rasters.window_records import FetchedWindow, WindowProvenance, hash_values
from catalogs.rasters.writer import write_geotiff
from fringewatch.errors import BadInputError, CorruptProductError

_TAG: Final = "TIFFTAG_IMAGEDESCRIPTION"
_SAME_PLACE_DEGREES: Final = 1e-9


@dataclass(frozen=True)
class _Description:
    """What a window's file says of itself, beside its pixels."""

    row: int
    column: int
    grid: Grid
    provenance: WindowProvenance


_DESCRIPTIONS: Final = TypeAdapter(_Description)


def write_window(path: Path, fetched: FetchedWindow) -> None:
    """Write a window to `path`, which is there whole or not at all.

    Raises
    ------
    BadInputError
        If the values are not of the window's shape, of another type than float32 or uint8, or not
        those that the provenance was made for.
    HomeError
        If the disk is full or cannot be written.
    """
    window = fetched.window
    if hash_values(fetched.values) != fetched.provenance.sha256:
        message = f"{path.name}: the values are not the ones that were fetched"
        raise BadInputError(message)
    description = _Description(window.row, window.column, window.grid, fetched.provenance)
    text = _DESCRIPTIONS.dump_json(description, ensure_ascii=True).decode("ascii")
    write_geotiff(path, fetched.values, _own_grid(window), text)


def read_window_file(path: Path) -> FetchedWindow:
    """Return a window as it was given to `write_window`, to the last bit.

    Raises
    ------
    CorruptProductError
        If the file is not there, does not decode, is no window's file, or its values or its place
        differ from what its description says.
    """
    with (
        read_errors(path, "remove it, and fetch it again"),
        opened_raster(path) as raster,
    ):
        refuse_absurd((raster.width, raster.height), raster.block_shapes[0][::-1])
        text = raster.tags().get(_TAG, "")
        values = raster.read(1)
        transform = raster.transform
    description = _parse(path, text)
    fetched = _window_of(description, values)
    own = _own_grid(fetched.window)
    in_place = np.allclose(
        (own.west, own.north, own.step_x, own.step_y, own.width, own.height),
        (transform.c, transform.f, transform.a, -transform.e, *values.shape[::-1]),
        rtol=0.0,
        atol=_SAME_PLACE_DEGREES,
    )
    if not in_place or hash_values(values) != description.provenance.sha256:
        message = f"{path.name} is not what was written: remove it, and fetch it again"
        raise CorruptProductError(message)
    return fetched


def read_window_grid(path: Path) -> Grid:
    """Return the grid of the whole file that a window was cut from; its pixels are not looked at.

    Raises
    ------
    CorruptProductError
        If the file is not there, or is no window's file.
    """
    with (
        read_errors(path, "remove it, and fetch it again"),
        opened_raster(path) as raster,
    ):
        text = raster.tags().get(_TAG, "")
    return _parse(path, text).grid


def _parse(path: Path, text: str) -> _Description:
    try:
        return _DESCRIPTIONS.validate_json(text)
    except ValidationError as error:
        message = (
            f"{path.name} does not say where it came from ({error.error_count()} mistakes): it is "
            "no window's file, or damaged"
        )
        raise CorruptProductError(message) from error


def _window_of(description: _Description, values: NDArray[np.generic]) -> FetchedWindow:
    window = Window(description.grid, description.row, description.column, values.shape[0])
    return FetchedWindow(values, window, description.provenance)


def _own_grid(window: Window) -> Grid:
    """Return the grid of the window alone."""
    grid = window.grid
    return Grid(
        west=grid.west + window.column * grid.step_x,
        north=grid.north - window.row * grid.step_y,
        step_x=grid.step_x,
        step_y=grid.step_y,
        width=window.size,
        height=window.size,
    )
