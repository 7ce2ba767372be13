"""No test leaves a thread or a process behind: whoever does, fails, and not the test after it.

A thread that goes on after its test works in the middle of another: it draws from the global
random state, logs, or holds a port. What a fixture of a wider scope starts may live as long as the
fixture does.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Hashable, Iterable
from typing import Any, Final, TypeAlias

import psutil
import pytest

GRACE_S: Final = 20.0
"""How long what was told to end may take for it."""

PROCESS_WIDE: Final = {
    "zarr_io": "zarr's event loop; zarr ends it as the interpreter ends",
    "asyncio_": "the pool of zarr's event loop, for blocking calls",
    "AnyIO worker thread": "of Prefect's event loop, for blocking calls; idle, and ends by itself",
    "Profile": "distributed's, that looks where workers spend their time; a daemon",
    "TCP-Executor": "distributed's, for reading sockets; a daemon",
    "AsyncProcess": "distributed's, that waits for a worker to end; a daemon",
    "Dask-Offload": "distributed's pool for what is large; a daemon",
    "Dask-Callback-Thread": "distributed's, of futures whose scheduler was lost; a daemon",
    "IO loop": "distributed's, of a client that never got through; a daemon",
    "execnet": "speaks with pytest-xdist",
    "GlobalEventLoopThread": "Prefect's event loop; idle once its workers have ended",
    "RunSyncEventLoopThread": "another of Prefect's, for blocking calls",
}
"""How the names of threads begin that a library makes once for a process, and why they stay."""

STAYING_COMMANDS: Final = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Processes that the standard library makes once, and which end with the one that made them."""

Running: TypeAlias = threading.Thread | psutil.Process


class Watch:
    """Knows what runs in this process and below it, and to which fixture it belongs.

    Parameters
    ----------
    running : callable
        Gives all threads and processes of now.
    grace_s : float
        How long what was told to end may take for it.
    """

    def __init__(self, running: Callable[[], Iterable[Running]], grace_s: float = GRACE_S) -> None:
        self._running = running
        self._grace_s = grace_s
        self._known = set(running())
        self._lent: dict[Hashable, set[Running]] = {}

    def now(self) -> set[Running]:
        """Everything that runs now and did not when watching began."""
        return set(self._running()) - self._known

    def lend(self, owner: Hashable, started: set[Running]) -> None:
        """Let what was `started` live until `owner` is done."""
        self._lent.setdefault(owner, set()).update(started)

    def take_back(self, owner: Hashable) -> None:
        """What belonged to `owner` must have ended."""
        self._lent.pop(owner, None)

    def left(self) -> list[str]:
        """Descriptions of what is left behind after a little waiting, each told once."""
        deadline = time.monotonic() + self._grace_s
        while (left := self.now().difference(*self._lent.values())) and (
            time.monotonic() < deadline
        ):
            time.sleep(0.01)
        self._known |= left
        return sorted(map(_describe, left))


def running() -> list[Running]:
    """Threads and child processes of this process that can be left behind."""
    threads = [
        thread
        for thread in threading.enumerate()
        if thread is not threading.current_thread()
        and not thread.name.startswith(tuple(PROCESS_WIDE))
    ]
    children = psutil.Process().children() if _has_children() else []
    return [*threads, *filter(_is_left, children)]


def _has_children() -> bool:
    """Whether there is any, alive or not: quicker than to look at all processes there are."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # takes nobody's exit code
    except ChildProcessError:
        return False
    return True


def _is_left(process: psutil.Process) -> bool:
    """Whether a process is one that its test should have ended; one that has ended is none."""
    with contextlib.suppress(psutil.NoSuchProcess):
        command = " ".join(process.cmdline())
        return not any(staying in command for staying in STAYING_COMMANDS)
    return False


def _describe(running: Running) -> str:
    if isinstance(running, threading.Thread):
        return f"thread {running.name!r} ({type(running).__name__}, daemon: {running.daemon})"
    with contextlib.suppress(psutil.NoSuchProcess):
        return f"process {running.pid} ({running.status()}): {' '.join(running.cmdline())[:200]}"
    return f"process {running.pid}, which has ended since"


def end_prefects_workers() -> None:
    """End the threads that send Prefect's events and logs; the next flow starts new ones.

    They live as long as the process, and their line to the server pings every 20 seconds, with
    numbers from the global random state: in the midst of whatever test comes later.
    """
    for module, name in (
        ("prefect.events.worker", "EventsWorker"),
        ("prefect.logging.handlers", "APILogWorker"),
    ):
        if module in sys.modules:
            getattr(sys.modules[module], name).drain_all(timeout=GRACE_S, at_exit=False)


def end_dasks_threads() -> None:
    """End the pools that Dask keeps for work in threads; it makes new ones when it needs them."""
    threaded = sys.modules.get("dask.threaded")
    if threaded is None:
        return
    kept = [pool for pools in threaded.pools.values() for pool in pools.values()]
    for pool in (vars(threaded)["default_pool"], *kept):
        if pool is not None:
            pool.shutdown()
    vars(threaded)["default_pool"] = None
    threaded.pools.clear()


class LeftoverPlugin:
    """Fails the test, or the last one of a fixture's scope, that leaves something behind."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._watch = Watch(running, grace_s)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """What a wide fixture starts is lent to it."""
        if fixturedef.scope == "function":
            return (yield)
        before = self._watch.now()
        try:
            return (yield)
        finally:
            self._watch.lend(fixturedef, self._watch.now() - before)

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """A fixture that is done must have ended what it started."""
        self._watch.take_back(fixturedef)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """After everything of the test is torn down, look who is still there."""
        result = yield
        end_prefects_workers()
        end_dasks_threads()
        if item.get_closest_marker("restarts_workers"):
            self._watch.lend("the cluster of a wider fixture", self._watch.now())
        left = self._watch.left()
        if left:
            pytest.fail(f"{item.nodeid} left behind: {'; '.join(left)}", pytrace=False)
        return result
