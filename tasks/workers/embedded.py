"""Worker processes of this machine, that live as long as a block."""

import asyncio
import errno
import logging
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from typing import Final

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster, Security, Status, Worker
from distributed.system import MEMORY_LIMIT

from fringewatch.errors import FringewatchError, HomeError, OutOfMemoryError
from fringewatch.failures import foreseen
from tasks.workers.cluster import quiet_dask

GIGABYTE: Final = 10**9

_START_LIMIT: Final = 60.0  # seconds; two workers on an idle machine take two
_CLOSE_LIMIT: Final = 20.0  # seconds until what is left is killed
_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "BLOSC_NTHREADS": "1",
}
_SET_BY_DASK: Final = ("PYTHONHASHSEED", "__DASK_PARENT_PID")
_CONFIGURATION: Final = {
    "distributed.worker.multiprocessing-method": "spawn",
    "distributed.worker.preload": [__name__],
    # Without Dask's own MALLOC_TRIM_THRESHOLD_: with it each array of 128 KB and more is asked
    # from the system and given back, and work on patches takes five times as long.
    "distributed.nanny.pre-spawn-environ": _ONE_THREAD,
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.allowed-failures": 0,  # we count deaths, and try again, ourselves
    "distributed.scheduler.worker-ttl": None,  # a laptop that slept has not lost its workers
    "distributed.deploy.lost-worker-timeout": "1 hour",  # a slow restart is no lost worker
    # A worker that is nearly full goes on until it is stopped: one that paused would wait for
    # memory that nobody frees, and the run with it. Results are small and never spilled.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 1.0,
}


def fitting_workers(memory_gb: float) -> int:
    """Return how many workers this machine has processors for, and memory; at least 1."""
    fitting = int(MEMORY_LIMIT / (memory_gb * GIGABYTE))
    return max(1, min(int(CPU_COUNT), fitting))


@contextmanager
def embedded_client(count: int, memory_gb: float) -> Iterator[Client]:
    """Return a client of `count` new processes; they are gone when the block ends, however it does.

    They listen to this machine only, and to nobody without the key that they were born with. If
    this process is killed they end themselves.

    Raises
    ------
    HomeError
        If they do not start: a script that starts itself again, say.
    TryLaterError
        If there is no memory or no room on the disk for them.
    """
    with (
        _environment(),
        quiet_dask(),
        _folder() as folder,
        dask.config.set({**_CONFIGURATION, "temporary-directory": folder}),
    ):
        before = set(multiprocessing.active_children())
        cluster = _empty_cluster(memory_gb, folder)
        try:
            _start(cluster, count)
            with Client(cluster, set_as_default=False, timeout=_START_LIMIT) as client:
                yield client
        finally:
            _close(cluster, before)


def dask_setup(worker: Worker) -> None:  # noqa: ARG001 - Dask calls it by this name, with this
    """Prepare a worker process; Dask calls it at each start, in the main thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, that ends them all
    # Prefect, which some work imports, shows whatever others log; what matters in it, we say.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)


def _empty_cluster(memory_gb: float, folder: str) -> LocalCluster:
    """A scheduler of this process, without workers yet."""
    try:
        return LocalCluster(
            n_workers=0,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            protocol="tls",
            security=Security.temporary(),
            dashboard_address=None,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            memory_limit=min(int(memory_gb * GIGABYTE), MEMORY_LIMIT),
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError) as error:
        message = f"a scheduler cannot be started on this machine: {error}; use workers = 1"
        raise _not_started(error, message) from error


def _start(cluster: LocalCluster, count: int) -> None:
    """Start the workers in a cluster that exists already, so that an interrupt can close it."""

    async def opened() -> None:
        await cluster

    async def started() -> None:  # what is interrupted half way would be forgotten, not closed
        await asyncio.shield(opened())

    for _ in range(count):
        cluster.worker_spec.update(cluster.new_worker_spec())
    try:
        cluster.sync(started, callback_timeout=_START_LIMIT)
        cluster.wait_for_workers(count, timeout=_START_LIMIT)
    except (OSError, RuntimeError, TimeoutError) as error:
        message = (
            f"{count} worker processes could not be started ({type(error).__name__}: {error}): use "
            "fewer (the setting `workers`; 1 needs no other process); a script of your own has to "
            "call this under `if __name__ == '__main__'`"
        )
        raise _not_started(error, message) from error


def _close(cluster: LocalCluster, before: set[BaseProcess]) -> None:
    """End the workers; those that do not end in time are killed."""
    with suppress(TimeoutError):
        cluster.close(timeout=_CLOSE_LIMIT)
    for child in set(multiprocessing.active_children()) - before:
        if child.name.startswith("Dask Worker") and cluster.status != Status.closed:
            child.kill()


def _not_started(error: Exception, message: str) -> FringewatchError:
    """Return the error of workers that do not start; some reasons are gone a while later."""
    found = foreseen(error)
    if found is not None:
        return type(found)(f"{message} ({found})")
    is_short = isinstance(error, OSError) and error.errno in {errno.ENOMEM, errno.EAGAIN}
    return (OutOfMemoryError if is_short else HomeError)(message)


@contextmanager
def _folder() -> Iterator[str]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="fringewatch-", ignore_cleanup_errors=True)
    except OSError as error:
        message = f"worker processes need a temporary folder, and there is none: {error}"
        raise _not_started(error, message) from error
    with folder as path:
        yield path


@contextmanager
def _environment() -> Iterator[None]:
    """Set what worker processes inherit, and put it back afterwards: Dask would not."""
    before = {name: os.environ.get(name) for name in (*_ONE_THREAD, *_SET_BY_DASK)}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
