"""Frame delays: put what a weather model says of each date into the cube, if that is asked for."""

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from catalogs.cubes.delays import DELAYS, delay_hashes, write_delays
from catalogs.cubes.layers import hash_of
from catalogs.cubes.reading import cube_is_there
from catalogs.home.home import Home, home_of
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import LayerRow
from catalogs.portal.client import Portal
from catalogs.portal.union import ShortMemory
from catalogs.rasters.grid import Window, volcano_window
from catalogs.records import FrameId, FrameRaster
from catalogs.settings import Settings
from fringewatch.errors import (
    CorruptProductError,
    GridMismatchError,
    MissingProductError,
    SourceUnavailableError,
)
from tasks.ingest.discover import open_portal
from tasks.ingest.frame_layers import read_on_window
from tasks.progress import report_progress
from tasks.records import FrameRequest

_LOGGER = logging.getLogger(__name__)

_AT_ONCE: Final = 24  # dates between two writes to the cube


def bring_delays(request: FrameRequest, settings: Settings) -> tuple[str, ...]:
    """Put the delays of all dates of the cube's pairs into it; return a note on those not had.

    What is in the cube is not asked for again, and what no source has, after a pause: its absence
    is no fault, and the pairs of that date do without it. A night adds a date or two; the first run
    with `air` so set asks for all, with some four requests for each.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written, or the storage gives no answer.
    StoreError
        If the cube is damaged.
    """
    home, volcano, frame = home_of(settings), request.volcano.slug, request.frame
    wanted = [name for name in settings.air if name in DELAYS]
    if not wanted or not cube_is_there(home.cube(volcano, frame)):
        return ()
    with open_ledger(home.ledger) as ledger:
        grid = ledger.grid(frame)
        if grid is None:
            return ()
        window = volcano_window(grid, request.volcano.latitude, request.volcano.longitude)
        notes = (_bring_model(name, request, settings, ledger, window) for name in wanted)
        return tuple(note for note in notes if note)


def _bring_model(
    name: str, request: FrameRequest, settings: Settings, ledger: Ledger, window: Window
) -> str:
    """Bring the delays of a model that are lacking; a note if some cannot be had."""
    home, volcano, frame = home_of(settings), request.volcano.slug, request.frame
    place, raster = home.cube(volcano, frame), DELAYS[name]
    todo = _lacking(ledger, request, raster, delay_hashes(place, raster))
    reasons: list[str] = []
    if not todo:
        return ""
    memory = ShortMemory()  # a ledger is of one thread
    if winner := ledger.recall(frame):
        memory.remember(frame, winner)
    with (
        open_portal(settings, memory) as portal,
        ThreadPoolExecutor(settings.connections) as threads,
    ):
        for first in range(0, len(todo), _AT_ONCE):
            dates = todo[first : first + _AT_ONCE]
            came = list(
                threads.map(lambda date: _bring(portal, home, frame, (date, raster), window), dates)
            )
            there = {
                date: (values, str(row.sha256))
                for date, (row, values) in zip(dates, came, strict=True)
                if values is not None
            }
            if there:
                write_delays(place, raster, there)
            rows = [(date, row) for date, (row, _) in zip(dates, came, strict=True)]
            ledger.record_delays(volcano, frame, rows)
            reasons += [str(row.reason) for _, row in rows if not row.is_there]
            report_progress(f"{frame}: delays of {name}", first + len(dates), len(todo))
    if not reasons:
        return ""
    return (
        f"{frame}: no delay of {name} for {len(reasons)} of {len(todo)} dates "
        f"({reasons[0]}); their pairs do without it"
    )


def _lacking(
    ledger: Ledger, request: FrameRequest, raster: FrameRaster, there: dict[dt.date, str]
) -> list[dt.date]:
    now = dt.datetime.now(dt.UTC)
    volcano, frame = request.volcano.slug, request.frame
    known = ledger.delays(volcano, frame, raster)
    pairs = ledger.tiled_pairs(volcano, frame)
    waiting = {date for date, row in known.items() if row.next_attempt and row.next_attempt > now}
    dates = {date for pair in pairs for date in (pair.primary, pair.secondary)}
    return sorted(dates - waiting - set(there))


def _bring(
    portal: Portal, home: Home, frame: FrameId, which: tuple[dt.date, FrameRaster], window: Window
) -> tuple[LayerRow, NDArray[np.float32] | None]:
    """The delay at one date with its row, or a row that says why there is none."""
    date, raster = which
    reasons: list[str] = []
    answered = True
    try:
        for remote in portal.delay_files(frame, date, raster):
            try:
                values = _checked(remote.file_name, read_on_window(portal, home, remote, window))
            except MissingProductError:
                continue
            except (CorruptProductError, GridMismatchError) as error:
                _LOGGER.warning("%s %s: %s", frame, date, error)
                reasons.append(str(error))
            else:
                return LayerRow(raster, remote.url, hash_of(values)), values
    except SourceUnavailableError as error:
        reasons, answered = [*reasons, str(error)], False
    reason = "; ".join(reasons) or "no source has it"
    return LayerRow(raster, reason=reason, answered=answered), None


def _checked(name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
    if not (np.isfinite(values) & (values != 0)).any():
        message = f"{name} has no delay in the volcano's window"
        raise CorruptProductError(message)
    return values
