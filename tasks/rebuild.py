"""Rebuild: make a frame's cube anew on the lattice that its files have now, and lose nothing.

The old cube is set aside, all its pairs are brought again, and those that cannot be had any more
are carried over from it. It stays beside the new one. A run that is killed goes on when it is
started again: what the ledger knew of the old cube is kept in a file until the end.
"""

import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import xarray as xr

from catalogs.cubes.cube import Cube, PairTile, open_cube, pairs_of, read_cube
from catalogs.cubes.origin import product_of
from catalogs.home.home import Home, home_of, only_writer
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import TileRow
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.lattice import find_window, place_window
from catalogs.records import DatePair, FrameId, Product, Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import BadInputError
from fringewatch.plain_text import counted
from insar_models.phase.window_patches import cut_patch
from tasks.records import FrameRequest, RunReport, WatchRequest
from tasks.watch import watch_volcano

_LOGGER = logging.getLogger(__name__)
_ASIDE: Final = "before-rebuild"


@dataclass(frozen=True)
class Rebuilt:
    """What became of a frame's cube."""

    report: RunReport
    brought: int
    """Pairs of the old cube that came from their source again."""
    carried_over: tuple[DatePair, ...]
    """Pairs that did not, and were taken from the old cube."""
    left_behind: tuple[DatePair, ...]
    """Pairs that the old cube alone has: damaged there, or of another product."""
    old: Place
    """Where the old cube lies now."""

    def lines(self) -> list[str]:
        """Return what was done, for a person."""
        said = [
            *self.report.lines(),
            f"rebuilt: {counted(self.brought, 'pair')} brought again, "
            f"{len(self.carried_over)} carried over",
        ]
        if self.left_behind:
            pairs = ", ".join(map(str, self.left_behind))
            said.append(f"in the old cube alone (damaged, or of another product): {pairs}")
        return [*said, f"the old cube: {self.old} (remove it when the new one is right)"]


def rebuild_frame(volcano: Volcano, frame: FrameId, settings: Settings) -> Rebuilt:
    """Return what became of the pairs of a volcano's cube of one frame, which is made anew.

    The frame's lattice is settled anew too, unless other volcanoes have cubes on it.

    Raises
    ------
    BadInputError
        If the volcano has no pairs of that frame.
    HomeError, StoreError, ModelError
        As `watch_volcano`.
    """
    home = home_of(settings)
    with only_writer(home), open_ledger(home.ledger) as ledger:
        rows, aside = _set_aside(home, ledger, volcano.slug, frame)
    start = min(pair.primary for pair in rows)
    end = max(pair.secondary for pair in rows)
    request = WatchRequest(volcano, (frame,), start, end, frames_named=True)
    report = watch_volcano(request, settings)
    with only_writer(home), open_ledger(home.ledger) as ledger:
        there = set(ledger.tiled_pairs(volcano.slug, frame))
        lost = {pair: row for pair, row in rows.items() if pair not in there}
        part = FrameRequest(volcano, frame, start, end)
        carried = _carry_over(home, ledger, part, settings.phase, (aside, lost)) if lost else ()
    if carried:
        report = watch_volcano(request, settings)  # their scores, and the tables
    old = aside.move(f"{frame}.zarr.before-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}")
    _notes_file(home, volcano.slug, frame).unlink()
    left = tuple(sorted(set(lost) - set(carried)))
    return Rebuilt(report, len(rows) - len(lost), carried, left, old)


def _notes_file(home: Home, volcano: str, frame: FrameId) -> Path:
    return home.root / f"rebuild-{volcano}-{frame}.json"


def _set_aside(
    home: Home, ledger: Ledger, volcano: str, frame: FrameId
) -> tuple[dict[DatePair, TileRow], Place]:
    """Return what the ledger knew of the old cube, and where that lies."""
    cube, notes = home.cube(volcano, frame), _notes_file(home, volcano, frame)
    aside = cube.parent / f"{frame}.zarr.{_ASIDE}"
    if not notes.is_file():
        tiles = ledger.tiles(volcano, frame)
        if not tiles:
            message = f"{volcano} has no cube of {frame}: there is nothing to rebuild"
            raise BadInputError(message)
        rows = [asdict(row) | {"pair": str(row.pair)} for row in tiles]
        write_atomically(notes, json.dumps(rows, indent=1).encode())
    if not aside.is_folder():
        cube.move(aside.name)
        ledger.forget_tiles(frame, ledger.tiled_pairs(volcano, frame), volcano)
        if not ledger.has_tiles(frame):
            ledger.forget_grid(frame)
    with disk_errors(notes):
        kept = json.loads(notes.read_bytes())
    rows_of = (TileRow(**row | {"pair": DatePair.parse(row["pair"])}) for row in kept)
    return {row.pair: row for row in rows_of}, aside


def _carry_over(
    home: Home,
    ledger: Ledger,
    request: FrameRequest,
    phase: Product,
    from_old: tuple[Place, Mapping[DatePair, TileRow]],
) -> tuple[DatePair, ...]:
    """The pairs of the old cube whose tiles fit the new one, and are in it now."""
    volcano, frame = request.volcano, request.frame
    aside, lost = from_old
    old = read_cube(aside, with_dask=False)
    if product_of({str(name): value for name, value in old.attrs.items()}) != phase.value:
        return ()
    grid = ledger.grid(frame) or _grid_of(old)
    window = place_window(grid, volcano.latitude, volcano.longitude)
    cube = open_cube(home.cube(volcano.slug, frame), volcano.slug, frame, window)
    place = {pair: index for index, pair in enumerate(pairs_of(old))}
    carried = []
    for pair, row in lost.items():
        tile = _old_tile(old, place.get(pair), row, window)
        if tile is not None:
            cube.note_origin(phase, {})
            _append(cube, ledger, request, tile, row)
            carried.append(pair)
    return tuple(carried)


def _append(
    cube: Cube, ledger: Ledger, request: FrameRequest, tile: PairTile, row: TileRow
) -> None:
    cube.append([tile])
    made = TileRow(row.pair, row.url, row.phase_sha256, row.coherence_sha256, tile.sha256)
    ledger.record_tiles(request.volcano.slug, request.frame, [made])


def _old_tile(old: xr.Dataset, index: int | None, row: TileRow, window: Window) -> PairTile | None:
    """Return a pair of the old cube on the new window; None if it is damaged there."""
    if index is None:
        return None
    try:
        phase, coherence = (old[name][index].to_numpy() for name in ("phase", "coherence"))
    except (RuntimeError, ValueError, OSError) as error:
        _LOGGER.warning("%s is damaged in the old cube: %s", row.pair, error)
        return None
    if PairTile(row.pair, phase, coherence).sha256 != row.content_sha256:
        return None
    found = find_window(window, _grid_of(old))
    if found is None:
        return None
    place = (found.row, found.column, (found.size, found.size))
    return PairTile(row.pair, cut_patch(phase, *place), cut_patch(coherence, *place))


def _grid_of(cube: xr.Dataset) -> Grid:
    """Return the grid of a cube's window alone."""
    y, x = cube["y"].to_numpy(), cube["x"].to_numpy()
    step_y, step_x = float(y[0] - y[-1]) / (len(y) - 1), float(x[-1] - x[0]) / (len(x) - 1)
    return Grid(float(x[0]) - step_x / 2, float(y[0]) + step_y / 2, step_x, step_y, len(x), len(y))
