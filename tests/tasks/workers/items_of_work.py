"""What tests let workers do: plain functions of a module, as they have to be."""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import numpy as np

from fringewatch.errors import CorruptProductError
from tasks.workers.opening import Workers


def third(number: int) -> int:
    if number == 3:
        message = "the third is damaged"
        raise CorruptProductError(message)
    return number * 10


def full(number: int) -> int:
    if number == 3:
        raise MemoryError
    return number


def bug(number: int) -> float:
    return 1.0 / (number - 3)


def process(_item: int) -> tuple[int, str | None]:
    time.sleep(0.05)
    return os.getpid(), os.environ.get("OMP_NUM_THREADS")


def wait_for(folder: Path, number: int) -> int:
    """The first item ends only when somebody has written down that the second one did."""
    end = time.monotonic() + 30
    while number == 0 and not (folder / "1").exists():
        if time.monotonic() > end:
            return -1
        time.sleep(0.01)
    return number


def mark(folder: Path, number: int) -> int:
    (folder / str(number)).touch()
    return number


def die_first(folder: Path, number: int) -> int:
    """The third kills its process the first time."""
    marker = folder / str(number)
    if number == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(folder: Path, number: int) -> int:
    with (folder / str(number)).open("a") as tried:
        tried.write("x")
    time.sleep(0.02)
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fill_memory(number: int) -> int:
    if number == 1:
        hoard = np.ones(10**8)  # 0.8 GB
        time.sleep(60)
        return int(hoard[-1])
    return number


def nested(number: int) -> tuple[int, bool]:
    """What Dask does inside an item, and whether it went to the cluster for it."""
    total = dask.delayed(sum)([number, 1]).compute()
    return total, dask.config.get("scheduler") == "synchronous"


def hold(_lock: Any, number: int) -> int:
    return number


def new_lock(_item: int) -> Any:
    return threading.Lock()


def results(workers: Workers, work: Callable[[Any], Any], count: int) -> dict[int, Any]:
    pairs = list(workers.run(work, range(count), "test"))
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def sleep_then_name(number: int) -> int:
    time.sleep(0.3)
    return number


def pid_of(_item: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def page_faults(_item: int) -> int:
    """Of making and dropping 200 arrays of 400 KB: 98 pages each, if none is used again."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        np.ones(50_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
