"""Workers: the same results however many there are, and one bad item stops nobody."""

import asyncio
import math
import multiprocessing
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import get_client

from catalogs.settings import Settings
from fringewatch.errors import HomeError
from tasks.progress import listening
from tasks.workers import embedded as workers_embedded
from tasks.workers.embedded import fitting_workers
from tasks.workers.opening import Failure, Workers, open_workers
from tests.tasks.elsewhere import listeners, wait_until
from tests.tasks.workers.items_of_work import (
    bug,
    die,
    die_first,
    fill_memory,
    full,
    hold,
    mark,
    nested,
    new_lock,
    page_faults,
    process,
    results,
    third,
    wait_for,
)

# The processes that the tests share are started anew where a test kills one.
pytestmark = pytest.mark.restarts_workers

HERE = Settings(workers=1)
TWO = Settings(workers=2, worker_memory_gb=0.6)


@pytest.fixture(scope="module")
def pair() -> Iterator[Workers]:
    """Two processes, that the tests of this file share."""
    with open_workers(TWO) as workers:
        yield workers


@pytest.fixture(params=["here", "pair"])
def either(request: pytest.FixtureRequest) -> Iterator[Workers]:
    if request.param == "pair":
        yield request.getfixturevalue("pair")
    else:
        with open_workers(HERE) as workers:
            yield workers


def test_results_are_the_same_for_one_and_for_two(either: Workers) -> None:
    assert results(either, math.sqrt, 40) == {index: math.sqrt(index) for index in range(40)}


def test_memory_is_used_again(pair: Workers) -> None:
    assert max(results(pair, page_faults, 4).values()) < 200 * 98 / 4


def test_no_items_are_no_results(either: Workers) -> None:
    assert results(either, math.sqrt, 0) == {}


def test_results_come_as_they_end(pair: Workers, tmp_path: Path) -> None:
    order = []
    for index, result in pair.run(partial(wait_for, tmp_path), range(2), "test"):
        assert result == index
        order.append(index)
        mark(tmp_path, index)
    assert order == [1, 0]


def test_one_bad_item_is_a_failure_and_the_others_go_on(either: Workers) -> None:
    found = results(either, third, 6)
    assert found[3] == Failure("the third is damaged")
    assert [found[index] for index in (0, 1, 2, 4, 5)] == [0, 10, 20, 40, 50]


def test_an_item_without_memory_is_a_failure_that_says_what_to_do(either: Workers) -> None:
    found = results(either, full, 5)
    assert isinstance(found[3], Failure)
    assert "not enough memory" in found[3].reason
    assert "fewer workers" in found[3].reason
    assert found[4] == 4


def test_a_bug_is_raised_and_names_its_item(either: Workers) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        results(either, bug, 6)
    assert "test: raised at item 3: 3" in caught.value.__notes__
    assert results(either, math.sqrt, 3)[1] == 1.0, "the workers can still be used"


def test_progress_counts_each_item_once(either: Workers) -> None:
    heard: list[tuple[str, int, int]] = []
    with listening(lambda *news: heard.append(news)):
        results(either, third, 6)
    assert heard == [("test", done, 6) for done in range(1, 7)]


def test_few_items_are_begun_before_results_are_taken(pair: Workers, tmp_path: Path) -> None:
    run = pair.run(partial(mark, tmp_path), range(200), "test")
    next(run)
    time.sleep(1.0)
    assert len(list(tmp_path.iterdir())) <= 4 * pair.count
    del run
    time.sleep(0.2)
    assert len(list(tmp_path.iterdir())) <= 4 * pair.count
    assert results(pair, math.sqrt, 3)[1] == 1.0


def test_two_workers_are_two_processes_of_one_thread(pair: Workers) -> None:
    found = list(results(pair, process, 20).values())
    assert pair.count == 2
    assert len({pid for pid, _ in found}) == 2
    assert os.getpid() not in {pid for pid, _ in found}
    assert {threads for _, threads in found} == {"1"}


def test_the_rest_of_this_process_does_not_notice_the_cluster(pair: Workers) -> None:
    assert results(pair, nested, 3) == {index: (index + 1, True) for index in range(3)}
    with pytest.raises(ValueError, match="No global client"):
        get_client()
    assert dask.delayed(os.getpid)().compute(scheduler=None) == os.getpid()


def test_workers_listen_to_this_machine_only(pair: Workers) -> None:
    ours = {os.getpid(), *(child.pid for child in multiprocessing.active_children())}
    listening_at = [address for pid in ours for address in listeners(pid or 0)]
    assert len(listening_at) >= 5
    assert set(listening_at) == {"127.0.0.1"}


def test_a_worker_that_dies_once_costs_nothing_but_time(pair: Workers, tmp_path: Path) -> None:
    assert results(pair, partial(die_first, tmp_path), 12) == {n: n for n in range(12)}
    assert (tmp_path / "3").exists()


def test_an_item_at_which_workers_die_is_given_up(pair: Workers, tmp_path: Path) -> None:
    found = results(pair, partial(die, tmp_path), 8)
    failure = found.pop(3)
    assert isinstance(failure, Failure)
    assert "a worker died 3 times" in failure.reason
    assert "worker_memory_gb, now 0.6" in failure.reason
    assert "smaller" in failure.reason
    assert found == {n: n for n in (0, 1, 2, 4, 5, 6, 7)}
    tries = {path.name: len(path.read_text()) for path in tmp_path.iterdir()}
    assert tries.pop("3") == 3
    assert max(tries.values()) <= 2, "who only waited beside it is tried once more, alone"


@pytest.mark.long
def test_an_item_that_needs_too_much_memory_is_given_up(pair: Workers) -> None:
    found = results(pair, fill_memory, 5)
    failure = found.pop(1)
    assert isinstance(failure, Failure)
    assert "out of memory" in failure.reason
    assert found == {n: n for n in (0, 2, 3, 4)}


def test_what_cannot_travel_is_an_error_before_anything_runs(pair: Workers) -> None:
    with pytest.raises(TypeError, match="pickle"):
        results(pair, partial(hold, threading.Lock()), 2)


def test_an_item_that_returns_what_cannot_travel_names_itself(pair: Workers) -> None:
    with pytest.raises(TypeError) as caught:
        results(pair, new_lock, 1)
    assert "test: raised at item 0: 0" in caught.value.__notes__


@pytest.mark.parametrize(
    ("settings", "most", "count"),
    [
        (Settings(workers=1), None, 1),
        (Settings(workers=8), 1, 1),
        (Settings(workers=0), 1, 1),
        (Settings(workers=8), 0, 1),
        (Settings(workers=0, worker_memory_gb=10**6), None, 1),
    ],
)
def test_there_are_never_more_workers_than_work(
    settings: Settings, most: int | None, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("no process is needed")

    monkeypatch.setattr("tasks.workers.opening.embedded_client", refuse)
    with open_workers(settings, most=most) as workers:
        assert workers.count == count


def test_as_many_workers_as_processors_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_embedded, "CPU_COUNT", 16)
    monkeypatch.setattr(workers_embedded, "MEMORY_LIMIT", 8.5e9)
    assert [fitting_workers(gb) for gb in (0.1, 2, 5, 9)] == [16, 4, 1, 1]


def test_processes_that_do_not_start_are_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _settled_children()
    monkeypatch.setattr(workers_embedded, "_START_LIMIT", 0.2)
    with (
        pytest.raises(HomeError, match=r"2 worker processes could not be started"),
        open_workers(TWO),
    ):
        pytest.fail("they cannot have started")
    assert not _dask_children(before)


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(None, marks=pytest.mark.long),
        pytest.param(RuntimeError, marks=pytest.mark.long),
        KeyboardInterrupt,
    ],
)
def test_nothing_is_left_when_the_block_ends(
    ending: type[BaseException] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    environment = dict(os.environ)
    before = _settled_children()
    with pytest.raises(ending) if ending else nullcontext(), open_workers(TWO) as workers:
        assert len(_dask_children(before)) == 2
        assert list(tmp_path.iterdir())
        for _ in workers.run(time.sleep, [0.0, 1.0, 1.0], "test"):
            if ending is not None:
                raise ending
            break
    assert not _dask_children(before)
    assert not list(tmp_path.iterdir())
    assert dict(os.environ) == environment


def _settled_children() -> list[Any]:
    """Processes of now; those of the shared pair have come back if one of them was killed."""
    wait_until(lambda: len(_dask_children(())) in (0, 2))
    return multiprocessing.active_children()


def _dask_children(before: Any) -> list[Any]:
    return [
        child
        for child in multiprocessing.active_children()
        if child not in before and "Dask" in child.name
    ]


@pytest.mark.long
def test_workers_can_be_opened_where_an_event_loop_runs() -> None:
    async def inside() -> dict[int, Any]:
        with open_workers(TWO) as workers:
            return results(workers, math.sqrt, 5)

    assert asyncio.run(inside())[4] == 2.0


@pytest.mark.long
@pytest.mark.usefixtures("prefect_server")
def test_workers_can_be_opened_in_a_flow() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Prefect's own
        from prefect import flow  # noqa: PLC0415

        @flow
        def work() -> dict[int, Any]:
            with open_workers(TWO) as workers:
                return results(workers, math.sqrt, 5)

        assert work()[4] == 2.0


@pytest.mark.long
def test_ten_thousand_items_do_not_pile_up(pair: Workers) -> None:
    assert sum(results(pair, math.floor, 10_000).values()) == 10_000 * 9_999 // 2
