"""GeoTIFFs of interferograms: checked whole, read by window.

LiCSAR's containers differ within one frame (strips or tiles, deflate or none, Area or Point,
nodata tag or none); GDAL reads them all, and brings Area and Point registration to the same grid.
No data is exact 0 or non-finite, and what the file's own tag names besides.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow

from catalogs.rasters.errors import name_of, read_errors
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.grids import RasterPlace, place_of
from catalogs.rasters.lattice import find_window, is_inside
from catalogs.rasters.opening import opened_raster
from catalogs.rasters.ranges import NumbersSeen
from catalogs.rasters.values import RasterMeaning
from catalogs.rasters.warp import warp_window
from catalogs.records import FrameRaster, Product
from fringewatch.errors import CorruptProductError, GridMismatchError

logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # we raise what GDAL would print

# Every block is read once: GDAL's cache, by default a twentieth of the machine's memory, is of no
# use here. The number is in MB.
os.environ.setdefault("GDAL_CACHEMAX", "16")

Raster = Product | FrameRaster

_MOST_ROWS: Final = 256
_PIXELS_AT_ONCE: Final = 1 << 22  # 16 MB of float32


@dataclass(frozen=True, eq=False)
class ProductWindow:
    """A window of a product on the lattice that it was asked on."""

    values: NDArray[Any]
    """Shape (size, size): float32 radians or uint8 coherence, 0 outside the raster."""
    seen: NumbersSeen
    """The range of the file's numbers there, before any resampling."""
    resampled_from: str = ""
    """The file's own grid in words, where the values were resampled; else empty."""


def check_raster(path: Path, product: Raster) -> Grid:
    """Return the grid of a product after decoding every block of its file.

    A file of another step or coordinate system has the grid of the lattice that covers it.

    Raises
    ------
    CorruptProductError
        If the file does not open, does not decode to its end, is no single-band north-up raster
        with coordinates, is absurdly large, holds numbers that cannot be the product's, or no data
        at all.
    """
    with _opened(path) as raster:
        place = place_of(raster)
        meaning = RasterMeaning.of(raster, product)
        seen = NumbersSeen(product, meaning.is_said)
        # Every block is decoded, even after the first that holds data.
        for rows in _bands_of_rows(raster):
            values = meaning.read(raster.read(1, window=rows))
            seen += NumbersSeen.among(product, values, said=meaning.is_said)
        if not seen.pixels:
            message = "it holds no data: every pixel is 0"
            raise CorruptProductError(message)
        _refuse_faulty(seen)
    return place.grid


def read_place(path: Path, product: Raster, opener: object = None) -> RasterPlace:
    """Return where a product lies from the header of its file; raises as `check_raster`.

    Through an opener of rasterio where one is given, as `read_chosen_window`.
    """
    with _opened(path, opener) as raster:
        place = place_of(raster)
        return replace(place, numbers_said=RasterMeaning.of(raster, product).is_said)


def read_window(path: Path, product: Raster, window: Window) -> NDArray[np.generic]:
    """Return a window of a product; pixels outside the raster are 0.

    Shape (size, size), float32 radians or uint8 coherence. The window's rows and columns are used
    as they are: the caller has made sure that its grid is the file's.

    Raises
    ------
    CorruptProductError
        If the file does not decode, or holds numbers there that cannot be the product's.
    """
    with _opened(path) as raster:
        meaning = RasterMeaning.of(raster, product)
        values = _values_inside(raster, meaning, window)
        _refuse_faulty(NumbersSeen.among(product, values, said=meaning.is_said))
        return values


@dataclass(frozen=True, eq=False)
class ChosenWindow:
    """A window that was chosen by what the file's header says."""

    values: NDArray[np.generic]
    """As `read_window` gives them."""
    window: Window
    place: RasterPlace
    is_unwritten: bool
    """Whether, by the file's header, no block was ever written where the window lies."""


def read_chosen_window(
    path: Path, product: Raster, choose: Callable[[RasterPlace], Window], opener: object
) -> ChosenWindow:
    """Return a window of a product that is read through an opener of rasterio.

    Parameters
    ----------
    path
        The file's name, below a folder that no other read has at the same time.
    product
        What it holds.
    choose
        Gets the place of the raster before any pixel is read, and returns the window on its grid;
        it may refuse by raising an error of its own.
    opener
        As `rasterio.open` takes it; no other file is asked of it.

    Raises
    ------
    CorruptProductError
        As `read_window`.
    """
    with _opened(path, opener) as raster:
        meaning = RasterMeaning.of(raster, product)
        place = replace(place_of(raster), numbers_said=meaning.is_said)
        window = choose(place)
        values = _values_inside(raster, meaning, window)
        _refuse_faulty(NumbersSeen.among(product, values, said=meaning.is_said))
        return ChosenWindow(values, window, place, not values.any() and _is_unwritten(raster))


def _is_unwritten(raster: Any) -> bool:
    """Whether the first block of a raster has no place in its file, as GDAL understands it."""
    return raster.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1) is None


def read_on_lattice(path: Path, product: Raster, window: Window) -> ProductWindow:
    """Return the ground of a window from a file on whatever grid.

    Cut by its coordinates where the file has the window's step, else resampled.

    Raises
    ------
    GridMismatchError
        If no pixel of the raster lies in the window.
    CorruptProductError
        As `check_raster`, from what is read.
    """
    with _opened(path) as raster:
        place = place_of(raster)
        meaning = RasterMeaning.of(raster, product)
        found = None if place.resampled_from else find_window(window, place.grid)
        if found is not None and not is_inside(found):
            raise GridMismatchError(describe_far_off(product, place.grid, window))
        if found is not None:
            values = _values_inside(raster, meaning, found)
            source, words = values, ""
        else:
            values, source = warp_window(raster, meaning, window)
            words = place.resampled_from or str(place.grid)
            if not source.size:
                raise GridMismatchError(describe_far_off(product, place.grid, window))
        seen = NumbersSeen.among(product, source, said=meaning.is_said)
        _refuse_faulty(seen)
        return ProductWindow(values, seen, words)


def describe_far_off(product: Raster, grid: Grid, window: Window) -> str:
    """Say that a raster does not reach the volcano's window."""
    middle = window.size // 2
    return (
        f"{product.value} does not reach the volcano's window round "
        f"{window.latitudes[middle]:.3f} N, {window.longitudes[middle]:.3f} E ({grid}): it is left "
        "out"
    )


def _values_inside(
    raster: rasterio.DatasetReader, meaning: RasterMeaning, window: Window
) -> NDArray[np.generic]:
    """Values of a window; 0 where it reaches beyond the raster."""
    rows = range(max(window.row, 0), min(window.row + window.size, raster.height))
    columns = range(max(window.column, 0), min(window.column + window.size, raster.width))
    values = np.zeros((window.size, window.size), dtype=meaning.kind)
    if rows and columns:
        inside = RasterWindow(columns.start, rows.start, len(columns), len(rows))
        top, left = rows.start - window.row, columns.start - window.column
        part = values[top : top + len(rows), left : left + len(columns)]
        part[...] = meaning.read(raster.read(1, window=inside))
    return values


@contextmanager
def _opened(path: Path, opener: object = None) -> Iterator[rasterio.DatasetReader]:
    """Give an open GeoTIFF; what is wrong with it is said with its name."""
    try:
        with read_errors(path), opened_raster(path, opener) as raster:
            yield raster
    except CorruptProductError as error:
        name = name_of(path)
        if str(error).startswith(name):
            raise
        message = f"{name}: {error}"
        raise CorruptProductError(message) from error


def _refuse_faulty(seen: NumbersSeen) -> None:
    fault = seen.fault()
    if fault is not None:
        raise CorruptProductError(fault)


def _bands_of_rows(raster: rasterio.DatasetReader) -> list[RasterWindow]:
    rows = min(max(_PIXELS_AT_ONCE // raster.width, 1), _MOST_ROWS)
    return [
        RasterWindow(0, row, raster.width, min(rows, raster.height - row))
        for row in range(0, raster.height, rows)
    ]
