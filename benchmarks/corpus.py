"""How quickly a corpus is built out of cubes, with one worker and with two, and what it takes.

    python -m benchmarks.corpus [--pairs 512] [--patches 4096]

Cubes are made of a few simulated scenes, each shifted from pair to pair so that no two patches are
equal. Then the same corpus is built twice in processes of their own: by one worker, which is the
reference, and by two. Rates are of the last three quarters of a step, when workers have started
and imported; the whole build counts everything. Files lie in the system's cache.
`benchmarks.corpus_planner` follows (the planner's memory, the scheduler's cost for 10,000 files)
unless `--alone` is given, and with `--patches` also `benchmarks.corpus_batches`.
"""

import argparse
import datetime as dt
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.corpus_planner import in_a_process, memory_of, print_planner, print_scheduler
from catalogs.corpora.recipe import CorpusRecipe, CubesSource
from catalogs.cubes.cube import open_cube
from catalogs.cubes.pair_tile import PairTile
from catalogs.home.home import home_of, open_home
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.records import DatePair
from catalogs.settings import Settings
from catalogs.storage.place import Place
from catalogs.world.volcanoes import find_volcano
from insar_models.phase.window_patches import PATCHES_PER_WINDOW
from tasks.corpora.build import build_shards, finish_corpus, plan_corpus
from tasks.corpora.cubes_source import PAIRS_IN_AN_ITEM
from tasks.corpora.random_scene import look_at, random_scene
from tasks.progress import listening
from tasks.workers.opening import open_workers

NAME: Final = "benchmark"
SHARD: Final = 64
"""Patches in a shard: few, so that there are enough shards to share."""
AIM: Final = 1.7
"""Times as quick as one that two workers are to be."""

_VOLCANOES: Final = ("fernandina", "wolf", "darwin", "alcedo")
_FIRST_DAY: Final = dt.date(2016, 1, 1)
_SCENES: Final = 8
_WHOLE: Final = len(_VOLCANOES) * PAIRS_IN_AN_ITEM
_WARM: Final = 0.25  # of a step: until then workers import, each for itself
_PATCH_BYTES: Final = 224 * 224


@dataclass
class Steady:
    """Rates of steps and peaks of processes, as progress is told."""

    started: dict[str, tuple[float, int]] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    """Items a second, of the last three quarters of a step."""
    worker_bytes: int = 0

    def hear(self, step: str, done: int, total: int) -> None:
        """Take a step's progress."""
        now = time.perf_counter()
        if done >= total * _WARM:
            self.started.setdefault(step, (now, done))
        first, already = self.started.get(step, (now, done))
        if done > already:
            self.rates[step] = (done - already) / (now - first)
        for child in multiprocessing.active_children():
            peak = memory_of("VmHWM", child.pid)
            self.worker_bytes = max(self.worker_bytes, peak)


@dataclass(frozen=True)
class Built:
    """What a build took with so many workers."""

    workers: int
    start_s: float
    """Until workers were there, and until they had ended."""
    survey_items_s: float
    plan_s: float
    """Survey, choice and plan."""
    shards_items_s: float
    shards_s: float
    finish_s: float
    parent_bytes: int
    """Peak beyond what its imports take."""
    worker_bytes: int
    """Peak of the largest worker process, imports included; 0 without one."""
    candidates: int
    patches: int
    version: str

    @property
    def whole_s(self) -> float:
        """The whole build, the start of workers included."""
        return self.plan_s + self.shards_s + self.finish_s


def make_cubes(home: Path, count: int) -> None:
    """Write cubes with `count` pairs in all, in a home that is made for them."""
    kept = open_home(home_of(Settings(home=home)))
    scenes = [look_at(random_scene(1, number)) for number in range(_SCENES)]
    for number, name in enumerate(_VOLCANOES):
        volcano = find_volcano(name)
        frame = volcano.frames[0]
        grid = Grid(volcano.longitude - 1, volcano.latitude + 1, 0.001, 0.001, 2000, 2000)
        window = volcano_window(grid, volcano.latitude, volcano.longitude)
        tiles = []
        for place in range(number, count, len(_VOLCANOES)):
            day = _FIRST_DAY + dt.timedelta(days=6 * place)
            scene, shift = scenes[place % _SCENES], (37 * place % 500, 101 * place % 500)
            phase, coherence = (
                np.roll(part, shift, axis=(0, 1)) for part in (scene.phase, scene.coherence)
            )
            tiles.append(PairTile(DatePair(day, day + dt.timedelta(days=12)), phase, coherence))
        cube = kept.cube(volcano.slug, frame)
        open_cube(cube, volcano.slug, frame, window).append(tiles)


def build(words: tuple[Path, int]) -> Built:
    """Build the corpus and measure; to be called in a process of its own."""
    home, workers = words
    settings = Settings(home=home, workers=workers)
    recipe = CorpusRecipe(sources=(CubesSource(),), patches_in_a_shard=SHARD)
    heard = Steady()
    before = memory_of("VmRSS")
    with listening(heard.hear):
        start_s, _ = timed(lambda: _start(settings))
        plan_s, plan = timed(lambda: plan_corpus(NAME, recipe, settings))
        address = str(home_of(settings).corpora / NAME / "plans" / f"{plan.version}.parquet")
        shards_s, _ = timed(lambda: build_shards(address, None, settings))
        finish_s, _ = timed(lambda: finish_corpus(address))
    return Built(
        workers,
        start_s,
        heard.rates["surveying"],
        plan_s,
        heard.rates["writing shards"],
        shards_s,
        finish_s,
        memory_of("VmHWM") - before,
        heard.worker_bytes,
        len(plan.rows),
        plan.patches,
        plan.version,
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a work took, and what it gave."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def size_of(place: Place) -> int:
    """Return the bytes of all files below a place."""
    return sum(file.size for file in place.files())


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=512, help="in whole 128s")
    parser.add_argument("--patches", type=int, default=0, help="also the batches of so many")
    parser.add_argument("--alone", action="store_true", help="without what follows")
    words = parser.parse_args()
    # Four cubes, each surveyed in pieces of 32 pairs: all pieces are alike.
    pairs = max(words.pairs // _WHOLE, 1) * _WHOLE
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        seconds, _ = timed(lambda: make_cubes(Path(folder) / "home", pairs))
        print(f"{pairs} pairs in {len(_VOLCANOES)} cubes, made in {seconds:.1f} s")
        _measure(Path(folder) / "home", pairs)
    if words.alone:
        return
    print_planner()
    print_scheduler()
    if words.patches:
        command = [sys.executable, "-m", "benchmarks.corpus_batches", "--patches"]
        subprocess.run([*command, str(words.patches)], check=True)  # noqa: S603 - ourselves


def print_machine() -> None:
    """Print what else the machine does: figures of a busy one are too low."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{os.cpu_count()} processors, load average {load}\n")


def _measure(home: Path, pairs: int) -> None:
    kept = home_of(Settings(home=home))
    built = []
    for workers in (1, 2):
        built.append(in_a_process(build, (home, workers)))
        version = kept.corpora / NAME / f"{built[-1].version}.zarr"
        size = size_of(version)
        (kept.corpora / NAME).remove()
    if built[0].version != built[1].version:
        message = "two workers have made another corpus than one"
        raise RuntimeError(message)
    _print_built(built)
    whole = size_of(kept.cubes)
    patches = built[0].patches
    print(
        f"\nthe cubes take {whole / 1e6:.1f} MB, {whole / pairs / 1e3:.0f} KB a pair; the version "
        f"{size / 1e6:.1f} MB, {size / patches / 1e3:.1f} KB a patch, {size / whole:.2f} of the "
        f"cubes; {patches} of {built[0].candidates} patches were kept"
    )
    print_machine()


def _print_built(built: list[Built]) -> None:
    one, two = built
    rows: list[tuple[str, Callable[[Built], float], bool]] = [
        ("survey, pairs/s", lambda b: b.survey_items_s * PAIRS_IN_AN_ITEM, True),
        (
            "survey, patches/s",
            lambda b: b.survey_items_s * PAIRS_IN_AN_ITEM * PATCHES_PER_WINDOW,
            True,
        ),
        ("shards, patches/s", lambda b: b.shards_items_s * SHARD, True),
        ("shards, MB/s of pixels", lambda b: b.shards_items_s * SHARD * _PATCH_BYTES / 1e6, True),
        ("workers' start and end, s", lambda b: b.start_s, False),
        ("survey and plan, s", lambda b: b.plan_s, False),
        ("all shards, s", lambda b: b.shards_s, False),
        ("finish, s", lambda b: b.finish_s, False),
        ("whole build, s", lambda b: b.whole_s, False),
        ("peak of the parent, MB", lambda b: b.parent_bytes / 1e6, False),
        ("peak of a worker, MB", lambda b: b.worker_bytes / 1e6, False),
    ]
    print(f"\n{'':28}{'1 worker':>10}{'2 workers':>11}{'ratio':>8}")
    for name, value, more_is_better in rows:
        first, second = value(one), value(two)
        quicker = second / first if more_is_better else first / second if second else 0.0
        ratio = f"{quicker:7.2f} x" if "MB" not in name or more_is_better else ""
        print(f"{name:28}{first:10.2f}{second:11.2f}{ratio}")
    reached = min(two.survey_items_s / one.survey_items_s, two.shards_items_s / one.shards_items_s)
    print(f"the aim of {AIM} x is {'reached' if reached >= AIM else 'missed'} ({reached:.2f} x)")


def _start(settings: Settings) -> None:
    with open_workers(settings):
        pass


if __name__ == "__main__":
    main()
