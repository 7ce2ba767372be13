"""Frame layers: put rasters of a frame's metadata into the cube, once, beside its pairs."""

import datetime as dt
import logging
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.cubes.layers import hash_of, read_layer, write_layer
from catalogs.cubes.reading import cube_is_there, read_cube
from catalogs.home.home import Home, home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import LayerRow
from catalogs.portal.answers import CutAnswerError
from catalogs.portal.client import Portal
from catalogs.portal.window_errors import WholeFileNeededError
from catalogs.portal.window_fetch import fetch_window
from catalogs.rasters.grid import Grid, Window, volcano_window
from catalogs.rasters.reading import check_raster, read_place, read_window
from catalogs.records import FrameId, FrameRaster, RemoteFrameFile
from catalogs.settings import Settings
from fringewatch.errors import (
    CorruptProductError,
    GridMismatchError,
    MissingProductError,
    SourceUnavailableError,
    StoreError,
)
from tasks.ingest.discover import open_portal
from tasks.records import FrameRequest

_LOGGER = logging.getLogger(__name__)

_LOWEST_M: Final = -500.0
_HIGHEST_M: Final = 9_000.0
"""Of ground: what lies beyond is a mark for no data, such as -32768."""

_STEP_TOLERANCE_DEGREES: Final = 1e-6  # of files of one frame: their numbers are noisy
_WITHOUT: Final = {
    FrameRaster.HEIGHT: "air that follows the relief stays in the phase",
    FrameRaster.LANDMASK: "water is what is coherent in none of the cube's pairs",
}


def wanted_layers(settings: Settings) -> tuple[FrameRaster, ...]:
    """Return what every cube is to hold, as the settings need it."""
    heights = (FrameRaster.HEIGHT,) if "heights" in settings.air else ()
    return (FrameRaster.LANDMASK, *heights)


def bring_layers(
    request: FrameRequest, settings: Settings, wanted: Sequence[FrameRaster] | None = None
) -> tuple[str, ...]:
    """Put the wanted rasters into the volcano's cube; return a note on each that was not had.

    Only the volcano's window travels where that is possible. What is in the cube is not asked for
    again, unless it does not decode any more, and what no source has, after a pause: its absence is
    no fault, and the watch goes on without it. Without `wanted` it is `wanted_layers`. Before there
    is a cube nothing is done.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written, or the storage gives no answer.
    StoreError
        If the cube is damaged.
    """
    home, volcano, frame = home_of(settings), request.volcano.slug, request.frame
    place = home.cube(volcano, frame)
    if not cube_is_there(place):
        return ()
    cube = read_cube(place, with_dask=False)
    now = dt.datetime.now(dt.UTC)
    notes = []
    with open_ledger(home.ledger) as ledger:
        grid, known = ledger.grid(frame), ledger.layers(volcano, frame)
        if grid is None:
            return ()
        window = volcano_window(grid, request.volcano.latitude, request.volcano.longitude)
        for raster in wanted_layers(settings) if wanted is None else wanted:
            before = known.get(raster)
            waits = before and before.next_attempt and before.next_attempt > now
            if waits or _is_current(_held(cube, raster), before):
                continue
            with open_portal(settings, ledger) as portal:
                row, values = _bring(portal, home, frame, raster, window)
            if values is not None:
                write_layer(place, raster, values)
            else:
                notes.append(_note(frame, row))
            ledger.record_layer(volcano, frame, row)
    return tuple(notes)


def _note(frame: FrameId, row: LayerRow) -> str:
    without = _WITHOUT.get(row.raster)
    return f"{frame}: no {row.raster.value} ({row.reason})" + (f"; {without}" if without else "")


def _held(cube: xr.Dataset, raster: FrameRaster) -> NDArray[np.float32] | None:
    try:
        return read_layer(cube, raster)
    except StoreError as error:
        _LOGGER.warning("%s: it is brought again", error)
        return None


def _is_current(values: NDArray[np.float32] | None, row: LayerRow | None) -> bool:
    """Whether the cube holds what the ledger remembers: a cube may have been made anew."""
    return values is not None and row is not None and row.sha256 == hash_of(values)


def _bring(
    portal: Portal, home: Home, frame: FrameId, raster: FrameRaster, window: Window
) -> tuple[LayerRow, NDArray[np.float32] | None]:
    """Return what became of a raster, and its values on the cube's window if they came."""
    reasons, answered = [], True
    try:
        for remote in portal.frame_files(frame, raster):
            try:
                values = _checked(remote, read_on_window(portal, home, remote, window))
            except MissingProductError:
                continue
            except (CorruptProductError, GridMismatchError) as error:
                _LOGGER.warning("%s: %s", frame, error)
                reasons.append(str(error))
            else:
                return LayerRow(raster, remote.url, hash_of(values)), values
    except SourceUnavailableError as error:
        reasons, answered = [*reasons, str(error)], False
    reason = "; ".join(reasons) or "no source has it"
    return LayerRow(raster, reason=reason, answered=answered), None


def read_on_window(
    portal: Portal, home: Home, remote: RemoteFrameFile, window: Window
) -> NDArray[np.float32]:
    """Return a raster's values on a cube's window, float32, NaN outside of the raster.

    Only the window's bytes travel where that is possible.

    Raises
    ------
    MissingProductError, CorruptProductError, GridMismatchError, SourceUnavailableError
        If it is not there, damaged, on another grid, or gives no answer.
    """
    try:
        fetched = fetch_window(portal.session, remote, partial(_same_ground, remote, window))
        return _values(fetched.values, fetched.window)
    except (WholeFileNeededError, CutAnswerError) as error:
        _LOGGER.debug("%s comes whole: %s", remote.url, error)
    whole = home.granules(remote.frame) / remote.file_name
    try:
        portal.fetch(remote, whole, partial(_check, remote))
        place = read_place(whole, remote.product)
        if place.resampled_from:
            message = f"{remote.product.value} lies on another grid: {place.resampled_from}"
            raise GridMismatchError(message)
        own = _same_ground(remote, window, place.grid)
        return _values(read_window(whole, remote.product, own), own)
    finally:
        whole.unlink(missing_ok=True)


def _check(remote: RemoteFrameFile, part: Path) -> None:
    check_raster(part, remote.product)


def _same_ground(remote: RemoteFrameFile, window: Window, grid: Grid) -> Window:
    """Return the window on another grid that covers the same ground, to half a pixel.

    Where a raster begins differs between publications of a frame; its steps do not.

    Raises
    ------
    GridMismatchError
        If the steps are others.
    """
    wanted = window.grid
    steps = abs(grid.step_x - wanted.step_x), abs(grid.step_y - wanted.step_y)
    west = math.remainder(wanted.west - grid.west, 360.0) / wanted.step_x
    north = (grid.north - wanted.north) / wanted.step_y
    if max(steps) > _STEP_TOLERANCE_DEGREES:
        message = (
            f"{remote.product.value} lies on another grid than its frame: {grid}, "
            f"the frame has {wanted}"
        )
        raise GridMismatchError(message)
    return Window(grid, window.row + round(north), window.column + round(west))


def _values(values: NDArray[np.generic], window: Window) -> NDArray[np.float32]:
    """Return float32 values that are NaN where the window lies outside of its raster."""
    rows = window.row + np.arange(window.size)
    columns = window.column + np.arange(window.size)
    inside = np.outer(
        (rows >= 0) & (rows < window.grid.height), (columns >= 0) & (columns < window.grid.width)
    )
    return np.where(inside, values, np.nan).astype(np.float32)


def _checked(remote: RemoteFrameFile, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the values that can be; refuse a raster of which nothing is left to go by."""
    if remote.product is FrameRaster.LANDMASK and not (values > 0).any():
        message = f"{remote.file_name} has no land in the volcano's window"
        raise CorruptProductError(message)
    if remote.product is FrameRaster.HEIGHT:
        is_height = (values >= _LOWEST_M) & (values <= _HIGHEST_M) & (values != 0)
        values = np.where(is_height, values, np.float32(np.nan))
        if not is_height.any():
            message = f"{remote.file_name} has no heights in the volcano's window"
            raise CorruptProductError(message)
    return values
