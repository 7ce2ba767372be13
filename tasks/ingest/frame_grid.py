"""The lattice of a frame: settled once, by what does not depend on which pairs came first."""

import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from catalogs.home.home import Home
from catalogs.ledger.ledger import Ledger
from catalogs.portal.answers import CutAnswerError
from catalogs.portal.client import Portal
from catalogs.portal.window_errors import WholeFileNeededError
from catalogs.portal.window_fetch import fetch_place
from catalogs.rasters.grid import Grid
from catalogs.rasters.grids import RasterPlace
from catalogs.rasters.lattice import is_inside, lattice_distance_pixels, place_window, snapped_grid
from catalogs.rasters.reading import check_raster, read_place
from catalogs.records import DatePair, FrameId, FrameRaster, Product, RemoteFrameFile, Volcano
from fringewatch.errors import CorruptProductError, MissingProductError, SourceUnavailableError
from tasks.ingest.granules import granule_place
from tasks.records import FrameRequest

_LOGGER = logging.getLogger(__name__)

_SAME_LATTICE: Final = 0.1  # pixels
_TELLING: Final = (FrameRaster.HEIGHT, FrameRaster.LANDMASK)
"""Rasters of a frame's metadata that lie on the frame's own grid, the commonest first."""


def settled_grid(portal: Portal, home: Home, request: FrameRequest, ledger: Ledger) -> Grid | None:
    """Return the lattice of a frame before its pairs are cut; None if they have to settle it.

    Once a pair of the frame is in any cube it stays. Until then it is that of the frame's own
    heights or landmask, whose header is asked for, so that it is the same whichever pairs come
    first; where no source has these, the next batch settles it anew (`settle_by_batch`).
    """
    frame = request.frame
    if ledger.has_tiles(frame):
        return ledger.grid(frame)
    ledger.forget_grid(frame)
    for raster in _TELLING:
        place = _place_of(portal, home, frame, raster)
        if place is None or place.resampled_from or not _holds(place.grid, request.volcano):
            continue
        ledger.record_grid(frame, place.grid)
        return place.grid
    return None


def settle_by_batch(
    home: Home, request: FrameRequest, batch: Sequence[DatePair], phase: Product, ledger: Ledger
) -> Grid:
    """Return the lattice that most pairs of a batch share; remember it if any pair lies on one.

    The rasters' own lattices come before those that only cover a raster of another step.
    """
    places = []
    for pair in batch:
        try:
            place = granule_place(home, request, pair, phase)
        except CorruptProductError:
            continue  # refused with this reason when it is tiled
        if _holds(place.grid, request.volcano):
            places.append(place)
    if not places:
        longitude, latitude = request.volcano.longitude, request.volcano.latitude
        return snapped_grid(longitude, latitude, longitude, latitude)
    own = [place.grid for place in places if not place.resampled_from]
    grids = own or [place.grid for place in places]
    votes = Counter(
        {
            grid: sum(lattice_distance_pixels(grid, other) < _SAME_LATTICE for other in grids)
            for grid in grids
        }
    )
    winner = votes.most_common(1)[0][0]  # the oldest pair's where votes are equal
    ledger.record_grid(request.frame, winner)
    return winner


def _holds(grid: Grid, volcano: Volcano) -> bool:
    return is_inside(place_window(grid, volcano.latitude, volcano.longitude))


def _place_of(
    portal: Portal, home: Home, frame: FrameId, raster: FrameRaster
) -> RasterPlace | None:
    """Return where a raster of the frame's metadata lies; None if no source has a good one."""
    for remote in portal.frame_files(frame, raster):
        try:
            return _read(portal, home, remote)
        except MissingProductError:
            continue
        except (CorruptProductError, SourceUnavailableError) as error:
            _LOGGER.info("%s: %s does not tell its lattice: %s", frame, remote.file_name, error)
    return None


def _read(portal: Portal, home: Home, remote: RemoteFrameFile) -> RasterPlace:
    """Where a file of the frame says that its pixels lie; its header is enough for that."""
    try:
        return fetch_place(portal.session, remote)
    except (WholeFileNeededError, CutAnswerError) as error:
        _LOGGER.debug("%s comes whole: %s", remote.url, error)
    whole = home.granules(remote.frame) / remote.file_name
    try:
        portal.fetch(remote, whole, partial(_check, remote))
        return read_place(whole, remote.product)
    finally:
        whole.unlink(missing_ok=True)


def _check(remote: RemoteFrameFile, part: Path) -> None:
    check_raster(part, remote.product)
