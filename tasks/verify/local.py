"""Verify what is here: cubes, downloaded files and tables against the ledger; reads only."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import xarray as xr

from catalogs.cubes.cube import PairTile, cube_is_there, pairs_of, read_cube
from catalogs.home.home import Home
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import FileRow, FileState, PairRow, ScoredPair, TileRow
from catalogs.rasters.reading import check_raster
from catalogs.rasters.window_files import read_window_file
from catalogs.records import DatePair, FrameId, ModelId, Product
from catalogs.storage.place import Place
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from fringewatch.errors import BadInputError, CorruptProductError, StoreError
from tasks.progress import report_progress
from tasks.verify.records import Difference, DifferenceKind

# What zarr and its codecs raise when a chunk or its description is damaged.
_UNREADABLE: Final = (RuntimeError, ValueError, OSError, KeyError, StoreError)


@dataclass(frozen=True)
class FrameMemory:
    """All that the ledger says of a frame of a volcano, at one moment."""

    volcano: str
    frame: FrameId
    tiles: tuple[TileRow, ...]
    files: Mapping[tuple[DatePair, Product], FileRow]
    pairs: tuple[PairRow, ...]

    @classmethod
    def read(cls, ledger: Ledger, volcano: str, frame: FrameId) -> "FrameMemory":
        """Return what `ledger` says now."""
        return cls(
            volcano, frame, ledger.tiles(volcano, frame), ledger.files(frame), ledger.pairs(frame)
        )

    @property
    def tiled(self) -> frozenset[DatePair]:
        """The pairs that should be in the cube."""
        return frozenset(row.pair for row in self.tiles)

    @property
    def is_empty(self) -> bool:
        """Whether the frame was never listed and nothing of it was ever here."""
        return not (self.tiles or self.files or self.pairs)


def check_cube(home: Home, memory: FrameMemory) -> tuple[Difference, ...]:
    """Return where the cube and the ledger disagree, after decoding every pair of the ledger's."""
    where = home.cube(memory.volcano, memory.frame)
    try:
        if not cube_is_there(where):
            reason = f"the cube {where} is not there"
            return tuple(Difference(DifferenceKind.LOST, reason, row.pair) for row in memory.tiles)
        cube = read_cube(where)
        place = {pair: index for index, pair in enumerate(pairs_of(cube))}
        phase, coherence = cube["phase"], cube["coherence"]
    except _UNREADABLE as error:
        reason = f"{type(error).__name__}: {error}"
        return (Difference(DifferenceKind.BAD_CUBE, reason, path=where),)
    found = []
    for count, row in enumerate(memory.tiles, start=1):
        if row.pair not in place:
            reason = f"the cube {where} does not hold it"
            found.append(Difference(DifferenceKind.LOST, reason, row.pair))
        else:
            fault = _fault_of(phase, coherence, place[row.pair], row)
            if fault is not None:
                found.append(Difference(DifferenceKind.DAMAGED, fault, row.pair))
        report_progress(f"{memory.frame}: decoding", count, len(memory.tiles))
    reason = "the next backfill over its dates fetches it and compares"
    found += [
        Difference(DifferenceKind.UNKNOWN_PAIR, reason, pair)
        for pair in sorted(set(place) - memory.tiled)
    ]
    return tuple(found)


def _fault_of(phase: xr.DataArray, coherence: xr.DataArray, place: int, row: TileRow) -> str | None:
    """What is wrong with a pair in the cube; None if it is as the ledger says."""
    try:
        tile = PairTile(
            row.pair, phase.isel(pair=place).to_numpy(), coherence.isel(pair=place).to_numpy()
        )
    except _UNREADABLE as error:
        return f"it does not decode ({type(error).__name__}: {error})"
    if tile.sha256 == row.content_sha256:
        return None
    if not (tile.phase.any() or tile.coherence.any()):
        return "its chunks are gone: it holds no data"
    return f"its hash is {tile.sha256[:12]}, the ledger has {row.content_sha256[:12]}"


def check_granules(
    home: Home, memory: FrameMemory, settled: Collection[DatePair], *, kept: bool
) -> tuple[Difference, ...]:
    """Return the downloaded files that are damaged, or that nobody needs any more.

    Parameters
    ----------
    home, memory
        Where they lie, and what the ledger says of them.
    settled
        Pairs that are in the cube and sound.
    kept
        Whether the settings keep files after they are in the cube.
    """
    whole_files = home.root / "granules" / str(memory.frame)
    windows = whole_files / memory.volcano
    names = sorted(
        path for folder in (whole_files, windows) for path in folder.glob("*") if path.is_file()
    )
    return tuple(
        found for path in names for found in _check_granule(path, memory, settled, kept=kept)
    )


def _check_granule(
    path: Path, memory: FrameMemory, settled: Collection[DatePair], *, kept: bool
) -> Iterator[Difference]:
    """What is wrong with one downloaded file: nothing, or one difference."""
    if ".part" in path.suffixes or path.suffix == ".tmp":
        reason = "left by a run that was cut short, or a run is under way"
        yield Difference(DifferenceKind.LEFT_OVER, reason, path=path)
        return
    key = _parse_granule(path)
    if key is None:
        yield Difference(DifferenceKind.STRANGE_FILE, "it is left alone", path=path)
        return
    row = memory.files.get(key)
    if row is None:
        reason = "the ledger does not know it"
    elif not kept and key[0] in settled:
        reason = "its pair is in the cube"
    elif not kept and row.state not in {FileState.FETCHED, FileState.LISTED}:
        reason = f"the ledger calls it {row.state.value}"
    else:
        is_window = path.parent.name == memory.volcano
        fault = _window_fault(path) if is_window else _file_fault(path, row)
        if fault is not None:
            yield Difference(DifferenceKind.DAMAGED_FILE, fault, *key, path=path)
        return
    yield Difference(DifferenceKind.LEFT_OVER, reason, path=path)


def _parse_granule(path: Path) -> tuple[DatePair, Product] | None:
    parts = path.name.split(".")
    try:
        pair, product, ending = parts
        key = DatePair.parse(pair), Product(product)
    except (BadInputError, ValueError):
        return None
    return key if ending == "tif" else None


def _file_fault(path: Path, row: FileRow) -> str | None:
    """What is wrong with a downloaded file; None if it is good."""
    if row.state is FileState.FETCHED and row.provenance is None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != row.sha256:
            return f"its hash is {digest[:12]}, the ledger has {str(row.sha256)[:12]}"
    # A run that was killed before it told the ledger leaves a file that is good.
    try:
        check_raster(path, row.product)
    except CorruptProductError as error:
        return str(error)
    return None


def _window_fault(path: Path) -> str | None:
    """Say what is wrong with a window's file, which holds the hash of its own values."""
    try:
        read_window_file(path)
    except CorruptProductError as error:
        return str(error)
    return None


def check_tables(
    folder: Place, scored: Sequence[ScoredPair], model: ModelId
) -> tuple[Difference, ...]:
    """Return where the tables in `folder` are not what the ledger would publish of a model."""
    try:
        interferograms, dates = (read_table(schema, folder) for schema in (INTERFEROGRAMS, DATES))
    except StoreError as error:
        return (Difference(DifferenceKind.TABLE, str(error), path=folder),)
    wanted = {(str(row.frame), row.pair.primary, row.pair.secondary, row.sha256) for row in scored}
    columns = ["frame", "primary_date", "secondary_date", "source_sha256"]
    there = set(interferograms[columns].itertuples(index=False, name=None))
    found = []
    if there != wanted:
        reason = (
            f"{len(wanted - there)} rows that {model[0]} gives by the ledger are not in it, "
            f"{len(there - wanted)} of its rows are not in the ledger"
        )
        path = folder / f"{INTERFEROGRAMS.name}.parquet"
        found.append(Difference(DifferenceKind.TABLE, reason, path=path))
    ends = {row.pair.secondary for row in scored}
    absent = ends - set(dates["date"])
    if absent:
        reason = f"{len(absent)} dates on which pairs end are not in it"
        path = folder / f"{DATES.name}.parquet"
        found.append(Difference(DifferenceKind.TABLE, reason, path=path))
    for schema, rows in ((INTERFEROGRAMS, len(interferograms)), (DATES, len(dates))):
        path = folder / f"{schema.name}.csv"
        lines = len(path.read().splitlines()) if path.is_file() else 0
        if rows and lines != rows + 1:
            reason = f"it has {lines} lines, expected {rows + 1}"
            found.append(Difference(DifferenceKind.TABLE, reason, path=path))
    return tuple(found)
