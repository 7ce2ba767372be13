"""Tile: put the volcano's window of downloaded pairs into its cube.

This process reserves a slot in the cube for each pair of a batch; workers, or this process where
there are none, read, encode and write one pair each; then this process shows readers what was
written, and records it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import quote

from prefect import task

from catalogs.cubes.cube import Cube, cube_is_there, open_cube
from catalogs.cubes.origin import refuse_other_phase
from catalogs.home.home import Home, home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow, FileState, TileRow
from catalogs.rasters.grid import Window
from catalogs.rasters.lattice import place_window
from catalogs.rasters.ranges import fault_of_batch
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from fringewatch.errors import HomeError, StoreError
from tasks.ingest.frame_grid import settle_by_batch
from tasks.ingest.granules import remove_granules
from tasks.ingest.tile_pair import PairSlot, TilingOutcome, home_anywhere, lies_here, tile_some
from tasks.ingest.tile_workers import workers_at_hand
from tasks.records import BatchReport, FrameRequest, Problem
from tasks.workers.base import Failure

_AT_ONCE: Final = 4
_TURNS: Final = 4
"""Of each worker in a batch, at the least, so that none waits long while the last one is busy."""
_NOT_YET: Final = Failure("it was not tried")


def tile_pairs(request: FrameRequest, batch: Sequence[DatePair], settings: Settings) -> BatchReport:
    """Return the pairs of the batch that are now in the volcano's cube, and those refused.

    The lattice of a frame is that of its own rasters (`settled_grid`), else the one that most of
    its first batch share, not that of its first pair. The window is found in each file by its
    coordinates, whatever part of the frame the file covers; a file of another step or projection is
    resampled, and its row says so. A pair that does not reach the window is refused with its
    reason, and so are all pairs whose numbers show together what none shows alone (see
    `fault_of_batch`). Downloaded files go when their pair is in the cube or refused, unless the
    settings keep them.

    The pairs are shared among the `workers_at_hand`; the cube's bytes do not depend on how many
    these are. Workers elsewhere need the home on a file system that they share with this process.
    A pair at which workers die is a problem, and its files stay for the next run.

    Raises
    ------
    BadInputError
        If the cube was made of another phase than the settings name.
    HomeError
        If the disk is full or cannot be written, or a worker does not see the home's files.
    StoreError
        If the cube is damaged, or was made of another window.
    SourceUnavailableError
        If the workers were lost for good.
    """
    home, frame = home_of(settings), request.frame
    if not batch:
        return BatchReport()
    with open_ledger(home.ledger) as ledger:
        phase = settings.phase
        grid = ledger.grid(frame) or settle_by_batch(home, request, batch, phase, ledger)
        window = place_window(grid, request.volcano.latitude, request.volcano.longitude)
        results = _tile_batch(home, request, batch, window, phase)
        tiled, problems = {}, []
        for pair, result in results.items():
            if isinstance(result, Failure):
                problems.append(Problem(frame, pair, result.reason, result.try_later))
            elif result.cut_beside:
                problems.append(Problem(frame, pair, result.refusal, try_later=True))
            elif result.refusal:
                problems.append(Problem(frame, pair, result.refusal))
                product = result.refused or phase
                ledger.record_file(frame, _refused(pair, product, result.refusal))
            else:
                tiled[pair] = result
        if tiled:
            rows = _tile_rows(tiled, phase, ledger.files(frame))
            ledger.record_tiles(request.volcano.slug, frame, rows)
    if not settings.keep_granules:
        for pair, result in results.items():
            if not isinstance(result, Failure):
                remove_granules(home, request, pair)
    return BatchReport(tuple(tiled), tuple(problems))


tile_task = task(name="tile")(tile_pairs)


def _tile_batch(
    home: Home, request: FrameRequest, batch: Sequence[DatePair], window: Window, phase: Product
) -> dict[DatePair, TilingOutcome | Failure]:
    """Return what became of each pair, in the batch's order; those written are in the cube."""
    volcano, frame = request.volcano.slug, request.frame
    place = home.cube(volcano, frame)
    is_new = not cube_is_there(place)
    refuse_other_phase(place, phase)
    cube = open_cube(place, volcano, frame, window)
    there = {*cube.pairs}
    slots = cube.reserve(batch)
    items = [PairSlot(pair, slots[pair], _held(cube, pair, there), phase) for pair in slots]
    work = partial(tile_some, home_anywhere(home), request, window)
    became: dict[DatePair, TilingOutcome | Failure] = dict.fromkeys(slots, _NOT_YET)
    for item, result in _work_through(work, items, f"{frame}: tiling"):
        if isinstance(result, TilingOutcome):
            _stop_if_needed(home, request, item.pair, result)
        became[item.pair] = result
    became |= _refused_together(became, there)
    written = {
        pair: slots[pair]
        for pair, result in became.items()
        if isinstance(result, TilingOutcome) and result.written
    }
    if is_new and not written:
        place.remove()  # no pair was any good: a cube would be one of nothing
    elif written or not there.issuperset(slots):
        if written:
            cube.note_origin(phase, _resampled(became, written))
        cube.commit(written)
    return became


def _work_through(
    work: Callable[[Sequence[PairSlot]], tuple[TilingOutcome, ...]],
    items: Sequence[PairSlot],
    step: str,
) -> Iterator[tuple[PairSlot, TilingOutcome | Failure]]:
    """Give what becomes of each item, as they end.

    To hand an item to a worker costs this process some 5 ms: where there are many items for each
    worker, they go a few at a time. Of a few that fail together each is tried alone.
    """
    workers = workers_at_hand()
    size = 1
    if workers.count > 1:
        size = max(1, min(_AT_ONCE, len(items) // (_TURNS * workers.count)))
        step = f"{step}, {size} at a time"
    shares = [items[first : first + size] for first in range(0, len(items), size)]
    again: list[PairSlot] = []
    for index, results in workers.run(work, shares, step):
        share = shares[index]
        if not isinstance(results, Failure):
            yield from zip(share, results, strict=False)
        elif len(share) == 1:
            yield share[0], results
        else:
            again += share
    if not again:
        return
    for index, results in workers.run(work, [[item] for item in again], f"{step}, again"):
        yield again[index], results if isinstance(results, Failure) else results[0]


def _held(cube: Cube, pair: DatePair, there: set[DatePair]) -> str | None:
    try:
        return cube.tile(pair).sha256 if pair in there else None
    except StoreError:
        return None  # damaged: to be written over


def _stop_if_needed(
    home: Home, request: FrameRequest, pair: DatePair, result: TilingOutcome
) -> None:
    """Raise what ends the whole step; pass what concerns one pair."""
    if result.stop:
        raise result.stop
    if result.unseen and lies_here(home, request, pair, result.unseen):
        message = (
            f"worker {result.worked_at} does not see {result.unseen.value} of {pair} below "
            f"{home.root.absolute()}: workers of a scheduler need the home on a file system that "
            "they share with this machine, under the same path; leave the setting `scheduler` "
            "empty for workers of this machine"
        )
        raise HomeError(message)


def _refused_together(
    became: Mapping[DatePair, TilingOutcome | Failure], there: Collection[DatePair]
) -> dict[DatePair, TilingOutcome]:
    """Return the new pairs of a batch as refused, where their numbers together cannot be right.

    Pairs that the cube holds already are judged alone: what is written over them is there by now.
    """
    new = {
        pair: result
        for pair, result in became.items()
        if isinstance(result, TilingOutcome) and result.seen and pair not in there
    }
    for seen in zip(*(result.seen for result in new.values()), strict=True):
        fault = fault_of_batch(seen)
        if fault:
            refusal = f"{seen[0].product.value}: {fault}"
            return {pair: TilingOutcome(refusal=refusal, refused=seen[0].product) for pair in new}
    return {}


def _resampled(
    became: Mapping[DatePair, TilingOutcome | Failure], written: Collection[DatePair]
) -> dict[DatePair, str]:
    return {
        pair: result.resampled_from
        for pair, result in became.items()
        if pair in written and isinstance(result, TilingOutcome)
    }


def _refused(pair: DatePair, product: Product, reason: str) -> FileRow:
    return FileRow(pair, product, FileState.REJECTED, reason=reason)


def _tile_rows(
    tiled: Mapping[DatePair, TilingOutcome],
    phase: Product,
    files: Mapping[tuple[DatePair, Product], FileRow],
) -> list[TileRow]:
    """What the ledger keeps of the pairs that came into the cube."""
    rows = []
    for pair, result in tiled.items():
        from_phase, coherence = (files[pair, product] for product in phase.needed)
        url = str(from_phase.url)
        if result.resampled_from:  # what the client did with it: a fragment never travels
            url += f"#resampled-from={quote(result.resampled_from)}"
        row = TileRow(pair, url, str(from_phase.sha256), str(coherence.sha256), result.sha256)
        rows.append(row)
    return rows
