"""Bring a volcano's pairs over a slow link: windows, whole files, and a plain client beside them.

    python -m benchmarks.ingest [--pairs 40] [--megabytes-per-second 2]

A server on loopback gives 2 MB/s in all and takes 80 ms for each request. The frame has the size of
a real one (3500 x 2700), in strips and compression as on the portal. The reference is what is done
today (LiCSBAS): HEAD and GET of whole files, four at a time. Prints bytes, requests, seconds and
peak memory, and the ratios to the reference in the same run.
"""

import argparse
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import requests
from scipy.ndimage import gaussian_filter

from benchmarks.shaped_portal import Link, shaped_portal
from catalogs.home.home import home_of, open_home
from catalogs.rasters.grid import Grid
from catalogs.rasters.writer import write_geotiff
from catalogs.records import DatePair, FrameId, Product
from catalogs.settings import Settings
from catalogs.world.volcanoes import find_volcano
from insar_models.phase.codes import wrap

FRAME = FrameId.parse("155D_02579_100800")
GRID = Grid(-24.0, 65.2, 0.001, 0.001, 3500, 2700)
"""Holds Fagradalsfjall (63.9 N, 22.3 W) in its middle rows."""
START, END = dt.date(2018, 1, 1), dt.date(2025, 1, 1)
VOLCANO = "fagradalsfjall"


@dataclass(frozen=True)
class Measured:
    """What one way of fetching cost."""

    way: str
    megabytes: float
    requests: int
    seconds: float
    peak_megabytes: float


def make_rasters(folder: Path) -> dict[Product, Path]:
    """Write one pair of a full-size frame; every pair of the server has its bytes."""
    generator = np.random.default_rng(7)
    shape = (GRID.height, GRID.width)
    smooth = gaussian_filter(generator.standard_normal(shape), 40) * 400
    phase = wrap(smooth + generator.normal(0, 0.4, shape))
    coherence = np.clip(generator.normal(150, 45, shape), 1, 255).astype(np.uint8)
    rows, columns = np.mgrid[: GRID.height, : GRID.width]
    # A frame is a tilted rectangle: a third of its raster, the corners, is no data.
    outside = np.abs((columns - GRID.width / 2) + 0.21 * (rows - GRID.height / 2)) > GRID.width / 3
    phase[outside], coherence[outside] = 0, 0
    paths = {product: folder / f"{product.value}.tif" for product in Product}
    write_geotiff(paths[Product.DIFF_PHA], phase, GRID)
    write_geotiff(paths[Product.CC], coherence, GRID)
    return paths


def make_pages(rasters: Mapping[Product, Path], count: int) -> dict[str, bytes | Path]:
    """The paths of a portal with `count` pairs, 12 days long."""
    first = dt.date(2020, 1, 3)
    dates = [first + dt.timedelta(days=12 * number) for number in range(count + 1)]
    pairs = [DatePair(*both) for both in pairwise(dates)]
    frame = f"{FRAME.track}/{FRAME}/interferograms"
    listing = "".join(f'<a href="{pair}">{pair}</a>\n' for pair in pairs)
    pages: dict[str, bytes | Path] = {f"/LiCSAR_products/{frame}/": listing.encode()}
    for pair in pairs:
        lines = []
        for product, path in rasters.items():
            file = f"/LiCSAR_products.public/{frame}/{pair}/{pair}{product.ending}"
            pages[file] = path
            lines.append(f"<a href='{{origin}}{file}'>{pair}{product.ending}</a><br />\n")
        pages[f"/LiCSAR_products/{frame}/{pair}"] = "".join(lines).encode()
    return pages


def fetch_ours(root: str, home: Path, *, whole_files: bool) -> None:
    """Discover and download all pairs, as a backfill does before it tiles."""
    from tasks.ingest.discover import discover_frame  # noqa: PLC0415 - what the child's memory is about
    from tasks.ingest.download import download_pairs  # noqa: PLC0415
    from tasks.records import FrameRequest  # noqa: PLC0415

    settings = Settings(home=home, portal=(root,), whole_files=whole_files)
    open_home(home_of(settings))
    request = FrameRequest(find_volcano(VOLCANO), FRAME, START, END)
    plan = discover_frame(request, settings)
    for first in range(0, len(plan.to_fetch), settings.pairs_per_batch):
        batch = plan.to_fetch[first : first + settings.pairs_per_batch]
        report = download_pairs(request, batch, settings)
        if report.problems:
            raise SystemExit("\n".join(map(str, report.problems)))


def fetch_plainly(root: str, home: Path, files: list[str]) -> None:
    """HEAD and GET of whole files, four at a time, each held in memory: the reference."""
    home.mkdir(parents=True)
    origin = root.removesuffix("/LiCSAR_products")

    def fetch(path: str) -> None:
        url = origin + path
        requests.head(url, timeout=60).raise_for_status()
        answer = requests.get(url, timeout=600)
        (home / Path(path).name).write_bytes(answer.content)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(fetch, files))


def measure(way: str, pages: Mapping[str, bytes | Path], link: Link) -> Measured:
    """Run one way in a process of its own and count what went over the link."""
    with tempfile.TemporaryDirectory() as folder, shaped_portal(pages, link) as (origin, traffic):
        words = [sys.executable, "-m", "benchmarks.ingest", "--way", way, "--root"]
        words += [f"{origin}/LiCSAR_products", "--home", str(Path(folder) / "home")]
        files = "\n".join(sorted(path for path in pages if path.endswith(".tif")))
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        start = time.monotonic()
        done = subprocess.run(  # noqa: S603 - ourselves
            words, input=files, text=True, capture_output=True, check=False, env=environment
        )
        seconds = time.monotonic() - start
        if done.returncode:
            raise SystemExit(done.stderr)
        peak = float(done.stdout.split()[-1])
        return Measured(way, traffic.bytes_sent / 1e6, traffic.requests, seconds, peak)


def run_way(way: str, root: str, home: Path) -> None:
    """Be the child: fetch in one way, then print the peak of resident memory in MB."""
    if way == "reference":
        fetch_plainly(root, home, sys.stdin.read().split())
    else:
        fetch_ours(root, home, whole_files=way == "whole files")
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--megabytes-per-second", type=float, default=2.0)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--root", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.way:
        run_way(words.way, words.root, words.home)
        return
    rate = words.megabytes_per_second
    with tempfile.TemporaryDirectory() as folder:
        rasters = make_rasters(Path(folder))
        pages = make_pages(rasters, words.pairs)
        size = sum(path.stat().st_size for path in rasters.values()) / 1e6
        print(f"{words.pairs} pairs of {size:.1f} MB, {rate:g} MB/s in all, 80 ms a request")
        link = Link(bytes_per_s=rate * 1e6)
        rows = [measure(way, pages, link) for way in ("window reads", "whole files", "reference")]
    reference = rows[-1]
    print(
        f"{'':14}{'MB':>9}{'requests':>10}{'seconds':>9}{'peak MB':>9}{'bytes':>8}{'time':>7}"
        f"{'link busy':>11}"
    )
    for row in rows:
        print(
            f"{row.way:14}{row.megabytes:9.1f}{row.requests:10d}{row.seconds:9.1f}"
            f"{row.peak_megabytes:9.0f}{row.megabytes / reference.megabytes:8.1%}"
            f"{row.seconds / reference.seconds:7.1%}{row.megabytes / rate / row.seconds:11.1%}"
        )


if __name__ == "__main__":
    main()
