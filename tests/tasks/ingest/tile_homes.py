"""Homes whose granules wait to be tiled, and workers that a test has in its hand."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typing_extensions import override

from catalogs.cubes.cube import cube_is_there, cube_pairs
from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow, FileState
from catalogs.rasters.grid import Grid
from catalogs.rasters.writer import write_geotiff
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from tasks.ingest.tile import tile_pairs
from tasks.ingest.tile_workers import WORTH_WORKERS, workers_on_demand
from tasks.records import BatchReport, FrameRequest
from tasks.workers.base import Failure, R, T, Workers
from tests.scenes import FRAME, SIDE, TRANSFORM, full_coherence, scene_phase
from tests.storage import folder_of

PAIRS = tuple(DatePair.parse(f"20240106_202402{day:02d}") for day in range(1, 9))
EMPTY = PAIRS[2]
"""Its window holds no data."""
STRANGE = PAIRS[5]
"""Lies ten degrees away."""
GOOD = tuple(pair for pair in PAIRS if pair not in {EMPTY, STRANGE})
REQUEST = FrameRequest(find_volcano("fernandina"), FRAME, dt.date(2024, 1, 1), dt.date(2024, 3, 31))
GRID = Grid(TRANSFORM.c, TRANSFORM.f, TRANSFORM.a, -TRANSFORM.e, SIDE, SIDE)


@dataclass(frozen=True)
class TileHome:
    """A home on disk, and what tiling made of it."""

    settings: Settings

    @property
    def home(self) -> Home:
        return Home(self.settings.home)

    @property
    def cube(self) -> Path:
        return folder_of(self.home.cube("fernandina", FRAME))

    @property
    def content(self) -> dict[str, bytes]:
        """Every file of the cube."""
        files = (path for path in sorted(self.cube.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.cube)): path.read_bytes() for path in files}

    @property
    def shown(self) -> tuple[DatePair, ...]:
        """The pairs that readers see."""
        place = self.home.cube("fernandina", FRAME)
        return cube_pairs(place) if cube_is_there(place) else ()

    @property
    def tiles(self) -> dict[DatePair, str]:
        """What the ledger says of the cube."""
        with open_ledger(self.home.ledger) as ledger:
            rows = ledger.tiles("fernandina", FRAME)
        return {row.pair: row.content_sha256 for row in rows}

    def state(self, pair: DatePair, product: Product = Product.DIFF_PHA) -> FileState:
        with open_ledger(self.home.ledger) as ledger:
            return ledger.files(FRAME)[pair, product].state

    def bring(self, pair: DatePair, number: int = 0) -> None:
        """Put both products of a pair into the home, as a download does."""
        grid, phase = GRID, scene_phase("quiet", number)
        if pair == EMPTY:
            phase = np.zeros_like(phase)
        if pair == STRANGE:
            grid = Grid(GRID.west + 10.0, GRID.north, GRID.step_x, GRID.step_y, SIDE, SIDE)
        write_geotiff(self.home.granule(FRAME, pair, Product.DIFF_PHA), phase, grid)
        write_geotiff(self.home.granule(FRAME, pair, Product.CC), full_coherence(), grid)
        with open_ledger(self.home.ledger) as ledger:
            for product in Product.DIFF_PHA.needed:
                row = FileRow(pair, product, FileState.FETCHED, url="https://example.org/a.tif",
                              size=1, sha256="0" * 64)  # fmt: skip
                ledger.record_file(FRAME, row)

    def granules(self, pair: DatePair) -> int:
        """How many of a pair's files are there."""
        return sum(
            self.home.granule(FRAME, pair, product).is_file() for product in Product.DIFF_PHA.needed
        )

    def tile(self, batch: Sequence[DatePair] = PAIRS, *, workers: int = 1) -> BatchReport:
        """Tile a batch with so many workers, as a backfill of many pairs would."""
        settings = self.settings.model_copy(update={"workers": workers})
        with workers_on_demand(settings) as demand:
            demand(WORTH_WORKERS)
            return tile_pairs(REQUEST, batch, settings)


def make_home(root: Path) -> TileHome:
    """Make a home with the granules of all pairs."""
    home = TileHome(Settings(home=root))
    open_home(home.home)
    with open_ledger(home.home.ledger) as ledger:
        ledger.record_listing(FRAME, "https://example.org", PAIRS, complete=True)
    for number, pair in enumerate(PAIRS):
        home.bring(pair, number)
    return home


@dataclass
class Backwards(Workers):
    """Workers that end with what came first; and that die, or are lost, where they are told."""

    deadly: DatePair | None = None
    lost_after: int = 1 << 30
    shares: list[int] = field(default_factory=list)
    """How many pairs went out together, each time."""

    @property
    @override
    def count(self) -> int:
        return 2

    @override
    def run(
        self, work: Callable[[T], R], items: Sequence[T], step: str
    ) -> Iterator[tuple[int, R | Failure]]:
        for done, index in enumerate(reversed(range(len(items)))):
            if done == self.lost_after:
                raise KeyboardInterrupt
            share: Any = items[index]
            self.shares.append(len(share))
            dies = self.deadly in {item.pair for item in share}
            yield index, Failure("a worker died 3 times") if dies else work(items[index])


@contextmanager
def in_hand(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let these be the workers that are opened in the block."""

    @contextmanager
    def give(*_: object, **__: object) -> Iterator[Workers]:
        yield workers

    with monkeypatch.context() as patch:
        patch.setattr("tasks.workers.opening.open_workers", give)
        yield
