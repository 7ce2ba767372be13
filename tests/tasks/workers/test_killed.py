"""Workers of a scheduler elsewhere, and what is left when somebody is killed."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from distributed import KilledWorker

from catalogs.settings import Settings
from fringewatch.errors import BadInputError, SourceUnavailableError
from tasks.workers import cluster as workers_cluster
from tasks.workers import scheduler as workers_scheduler
from tasks.workers.opening import Failure, Workers, open_workers
from tests.tasks.elsewhere import ROOT, Elsewhere, wait_until
from tests.tasks.workers.items_of_work import die, pid_of, results, sleep_then_name

OTHER_VERSION = """
import distributed.versions as versions
def version(name, real=versions._version_cached):
    return "0.0.1" if name == "fringewatch" else real(name)
versions._version_cached = version
"""
SCRIPT = """
import multiprocessing, sys, time
from catalogs.settings import Settings
from tasks.workers.opening import open_workers

if __name__ == "__main__":
    with open_workers(Settings(workers=2)) as workers:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        for _ in workers.run(time.sleep, [60.0] * 4, "test"):
            pass
"""


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not fetched does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    elsewhere = Elsewhere(tmp_path)
    yield elsewhere
    elsewhere.end()


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_scheduler, "_CONNECT_LIMIT", 2.0)
    monkeypatch.setattr(workers_scheduler, "_CLOSE_LIMIT", 2.0)
    monkeypatch.setattr(workers_scheduler, "_WORKERS_LIMIT", 0.5)
    monkeypatch.setattr(workers_cluster, "_SILENCE", 0.5)
    monkeypatch.setattr(workers_cluster, "_ANSWER_LIMIT", 2.0)
    monkeypatch.setattr(workers_cluster, "_NO_WORKERS_LIMIT", 2.0)


_TRIES = 8


@contextlib.contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds


def disturbed(workers: Workers, process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Work for minutes; the process gets the signal when the first result is there."""
    for _ in workers.run(sleep_then_name, range(1000), "test"):
        process.send_signal(how)


@pytest.mark.usefixtures("short_limits")
def test_nobody_at_the_address_is_an_error_that_names_it() -> None:
    with (
        ends_within(15),
        pytest.raises(SourceUnavailableError, match=r"no Dask scheduler answers at tcp://127.*:9"),
        open_workers(Settings(scheduler="tcp://127.0.0.1:9")),
    ):
        pytest.fail("nobody is there")


@pytest.mark.parametrize(
    "address", ["nonsense", "carrier-pigeon://somewhere:1", "tls://127.0.0.1:9"]
)
def test_what_is_no_address_is_bad_input(address: str) -> None:
    with (
        pytest.raises(BadInputError, match=r"is no address of a scheduler"),
        open_workers(Settings(scheduler=address)),
    ):
        pytest.fail("nobody is there")


@pytest.mark.usefixtures("short_limits")
def test_a_client_that_gets_no_processor_is_try_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dask waits ten seconds for its own event loop, and then says no more than AssertionError."""

    def starved(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("tasks.workers.scheduler.Client", starved)
    with (
        pytest.raises(SourceUnavailableError, match="no Dask scheduler answers"),
        open_workers(Settings(scheduler="tcp://127.0.0.1:9")),
    ):
        pytest.fail("nobody is there")


def test_a_scheduler_without_workers_is_an_error(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_scheduler, "_WORKERS_LIMIT", 0.5)
    with pytest.raises(SourceUnavailableError, match=r"has no workers.*dask worker tcp://"):
        _open_where_there_is_a_processor(elsewhere.address)


def _open_where_there_is_a_processor(address: str) -> None:
    """Open workers of a scheduler that runs; try again where Dask itself gave up waiting.

    Its event loop may not have begun after ten seconds, nor a scheduler of a busy machine have
    answered after twenty: the error is another one then, which says nothing of workers.
    """
    for _ in range(_TRIES):
        try:
            with open_workers(Settings(scheduler=address)):
                pytest.fail("nobody is there")
        except SourceUnavailableError as error:
            if not isinstance(error.__cause__, AssertionError | TimeoutError | OSError):
                raise
    pytest.fail(f"no processor for Dask in {_TRIES} tries")


def test_a_lost_scheduler_ends_the_run_with_an_error(elsewhere: Elsewhere) -> None:
    elsewhere.add_worker("--no-nanny")
    with (
        ends_within(25),
        pytest.raises(
            SourceUnavailableError,
            match=r"scheduler at tcp://.* was lost .*run again, what is done",
        ),
        open_workers(Settings(scheduler=elsewhere.address)) as workers,
    ):
        disturbed(workers, elsewhere.scheduler, signal.SIGKILL)


@pytest.mark.long
def test_workers_elsewhere_give_the_same_results(elsewhere: Elsewhere, tmp_path: Path) -> None:
    for _ in range(2):
        elsewhere.add_worker()
    with open_workers(Settings(scheduler=elsewhere.address)) as workers:
        wait_until(lambda: len(set(results(workers, pid_of, 30).values())) == 2)
        assert results(workers, math.sqrt, 30) == {n: math.sqrt(n) for n in range(30)}
    with open_workers(Settings(scheduler=elsewhere.address), most=1) as workers:
        assert workers.count == 1


@pytest.mark.long
@pytest.mark.usefixtures("short_limits")
def test_workers_that_come_later_are_used(elsewhere: Elsewhere) -> None:
    elsewhere.add_worker()
    wait_until(lambda: _opens(elsewhere))
    with open_workers(Settings(scheduler=elsewhere.address)) as workers:
        assert workers.count == 1
        seen = set()
        for number, (_, pid) in enumerate(workers.run(pid_of, range(2000), "test")):
            if number == 0:
                for _ in range(5):
                    elsewhere.add_worker()
            seen.add(pid)
            if len(seen) >= 5:
                break
    assert len(seen) >= 5, "two items under way would be too few for them"


@pytest.mark.long
@pytest.mark.usefixtures("short_limits")
def test_a_scheduler_that_falls_silent_is_lost(elsewhere: Elsewhere) -> None:
    elsewhere.add_worker()
    wait_until(lambda: _opens(elsewhere))
    with (
        ends_within(25),
        pytest.raises(SourceUnavailableError, match="was lost"),
        open_workers(Settings(scheduler=elsewhere.address)) as workers,
    ):
        disturbed(workers, elsewhere.scheduler, signal.SIGSTOP)


@pytest.mark.long
@pytest.mark.usefixtures("short_limits")
def test_a_scheduler_whose_workers_are_gone_is_lost(elsewhere: Elsewhere) -> None:
    worker = elsewhere.add_worker("--no-nanny")
    wait_until(lambda: _opens(elsewhere))
    with (
        ends_within(25),
        pytest.raises(SourceUnavailableError, match="no workers for 2 seconds"),
        open_workers(Settings(scheduler=elsewhere.address)) as workers,
    ):
        disturbed(workers, worker, signal.SIGKILL)


def _opens(elsewhere: Elsewhere) -> bool:
    with (
        contextlib.suppress(SourceUnavailableError),
        open_workers(Settings(scheduler=elsewhere.address)),
    ):
        return True
    return False


@pytest.mark.long
def test_an_item_that_kills_workers_elsewhere_is_given_up(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    for _ in range(2):
        elsewhere.add_worker()
    with open_workers(Settings(scheduler=elsewhere.address)) as workers:
        found = results(workers, partial(die, tmp_path), 6)
    failure = found.pop(3)
    assert isinstance(failure, Failure)
    assert "a worker died" in failure.reason
    assert "scheduler's workers more memory" in failure.reason
    assert found == {n: n for n in (0, 1, 2, 4, 5)}


@pytest.mark.long
def test_workers_of_another_version_are_refused(elsewhere: Elsewhere, tmp_path: Path) -> None:
    preload = tmp_path / "other_version.py"
    preload.write_text(OTHER_VERSION)
    elsewhere.add_worker("--preload", str(preload))
    with (
        pytest.raises(BadInputError, match=r"worker tcp://.* has fringewatch 0\.0\.1, and here"),
        open_workers(Settings(scheduler=elsewhere.address)),
    ):
        pytest.fail("they are not the same")


class DyingInTwos:
    """Stands for a scheduler with one worker: item 3 kills it, and who is there dies with it."""

    def __init__(self) -> None:
        self.under_way: list[int] = []
        self.doomed: list[int] = []
        self.beside: list[int] = []

    def threads(self) -> int:
        return 2

    def send(self, item: int) -> int:
        self.under_way.append(item)
        return item

    def next_ended(self) -> int:
        if 3 in self.under_way:
            self.beside.append(len(self.under_way))
            self.doomed, self.under_way = [*self.doomed, *self.under_way], []
        return self.doomed[0] if self.doomed else self.under_way[0]

    def result_of(self, item: int) -> int:
        if item in self.doomed:
            self.doomed.remove(item)
            raise KilledWorker(str(item), None, 0)
        self.under_way.remove(item)
        return item


def test_who_was_beside_an_item_that_kills_is_not_tried_beside_it_again() -> None:
    sender: Any = DyingInTwos()
    run = workers_cluster._Run[int, int](sender, range(8), "test")
    found = dict(run.results(workers_cluster._Threads(sender, 2, 2), "advice"))
    assert isinstance(found.pop(3), Failure)
    assert found == {n: n for n in (0, 1, 2, 4, 5, 6, 7)}
    assert sender.beside[0] > 1
    assert sender.beside[1:] == [1, 1]


@contextlib.contextmanager
def busy_script(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A script that is in the middle of work, and the processes of its workers."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    try:
        assert len(pids) == 2
        assert all(map(alive, pids))
        time.sleep(0.5)
        yield process, pids
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize(
    "ending", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_workers_end_when_their_parent_is_killed(tmp_path: Path, ending: signal.Signals) -> None:
    with busy_script(tmp_path) as (process, pids):
        process.send_signal(ending)
        process.wait()
        wait_until(lambda: not any(map(alive, pids)), limit=5)


@pytest.mark.long
def test_ctrl_c_ends_all_without_noise_of_workers(tmp_path: Path) -> None:
    with busy_script(tmp_path) as (process, pids):
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert not any(map(alive, pids))
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
