"""A night of many volcanoes at a local portal: with nothing new, and with new pairs of each.

    python -m benchmarks.night [--volcanoes 100] [--new-pairs 3]

A server on loopback answers at once, and limits on requests are lifted: what is left is our own
time. Every volcano of the catalogue, in its order, is watched by a frame of its own, of which the
portal has a raster of 600 x 600 pixels round it. The first night brings a pair each, then comes a
night with nothing new, and one with new pairs. Each night is a process of its own, runs the steps
as a schedule does but without Prefect's server, and is measured for a quarter of the volcanoes and
for all. The references are in the same run: a request a frame, and the sum of what it takes to
decode the new files with rasterio and to score their patches with the model.
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
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow
from scipy.ndimage import gaussian_filter, zoom

from benchmarks.shaped_portal import Link, shaped_portal
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.rasters.writer import write_geotiff
from catalogs.records import DatePair, FrameId, Product, Volcano
from catalogs.settings import Settings
from catalogs.world.volcanoes import load_volcanoes
from insar_models.phase.codes import encode_phase, wrap
from insar_models.phase.window_patches import cut_patches
from tasks.judge.models import model_of
from tasks.night import watch_night
from tasks.records import WatchRequest

QUIET_AIM_S: Final = 60.0
"""Of our own time, for 500 volcanoes with nothing new."""
NEW_AIM: Final = 1.3
"""Times the sum of decoding and scoring, for a night with new pairs."""

_OF_THE_AIM: Final = 500
_SIDE: Final = 600
_STEP_DAYS: Final = 12
_FIRST: Final = dt.date(2024, 1, 6)
_COARSE: Final = 10
_QUICK: Final = Link(bytes_per_s=1e9, seconds_per_request=0.0)


@dataclass(frozen=True)
class Night:
    """What one night took."""

    volcanoes: int
    wall_s: float
    processor_s: float
    """Of the process of the night, its imports left out."""
    peak_mb: float
    fetched: int
    requests: int = 0


def watched(count: int) -> list[tuple[Volcano, FrameId]]:
    """Return so many volcanoes, each with a frame of its own: the portal has one raster of each."""
    found: dict[FrameId, Volcano] = {}
    for volcano in load_volcanoes():
        own = next((frame for frame in volcano.frames if frame not in found), None)
        if own is not None:
            found[own] = volcano
    return [(volcano, frame) for frame, volcano in found.items()][:count]


def pairs_named(count: int) -> list[DatePair]:
    """Return so many pairs of twelve days, one after another."""
    days = [_FIRST + dt.timedelta(days=_STEP_DAYS * number) for number in range(count + 1)]
    return [DatePair(*both) for both in pairwise(days)]


def grid_round(volcano: Volcano) -> Grid:
    """Return the grid of a raster that holds the whole window of a volcano."""
    half = _SIDE / 2 * 0.001
    west, north = round(volcano.longitude - half, 3), round(volcano.latitude + half, 3)
    return Grid(west, north, 0.001, 0.001, _SIDE, _SIDE)


def make_arrays() -> dict[Product, NDArray[np.generic]]:
    """Return the pixels that all pairs share: smooth fringes under noise of a few pixels' width."""
    generator = np.random.default_rng(0)
    coarse = generator.standard_normal((_SIDE // _COARSE, _SIDE // _COARSE))
    fringes = zoom(gaussian_filter(coarse, 4), _COARSE, order=1) * 60
    speckle = gaussian_filter(generator.standard_normal((_SIDE, _SIDE)).astype(np.float32), 1.2)
    return {
        Product.DIFF_PHA: wrap(fringes + speckle),
        Product.CC: np.clip(150 + 200 * speckle, 1, 255).astype(np.uint8),
    }


class Pages(dict[str, bytes | Path]):
    """What the portal has: rasters of each frame, and a listing that grows."""

    def __init__(self, folder: Path, volcanoes: list[tuple[Volcano, FrameId]]) -> None:
        super().__init__()
        self._folder, self._frames = folder, tuple(frame for _, frame in volcanoes)
        arrays = make_arrays()
        for volcano, frame in volcanoes:
            for product, values in arrays.items():
                write_geotiff(self._raster(frame, product), values, grid_round(volcano))

    def list_pairs(self, count: int) -> None:
        """Let every frame have so many pairs."""
        for frame in self._frames:
            place = f"{frame.track}/{frame}/interferograms"
            pairs = pairs_named(count)
            listing = "".join(f'<a href="{pair}">{pair}</a>\n' for pair in pairs)
            self[f"/LiCSAR_products/{place}/"] = listing.encode()
            for pair in pairs:
                lines = []
                for product in Product.DIFF_PHA.needed:
                    path = f"/LiCSAR_products.public/{place}/{pair}/{pair}{product.ending}"
                    self[path] = self._raster(frame, product)
                    lines.append(f"<a href='{{origin}}{path}'>{pair}{product.ending}</a><br />\n")
                self[f"/LiCSAR_products/{place}/{pair}"] = "".join(lines).encode()

    def _raster(self, frame: FrameId, product: Product) -> Path:
        return self._folder / f"{frame}.{product.value}.tif"


def run_night(home: Path, root: str, count: int) -> Night:
    """Watch so many volcanoes once, as a scheduled night does; in a process of its own."""
    settings = Settings(
        home=home, portal=(root,), requests_per_second=1000.0, workers=1, retry_until=None
    )
    end = pairs_named(100)[-1].secondary
    requests = [
        WatchRequest(volcano, (frame,), _FIRST, end, scheduled=True)
        for volcano, frame in watched(count)
    ]
    model_of(settings)  # is read once a process, whatever the night
    wall, processor = time.perf_counter(), time.process_time()
    reports = watch_night(requests, settings)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    troubled = [str(report) for report in reports if report.problems or report.got_nothing]
    if troubled:
        raise SystemExit("\n".join(troubled))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Night(count, wall, processor, peak, sum(report.fetched for report in reports))


def decode_and_score(folder: Path, count: int, new_pairs: int) -> Night:
    """Decode the windows of all new files and score their patches, and nothing else."""
    model = model_of(Settings())
    windows = []
    for volcano, _ in watched(count):
        grid = grid_round(volcano)
        window = volcano_window(grid, volcano.latitude, volcano.longitude)
        windows.append(RasterWindow(window.column, window.row, window.size, window.size))
    frames = [frame for _, frame in watched(count)]
    wall, processor = time.perf_counter(), time.process_time()
    for frame, window in zip(frames, windows, strict=True):
        for _ in range(new_pairs):
            read = {}
            for product in Product.DIFF_PHA.needed:
                with rasterio.open(folder / f"{frame}.{product.value}.tif") as raster:
                    read[product] = raster.read(1, window=window, boundless=True)
            codes = encode_phase(read[Product.DIFF_PHA])
            model.logits_of_codes(cut_patches(codes).astype(np.uint8))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Night(count, wall, processor, peak, count * new_pairs)


def in_a_process(*words: str) -> Night:
    """Return what a child measured."""
    command = [sys.executable, "-m", "benchmarks.night", *words]
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    done = subprocess.run(  # noqa: S603 - ourselves
        command, text=True, capture_output=True, check=False, env=environment
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{done.stderr}")
    return Night(**json.loads(done.stdout.splitlines()[-1]))


def measure(folder: Path, count: int, new_pairs: int) -> dict[str, Night]:
    """Return the nights of so many volcanoes, each in a process of its own."""
    pages = Pages(folder / "rasters", watched(count))
    found = {}
    with shaped_portal(pages, _QUICK) as (origin, traffic):
        common = ["--home", str(folder / "home"), "--root", f"{origin}/LiCSAR_products"]
        common += ["--volcanoes", str(count), "--new-pairs", str(new_pairs)]
        for name, listed in (("first", 1), ("quiet", 1), ("new", 1 + new_pairs)):
            pages.list_pairs(listed)
            before = traffic.requests
            night = in_a_process("--way", "night", *common)
            found[name] = Night(**asdict(night) | {"requests": traffic.requests - before})
        rasters = ["--home", str(folder / "rasters"), *common[2:]]
        found["decode and score"] = in_a_process("--way", "reference", *rasters)
    return found


def main() -> None:
    """Print the nights of a quarter of the volcanoes and of all, and the aims."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--volcanoes", type=int, default=100)
    parser.add_argument("--new-pairs", type=int, default=3)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--root", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.way == "night":
        print(json.dumps(asdict(run_night(words.home, words.root, words.volcanoes))))
        return
    if words.way == "reference":
        found = decode_and_score(words.home, words.volcanoes, words.new_pairs)
        print(json.dumps(asdict(found)))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':18}{'volcanoes':>10}{'pairs':>7}{'requests':>10}{'seconds':>9}"
          f"{'processor s':>13}{'ms a volcano':>14}{'peak MB':>9}")  # fmt: skip
    sizes = sorted({max(1, words.volcanoes // 4), words.volcanoes})
    nights = {}
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            nights[count] = measure(Path(folder), count, words.new_pairs)
        for name, one in nights[count].items():
            print(
                f"{name:18}{one.volcanoes:10}{one.fetched:7}{one.requests:10}{one.wall_s:9.1f}"
                f"{one.processor_s:13.2f}{1e3 * one.processor_s / one.volcanoes:14.1f}"
                f"{one.peak_mb:9.0f}",
                flush=True,
            )
    few, all_of_them = nights[sizes[0]], nights[sizes[-1]]
    quiet, new, alone = (all_of_them[name] for name in ("quiet", "new", "decode and score"))
    own_s = quiet.processor_s / quiet.volcanoes * _OF_THE_AIM
    print(
        f"nothing new: {quiet.requests / quiet.volcanoes:.2f} requests a frame, {own_s:.1f} s of "
        f"processor for {_OF_THE_AIM} volcanoes (aim: at most {QUIET_AIM_S:.0f}), memory "
        f"{quiet.peak_mb / few['quiet'].peak_mb:.2f} of that of a quarter"
    )
    print(
        f"new pairs: {new.processor_s / alone.processor_s:.2f} of decoding and scoring alone by "
        f"the processor, {new.wall_s / alone.wall_s:.2f} by the wall (aim: at most {NEW_AIM})"
    )


if __name__ == "__main__":
    main()
