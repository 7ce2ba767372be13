"""Put pairs into a cube: rate, growth with their number, memory, and what a second worker brings.

    python -m benchmarks.tiling [--pairs 125 250 500 1000] [--whole-files]

A home holds the downloaded files of a frame of a real one's size (3500 x 2700), in LiCSAR's
containers: the volcano's windows, or with ``--whole-files`` the whole rasters. Four pairs are made,
and every other is a link to one of them. The reference, in the same run, is rasterio alone, that
opens the same files and decodes the same window. Every run is a process of its own, tiles batch by
batch into a fresh cube with its ledger, as a backfill does, and is timed without its start.
"""

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow
from scipy.ndimage import gaussian_filter, zoom

from benchmarks.ingest import FRAME, GRID, VOLCANO
from catalogs.home.home import Home, home_of, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow, FileState
from catalogs.rasters.grid import Window, volcano_window
from catalogs.rasters.window_files import write_window
from catalogs.rasters.window_records import FetchedWindow, WindowProvenance, hash_values
from catalogs.rasters.writer import write_geotiff
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from insar_models.phase.codes import wrap
from tasks.ingest.tile import tile_pairs
from tasks.ingest.tile_workers import WORTH_WORKERS, workers_at_hand, workers_on_demand
from tasks.records import FrameRequest

DISTINCT: Final = 4
_FIRST_DAY: Final = dt.date(2016, 1, 1)
_COARSE: Final = 10  # smooth noise is drawn on a grid so much coarser than the frame's
_MODIFIED: Final = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_VOLCANO: Final = find_volcano(VOLCANO)
_WINDOW: Final = volcano_window(GRID, _VOLCANO.latitude, _VOLCANO.longitude)
_REQUEST: Final = FrameRequest(_VOLCANO, FRAME, _FIRST_DAY, _FIRST_DAY + dt.timedelta(days=9999))


@dataclass(frozen=True)
class Cost:
    """What one run took."""

    opening_s: float
    """To start workers, where there are any."""
    seconds: float
    """To read, encode, write and record every pair."""
    processor_s: float
    """Of this process: other load on the machine disturbs it less than `seconds`."""
    peak_mb: float
    """This process at its largest, and each worker at the size of the largest of them."""
    cube_mb: float = 0.0


def pairs_named(count: int) -> tuple[DatePair, ...]:
    """Return so many pairs of twelve days."""
    days = (_FIRST_DAY + dt.timedelta(days=number) for number in range(count))
    return tuple(DatePair(day, day + dt.timedelta(days=12)) for day in days)


def make_sources(folder: Path, *, whole_files: bool) -> None:
    """Write the products of a few pairs; smooth fringes under noise, corners without data."""
    for number in range(DISTINCT):
        for product, values in _rasters(number).items():
            path = folder / f"{number}.{product.value}.tif"
            if whole_files:
                write_geotiff(path, values, GRID)
            else:
                write_window(path, _cut(values, product))


def _rasters(number: int) -> dict[Product, NDArray[np.generic]]:
    generator = np.random.default_rng(number)
    shape = (GRID.height, GRID.width)
    coarse = generator.standard_normal((shape[0] // _COARSE, shape[1] // _COARSE))
    fringes = zoom(gaussian_filter(coarse, 4), _COARSE, order=1) * 60
    speckle = gaussian_filter(generator.standard_normal(shape).astype(np.float32), 1.2)
    phase = wrap(fringes + speckle)  # LiCSAR's filter leaves noise of a few pixels' width
    coherence = np.clip(150 + 200 * speckle, 1, 255).astype(np.uint8)
    rows, columns = np.mgrid[: GRID.height, : GRID.width]
    outside = np.abs((columns - GRID.width / 2) + 0.21 * (rows - GRID.height / 2)) > GRID.width / 3
    phase[outside], coherence[outside] = 0, 0
    return {Product.DIFF_PHA: phase, Product.CC: coherence}


def _cut(values: NDArray[np.generic], product: Product) -> FetchedWindow:
    size, row, column = _WINDOW.size, _WINDOW.row, _WINDOW.column
    part = np.ascontiguousarray(values[row : row + size, column : column + size])
    url, ranges = f"https://example.org/{product.value}.tif", tuple((n, n + 1) for n in range(8))
    provenance = WindowProvenance(
        url, 10**7, _MODIFIED, None, ranges, len(ranges), 10**6, hash_values(part)
    )
    return FetchedWindow(part, Window(GRID, row, column), provenance)


def fill_home(
    settings: Settings, sources: dict[tuple[int, Product], Path], count: int
) -> tuple[Path, ...]:
    """Make a home in which so many pairs are downloaded; return their files."""
    home = open_home(home_of(settings))
    files = []
    with open_ledger(home.ledger) as ledger:
        ledger.record_listing(FRAME, "https://example.org", pairs_named(count), complete=True)
        for number, pair in enumerate(pairs_named(count)):
            for product in Product:
                path = _place(home, pair, product, whole_files=settings.whole_files)
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(sources[number % DISTINCT, product], path)
                row = FileRow(pair, product, FileState.FETCHED, url="https://example.org/a.tif",
                              size=1, last_modified=_MODIFIED, sha256="0" * 64)  # fmt: skip
                ledger.record_file(FRAME, row)
                files.append(path)
    return tuple(files)


def _place(home: Home, pair: DatePair, product: Product, *, whole_files: bool) -> Path:
    if whole_files:
        return home.granule(FRAME, pair, product)
    return home.window(VOLCANO, FRAME, pair, product)


def read_alone(settings: Settings, count: int) -> Cost:
    """Return what it takes to open the files and decode the window, with rasterio and no more."""
    home, size = home_of(settings), _WINDOW.size
    part = RasterWindow(_WINDOW.column, _WINDOW.row, size, size) if settings.whole_files else None
    start, busy = time.perf_counter(), time.process_time()
    for pair in pairs_named(count):
        for product in Product:
            path = _place(home, pair, product, whole_files=settings.whole_files)
            with rasterio.open(path) as raster:
                raster.read(1, window=part)
    return Cost(0.0, time.perf_counter() - start, time.process_time() - busy, _peak_mb(1))


def tile(settings: Settings, count: int) -> Cost:
    """Return what it takes to bring the pairs of the home into its cube, batch by batch."""
    pairs = pairs_named(count)
    start = time.perf_counter()
    with workers_on_demand(settings) as demand:
        demand(WORTH_WORKERS)  # however few they are: to compare
        workers = workers_at_hand().count
        opened, busy = time.perf_counter(), time.process_time()
        for first in range(0, count, settings.pairs_per_batch):
            batch = pairs[first : first + settings.pairs_per_batch]
            report = tile_pairs(_REQUEST, batch, settings)
            if report.done != batch:
                raise SystemExit("\n".join(map(str, report.problems)))
        seconds, busy = time.perf_counter() - opened, time.process_time() - busy
    cube = sum(file.size for file in home_of(settings).cube(VOLCANO, FRAME).files())
    return Cost(opened - start, seconds, busy, _peak_mb(workers), cube / 1e6)


def _peak_mb(workers: int) -> float:
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (ours + (workers if workers > 1 else 0) * theirs) / 1024


@dataclass(frozen=True)
class Bench:
    """The files that every run links to, and the processes that do one thing each."""

    folder: Path
    whole_files: bool

    def make_sources(self) -> None:
        """Make the files, in a process of their own: its memory would pass for that of others."""
        self._run("sources", self.folder)

    def measure(self, way: str, count: int, workers: int = 1) -> Cost:
        """Return what so many pairs took, in a process of its own."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            settings = Settings(home=Path(folder) / "home", whole_files=self.whole_files)
            fill_home(settings, self._sources, count)
            said = self._run(way, settings.home, count, workers)
        return Cost(**json.loads(said.splitlines()[-1]))

    def _run(self, way: str, home: Path, count: int = 0, workers: int = 1) -> str:
        words = [sys.executable, "-m", "benchmarks.tiling", "--way", way, "--home", str(home)]
        words += ["--pairs", str(count), "--workers", str(workers)]
        words += ["--whole-files"] if self.whole_files else []
        done = subprocess.run(words, text=True, capture_output=True, check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    @property
    def _sources(self) -> dict[tuple[int, Product], Path]:
        return {
            (number, product): self.folder / f"{number}.{product.value}.tif"
            for number in range(DISTINCT)
            for product in Product
        }

    @property
    def source_mb(self) -> float:
        """Megabytes of both files of a pair, on the average."""
        return sum(path.stat().st_size for path in self._sources.values()) / DISTINCT / 1e6

    @property
    def decoded_mb(self) -> float:
        """Megabytes of pixels of a pair that have to be decoded: whole rows of a whole file."""
        width = GRID.width if self.whole_files else _WINDOW.size
        return _WINDOW.size * width * (4 + 1) / 1e6


def run_way(words: argparse.Namespace) -> None:
    """Be the child: do one thing, and print what it took."""
    if words.way == "sources":
        make_sources(words.home, whole_files=words.whole_files)
        return
    settings = Settings(home=words.home, workers=words.workers, whole_files=words.whole_files)
    cost = (read_alone if words.way == "rasterio" else tile)(settings, words.pairs[0])
    print(json.dumps(asdict(cost)))


def print_tables(bench: Bench, counts: Sequence[int]) -> None:
    """Print what one worker takes for each number of pairs, and others for the largest."""
    most = max(counts)
    print(
        f"{bench.source_mb:.1f} MB a pair, {bench.decoded_mb:.2f} MB of pixels to decode; load "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n"
        f"{'':20}{'pairs':>6}{'opening':>9}{'seconds':>9}{'pairs/s':>9}{'MB/s':>8}"
        f"{'processor ms/pair':>19}{'peak MB':>9}{'cube MB':>9}"
    )

    def measured(way: str, count: int, workers: int = 1) -> Cost:
        cost = bench.measure(way, count, workers)
        name = way if way == "rasterio" else f"{way}, {workers} worker" + "s" * (workers > 1)
        print(
            f"{name:20}{count:6}{cost.opening_s:9.1f}{cost.seconds:9.1f}"
            f"{count / cost.seconds:9.1f}{count * bench.decoded_mb / cost.seconds:8.1f}"
            f"{cost.processor_s / count * 1e3:19.1f}{cost.peak_mb:9.0f}{cost.cube_mb:9.1f}",
            flush=True,
        )
        return cost

    growth = [measured("tiling", count) for count in counts]
    alone, one, two = (
        measured("rasterio", most), measured("tiling", most), measured("tiling", most, 2),
    )  # fmt: skip
    if len(counts) > 2:  # noqa: PLR2004 - a line goes through any two points
        _print_growth("clock", counts, [cost.seconds for cost in growth])
        _print_growth("processor", counts, [cost.processor_s for cost in growth])
    print(
        f"one worker has {alone.seconds / one.seconds:.0%} of rasterio's rate by the clock, "
        f"{alone.processor_s / one.processor_s:.0%} by the processor\n"
        f"two workers have {one.seconds / two.seconds:.2f} of one's rate, "
        f"{one.seconds / (two.opening_s + two.seconds):.2f} with their start\n"
        f"{most * bench.source_mb:.0f} MB of files gave {one.cube_mb:.0f} MB of cube"
    )


def _print_growth(clock: str, counts: Sequence[int], seconds: Sequence[float]) -> None:
    slope, start = np.polyfit(counts, seconds, 1)
    off = np.abs(slope * np.array(counts) + start - seconds) / seconds
    print(
        f"by the {clock}: {start:.2f} s + {slope * 1e3:.1f} ms a pair, at most {off.max():.0%} off"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, nargs="+", default=[125, 250, 500, 1000])
    parser.add_argument("--whole-files", action="store_true")
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.way:
        run_way(words)
        return
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), words.whole_files)
        bench.make_sources()
        print_tables(bench, words.pairs)


if __name__ == "__main__":
    main()
