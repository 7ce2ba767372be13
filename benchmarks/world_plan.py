"""A dry run of the whole world: what would be fetched for all Holocene volcanoes, ten years each.

    python -m benchmarks.world_plan [--volcanoes 1500] [--frames 2] [--pairs 4000]

A server on loopback lists as many pairs for each of made-up frames as long-watched frames of the
portal have; the dry run is the one of `fringewatch backfill --dry-run`, frame by frame, against an
empty home, with limits on requests lifted. Only sums are kept of each volcano. Time and memory are
measured for a quarter of the volcanoes and for all, each in a process of its own. Below stands what
the plan means in bytes, requests and days, by the figures of docs/scale.md, which are options.
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
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.shaped_portal import Link, shaped_portal
from catalogs.records import DatePair, FrameId, Volcano
from catalogs.settings import Settings
from catalogs.world.volcanoes import shipped_catalogue
from tasks.records import WatchRequest
from tasks.watch import preview_volcano

AIM_S: Final = 600.0
"""Of processor, for the whole plan: minutes."""
FLAT: Final = 1.1
"""Times the memory of a quarter that all may take."""

_FIRST: Final = dt.date(2016, 1, 1)
_LAST: Final = dt.date(2026, 1, 1)
_QUICK: Final = Link(bytes_per_s=1e9, seconds_per_request=0.0)
_DAY_S: Final = 86_400
_TRACKS: Final = 175


@dataclass(frozen=True)
class Planned:
    """What a dry run took."""

    volcanoes: int
    frames: int
    pairs: int
    wall_s: float
    processor_s: float
    peak_mb: float


def volcanoes_of(count: int, frames: int) -> Iterator[Volcano]:
    """Give so many made-up volcanoes with so many frames each."""
    for number in range(count):
        own = tuple(
            FrameId.parse(f"{1 + at % _TRACKS:03d}{'AD'[at % 2]}_{at // _TRACKS:05d}_131313")
            for at in range(number * frames, (number + 1) * frames)
        )
        yield Volcano(
            gvp_number=100_000 + number,
            name=f"Volcano {number}",
            slug=f"volcano-{number}",
            region="made up",
            latitude=0.0,
            longitude=0.0,
            frames=own,
        )


def pairs_named(count: int) -> list[DatePair]:
    """Return so many pairs within ten years, several to a date."""
    days = (_LAST - _FIRST).days - 60
    found = []
    for number in range(count):
        first = _FIRST + dt.timedelta(days=number * days // count)
        found.append(DatePair(first, first + dt.timedelta(days=6 + 6 * (number % 4))))
    return list(dict.fromkeys(found))


class OneListing(dict[str, bytes | Path]):
    """A portal all of whose frames have the same pairs."""

    def __init__(self, pairs: int, frames: Iterable[FrameId]) -> None:
        lines = (f'<a href="{pair}">{pair}</a>\n' for pair in pairs_named(pairs))
        listing = "".join(lines).encode()
        super().__init__(
            (f"/LiCSAR_products/{frame.track}/{frame}/interferograms/", listing) for frame in frames
        )


def plan(home: Path, root: str, count: int, frames: int) -> Planned:
    """Run dry for so many volcanoes, one after another; in a process of its own."""
    settings = Settings(home=home, portal=(root,), requests_per_second=1000.0)
    wall, processor, pairs = time.perf_counter(), time.process_time(), 0
    for volcano in volcanoes_of(count, frames):
        request = WatchRequest(volcano, volcano.frames, _FIRST, _LAST)
        for found in preview_volcano(request, settings):
            if found.problems or found.source is None:
                sys.exit(f"{volcano.name}: {found}")
            pairs += len(found.to_fetch)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Planned(count, count * frames, pairs, wall, processor, peak)


def measure(words: argparse.Namespace, count: int) -> Planned:
    """Return the plan of so many volcanoes, made by a child."""
    frames = [frame for one in volcanoes_of(count, words.frames) for frame in one.frames]
    pages = OneListing(words.pairs, frames)
    with tempfile.TemporaryDirectory() as folder, shaped_portal(pages, _QUICK) as (origin, _):
        command = [sys.executable, "-m", "benchmarks.world_plan"]
        command += ["--root", f"{origin}/LiCSAR_products", "--home", str(Path(folder) / "home")]
        command += ["--volcanoes", str(count), "--frames", str(words.frames)]
        done = subprocess.run(command, text=True, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{done.stdout}\n{done.stderr}")
    return Planned(**json.loads(done.stdout.splitlines()[-1]))


def print_catalogue() -> None:
    """Print how many cubes the catalogue's volcanoes make, and where most of them are."""
    volcanoes = shipped_catalogue().volcanoes
    cubes = Counter({each.region: 0 for each in volcanoes})
    for each in volcanoes:
        cubes[each.region] += len(each.frames)
    frames = {frame for each in volcanoes for frame in each.frames}
    most = ", ".join(f"{region} {count}" for region, count in cubes.most_common(3))
    print(
        f"the catalogue: {len(volcanoes)} volcanoes in {len(frames)} frames, which make "
        f"{cubes.total():,} cubes, if the source has all; most in {most}"
    )


def print_meaning(whole: Planned, words: argparse.Namespace) -> None:
    """Print what the plan means: bytes, requests, and days by what limits them."""
    tera = whole.pairs * words.megabytes_a_pair / 1e6
    requests = whole.pairs * words.requests_a_pair
    days = {
        f"at {words.requests_a_second:g} requests a second": requests / words.requests_a_second,
        f"at {words.megabytes_a_second:g} MB/s": tera * 1e6 / words.megabytes_a_second,
    }
    words_of_days = "; ".join(f"{each / _DAY_S:.0f} days {name}" for name, each in days.items())
    print(f"{tera:.1f} TB and {requests / 1e6:.1f} million requests to download: {words_of_days}")
    core_hours = whole.pairs * (words.tile_ms + words.score_ms) / 3.6e6
    print(
        f"{core_hours:.0f} core hours to tile and score ({words.tile_ms:g} and {words.score_ms:g} "
        f"ms a pair); {whole.pairs * words.kilobytes_a_pair / 1e9:.1f} TB of cubes"
    )


def main() -> None:
    """Print time, memory and meaning of the plan."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--volcanoes", type=int, default=1500)
    parser.add_argument("--frames", type=int, default=2, help="of each volcano")
    parser.add_argument("--pairs", type=int, default=4000, help="of each frame")
    parser.add_argument("--megabytes-a-pair", type=float, default=4.4)
    parser.add_argument("--requests-a-pair", type=float, default=5)
    parser.add_argument("--requests-a-second", type=float, default=5)
    parser.add_argument("--megabytes-a-second", type=float, default=2)
    parser.add_argument("--tile-ms", type=float, default=21)
    parser.add_argument("--score-ms", type=float, default=26)
    parser.add_argument("--kilobytes-a-pair", type=float, default=288)
    parser.add_argument("--root", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.root:
        print(json.dumps(asdict(plan(words.home, words.root, words.volcanoes, words.frames))))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'volcanoes':>10}{'frames':>8}{'pairs':>12}{'seconds':>9}{'processor s':>13}"
          f"{'ms a frame':>12}{'peak MB':>9}")  # fmt: skip
    sizes = sorted({max(1, words.volcanoes // 4), words.volcanoes})
    found = [measure(words, count) for count in sizes]
    for one in found:
        print(
            f"{one.volcanoes:10}{one.frames:8}{one.pairs:12,}{one.wall_s:9.1f}"
            f"{one.processor_s:13.1f}{1e3 * one.processor_s / one.frames:12.1f}{one.peak_mb:9.0f}"
        )
    print(
        f"the plan: {found[-1].processor_s:.0f} s of processor (aim: at most {AIM_S:.0f}), memory "
        f"{found[-1].peak_mb / found[0].peak_mb:.2f} of that of a quarter (aim: at most {FLAT})"
    )
    print_meaning(found[-1], words)
    print_catalogue()


if __name__ == "__main__":
    main()
