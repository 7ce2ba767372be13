"""Tile: put the volcano's window of downloaded pairs into its cube."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from prefect import task

from catalogs.cube import PairTile, open_cube
from catalogs.grid import Grid, Window, volcano_window
from catalogs.home import Home, home_of
from catalogs.ledger import Ledger, open_ledger
from catalogs.ledger_rows import FileRow, FileState, TileRow
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from fringewatch.errors import CorruptProductError, GridMismatchError
from insar_models.phase import encode_phase
from tasks.granules import granule_grid, read_granule, remove_granules
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest, Problem


def tile_pairs(request: FrameRequest, batch: Sequence[DatePair], settings: Settings) -> BatchReport:
    """Return the pairs of the batch that are now in the volcano's cube, and those refused.

    The grid of a frame is the one that most of its first batch share, not that of its first pair:
    one odd pair must not make strangers of all the others. A pair on a grid that differs by less
    than half a pixel is snapped to it; any other is refused with its reason. Downloaded files go
    when their pair is in the cube, unless the settings keep them.

    Raises
    ------
    BadInputError
        If the volcano's window lies outside the frame.
    HomeError
        If the disk is full or cannot be written.
    """
    home, frame = home_of(settings), request.frame
    if not batch:
        return BatchReport()
    with open_ledger(home.ledger) as ledger:
        grid = ledger.grid(frame) or _settle_grid(home, request, batch, ledger)
        window = volcano_window(grid, request.volcano.latitude, request.volcano.longitude)
        tiles, problems = [], []
        for count, pair in enumerate(batch, start=1):
            try:
                tiles.append(_read_tile(home, request, pair, window))
            except (CorruptProductError, GridMismatchError) as error:
                problems.append(Problem(frame, pair, str(error)))
                refused = FileRow(pair, Product.DIFF_PHA, FileState.REJECTED, reason=str(error))
                ledger.record_file(frame, refused)
            report_progress(f"{frame}: tiling", count, len(batch))
        if tiles:
            volcano = request.volcano.slug
            open_cube(home.cube(volcano, frame), volcano, frame, window).append(tiles)
            ledger.record_tiles(volcano, frame, _tile_rows(tiles, ledger.files(frame)))
    if not settings.keep_granules:
        for pair in batch:
            remove_granules(home, request, pair)
    return BatchReport(tuple(tile.pair for tile in tiles), tuple(problems))


tile_task = task(name="tile")(tile_pairs)


def _tile_rows(
    tiles: Sequence[PairTile], files: Mapping[tuple[DatePair, Product], FileRow]
) -> list[TileRow]:
    rows = []
    for tile in tiles:
        phase, coherence = files[tile.pair, Product.DIFF_PHA], files[tile.pair, Product.CC]
        rows.append(
            TileRow(
                tile.pair, str(phase.url), str(phase.sha256), str(coherence.sha256), tile.sha256
            )
        )
    return rows


def _settle_grid(
    home: Home, request: FrameRequest, batch: Sequence[DatePair], ledger: Ledger
) -> Grid:
    grids = [granule_grid(home, request, pair, Product.DIFF_PHA) for pair in batch]
    votes = Counter({grid: sum(grid.snaps_to(other) for other in grids) for grid in grids})
    winner = votes.most_common(1)[0][0]  # the oldest pair's where votes are equal
    ledger.record_grid(request.frame, winner)
    return winner


def _read_tile(home: Home, request: FrameRequest, pair: DatePair, window: Window) -> PairTile:
    phase, coherence = (read_granule(home, request, pair, product, window) for product in Product)
    bytes_of_coherence = coherence.astype(np.uint8)
    codes = encode_phase(phase.astype(np.float32), bytes_of_coherence > 0)
    if not codes.any():
        message = "the volcano's window holds no data: the pair is cut or the burst is missing"
        raise CorruptProductError(message)
    return PairTile(pair, codes, bytes_of_coherence)
