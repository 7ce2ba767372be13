"""What stays on one machine when a corpus is built by many: the planner, and the scheduler.

    python -m benchmarks.corpus_planner [--candidates 100000] [--files 10000]

The planner chooses among all candidates and writes the plan: its seconds and its memory grow with
them. The scheduler is given as many items as there are files, and a function that does nothing:
what is left is its own cost. Beside it stands the number of keys that a Dask array over the same
files would have, which is counted and never run. Each is measured in a process of its own.
"""

import argparse
import dataclasses
import datetime as dt
import hashlib
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import dask.array as da
import numpy as np
from distributed.protocol.pickle import dumps
from numpy.typing import NDArray

from catalogs.corpora.candidate import NO_LABEL, Candidate
from catalogs.corpora.plan import make_plan, write_plan
from catalogs.corpora.recipe import CorpusRecipe, CubesSource
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from catalogs.world.volcanoes import load_volcanoes
from fringewatch.numbers import PIXEL_DEGREES, WINDOW_SIZE
from insar_models.phase.window_patches import PATCH_ORIGINS, PATCHES_PER_WINDOW
from tasks.corpora.choose import choose
from tasks.corpora.patch_source import Item, PatchSource
from tasks.corpora.sources import open_source
from tasks.progress import listening
from tasks.workers.opening import open_workers

_PAIRS_OF_A_FRAME: Final = 1000
_FIRST_DAY: Final = dt.date(2015, 1, 1)
_WORKERS: Final = 2


def memory_of(name: str, process: int | None = None) -> int:
    """Return ``VmRSS`` or the peak ``VmHWM`` of a process in bytes; 0 of one that has ended."""
    try:
        status = Path(f"/proc/{process or 'self'}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    _, found, rest = status.partition(f"{name}:")
    return int(rest.split()[0]) * 1024 if found else 0


@dataclass(frozen=True)
class Planned:
    """What the planner took."""

    candidates: int
    choose_s: float
    plan_s: float
    """To check and hash the plan, and to write it."""
    candidate_bytes: int
    """Of memory, for the candidates as they come from the survey."""
    peak_bytes: int
    """Beyond what the imports take."""
    file_bytes: int
    shard_task_bytes: int
    """What travels to the writer of one shard: its rows of the plan."""


@dataclass(frozen=True)
class Scheduled:
    """What so many items took that do nothing."""

    items: int
    task_bytes: int
    seconds: float
    start_s: float
    peak_bytes: int
    """Of the process that holds the scheduler, from the first item on."""
    naive_keys: int
    """Of a Dask array over as many files."""


def plan_many(count: int) -> Planned:
    """Choose among made-up candidates of real frames, and plan; in a process of its own."""
    recipe = CorpusRecipe(sources=(CubesSource(),))
    choose(_candidates(1), recipe)  # imports as it goes
    before = memory_of("VmRSS")
    candidates = _candidates(-(-count // PATCHES_PER_WINDOW))
    held = memory_of("VmRSS") - before
    start = time.perf_counter()
    rows = choose(candidates, recipe)
    chosen = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        plan = make_plan("benchmark", recipe, rows)
        place = Folder(Path(folder) / "plan.parquet")
        write_plan(plan, place)
        end = time.perf_counter()
        file_bytes = place.folder.stat().st_size
    peak = memory_of("VmHWM") - before
    task = len(dumps(plan.part(0)))
    return Planned(len(candidates), chosen - start, end - chosen, held, peak, file_bytes, task)


def schedule_many(count: int) -> Scheduled:
    """Send items that do nothing through embedded workers; in a process of its own."""
    recipe = CorpusRecipe(sources=(CubesSource(),))
    work = partial(do_nothing, (open_source(0, recipe, Folder(Path("/home/of/somebody/cubes"))),))
    items = [Item(0, f"fernandina/{number:06d}", number, 16) for number in range(count)]
    start = time.perf_counter()
    with (
        listening(lambda step, done, total: None),  # noqa: ARG005
        open_workers(Settings(workers=_WORKERS)) as workers,
    ):
        sum(1 for _ in workers.run(work, items[: 4 * _WORKERS], "warming up"))
        begun, before = time.perf_counter(), memory_of("VmRSS")
        done = sum(1 for _ in workers.run(work, items, "doing nothing"))
        end = time.perf_counter()
        peak = memory_of("VmHWM")
    if done != count:
        message = f"{done} of {count} items came back"
        raise RuntimeError(message)
    naive = naive_keys(count)
    task = len(dumps(work)) + len(dumps(items[-1]))
    return Scheduled(count, task, end - begun, begun - start, max(peak - before, 0), naive)


def do_nothing(sources: tuple[PatchSource, ...], item: Item) -> int:
    """Stand for a survey: takes what that takes, and gives a number."""
    return len(sources) + item.count


def naive_keys(files: int) -> int:
    """Return the keys of a Dask array of all patches of the files, and of their valid shares.

    A file is a chunk; nine slices of it are stacked and each is reduced: what one writes first.
    """
    chunks = ((1,) * files, (WINDOW_SIZE,), (WINDOW_SIZE,))
    phase = da.map_blocks(_read_nothing, chunks=chunks, dtype=np.uint8, meta=_read_nothing())
    patches = da.stack([phase[:, *origin.slices] for origin in PATCH_ORIGINS], axis=1)
    valid = (patches != 0).mean(axis=(2, 3))
    return len(dict(valid.__dask_graph__()))


def _read_nothing() -> NDArray[np.uint8]:
    return np.zeros((1, WINDOW_SIZE, WINDOW_SIZE), dtype=np.uint8)


def print_planner(candidates: int = 100_000) -> None:
    """Print what the planner takes for so many candidates, and for a million at that rate."""
    found: Planned = in_a_process(plan_many, candidates)
    scale = 1e6 / found.candidates
    print(f"\n{'planner':34}{found.candidates:>10} candidates {'a million, in proportion':>26}")
    for name, value in (
        ("choose, s", found.choose_s),
        ("check, hash and write the plan, s", found.plan_s),
        ("candidates in memory, MB", found.candidate_bytes / 1e6),
        ("peak of memory, MB", found.peak_bytes / 1e6),
        ("the plan's file, MB", found.file_bytes / 1e6),
    ):
        print(f"{name:34}{value:10.2f} {value * scale:37.1f}")
    print(f"a shard's task is {found.shard_task_bytes / 1e3:.1f} KB")


def print_scheduler(files: int = 10_000) -> None:
    """Print what it takes to hand out so many planned files, and what a Dask array would hold."""
    found: Scheduled = in_a_process(schedule_many, files)
    print(
        f"\n{found.items} planned files, none of them read, {_WORKERS} embedded workers:\n"
        f"  {found.items} tasks, one a file; {found.task_bytes} bytes are sent for each\n"
        f"  {found.seconds:.1f} s, {found.seconds / found.items * 1e3:.2f} ms a task; the workers' "
        f"start took {found.start_s:.1f} s\n"
        f"  the scheduler's process grew by {found.peak_bytes / 1e6:.0f} MB at most\n"
        f"  a Dask array of the same patches would hold {found.naive_keys} keys, "
        f"{found.naive_keys / found.items:.0f} a file"
    )


def in_a_process(work: Callable[[Any], Any], word: Any) -> Any:
    """Return what a work gives in a process of its own, whose memory is nobody else's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(work, word).result()


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=10_000)
    words = parser.parse_args()
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{os.cpu_count()} processors, load average {load}")
    print_planner(words.candidates)
    print_scheduler(words.files)


def _candidates(pairs: int) -> list[Candidate]:
    """Patches of `pairs` pairs, a thousand of each frame of the catalogue, none equal."""
    frames = [(volcano, frame) for volcano in load_volcanoes() for frame in volcano.frames]
    found = []
    for number in range(pairs):
        volcano, frame = frames[number // _PAIRS_OF_A_FRAME % len(frames)]
        day = _FIRST_DAY + dt.timedelta(days=number % _PAIRS_OF_A_FRAME)
        blank = Candidate(
            source=0,
            kind="cubes",
            location=f"{volcano.slug}/{frame}",
            volcano=volcano.slug,
            frame=str(frame),
            primary=day,
            secondary=day + dt.timedelta(days=12),
            row=0,
            column=0,
            rotation=0,
            label=NO_LABEL,
            part="",
            north=volcano.latitude + 0.25,
            west=volcano.longitude - 0.25,
            source_sha256=hashlib.sha256(f"{number}".encode()).hexdigest(),
            sha256="",
            shape_sha256="",
            valid_fraction=0.9,
            coherence_mean=0.5,
            phasor_coherence=0.7,
            fringe_rate=0.05,
            equal_share=0.02,
            problem="",
        )
        found += [_patch(blank, number, place) for place in range(PATCHES_PER_WINDOW)]
    return found


def _patch(blank: Candidate, number: int, place: int) -> Candidate:
    origin = PATCH_ORIGINS[place]
    sha256 = hashlib.sha256(f"{number} {place}".encode()).hexdigest()
    return dataclasses.replace(
        blank,
        row=origin.row,
        column=origin.column,
        north=blank.north - origin.row * PIXEL_DEGREES,
        west=blank.west + origin.column * PIXEL_DEGREES,
        sha256=sha256,
        shape_sha256=sha256,
    )


if __name__ == "__main__":
    main()
