"""When workers are started to tile, and what is left when one of them, or the run, is killed."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalogs.settings import Settings
from tasks.ingest.tile_workers import WORTH_WORKERS, workers_at_hand, workers_on_demand
from tasks.progress import listening
from tasks.workers.base import Workers
from tasks.workers.here import ThisProcess
from tests.tasks.elsewhere import Elsewhere, wait_until
from tests.tasks.ingest.tile_homes import GOOD, PAIRS, Backwards, TileHome, make_home
from tests.tasks.workers.test_killed import alive


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, int | None]]:
    """What workers were opened for; none are."""
    calls: list[tuple[Settings, int | None]] = []

    @contextmanager
    def note(settings: Settings, *, most: int | None = None) -> Iterator[Workers]:
        calls.append((settings, most))
        yield Backwards()

    monkeypatch.setattr("tasks.workers.opening.open_workers", note)
    return calls


@pytest.mark.parametrize(
    ("settings", "pairs", "worth"),
    [
        (Settings(), 3, False),
        (Settings(), WORTH_WORKERS - 1, False),
        (Settings(), WORTH_WORKERS, True),
        (Settings(workers=1), WORTH_WORKERS, False),
        (Settings(workers=2), 3, False),
        (Settings(scheduler="tcp://somewhere:8786"), 0, False),
        (Settings(scheduler="tcp://somewhere:8786"), 1, True),
        (Settings(scheduler="tcp://somewhere:8786", workers=1), 1, True),
    ],
)
def test_workers_are_started_when_they_are_worth_it(
    settings: Settings, pairs: int, worth: bool, opened: list[tuple[Settings, int | None]]
) -> None:
    with workers_on_demand(settings) as demand:
        assert isinstance(workers_at_hand(), ThisProcess)
        demand(pairs)
        assert isinstance(workers_at_hand(), Backwards if worth else ThisProcess)
    assert opened == ([(settings, 24)] if worth else [])
    assert isinstance(workers_at_hand(), ThisProcess)


def test_workers_are_started_once_and_only_for_their_block(
    opened: list[tuple[Settings, int | None]],
) -> None:
    with workers_on_demand(Settings()) as demand:
        demand(WORTH_WORKERS - 1)
        demand(WORTH_WORKERS)
        first = workers_at_hand()
        demand(2 * WORTH_WORKERS)
        assert workers_at_hand() is first
        with workers_on_demand(Settings(workers=1)):
            assert workers_at_hand() is first
        assert workers_at_hand() is first
    assert len(opened) == 1


@pytest.mark.long
@pytest.mark.usefixtures("opened", "prefect_server")
def test_a_prefect_task_has_the_workers_of_its_flow_at_hand() -> None:
    from prefect import flow, task  # noqa: PLC0415 - a second of import, for this test alone

    @task
    def seen_in_a_task() -> str:
        return type(workers_at_hand()).__name__

    @flow
    def run() -> tuple[str, str]:
        with workers_on_demand(Settings()) as demand:
            before = seen_in_a_task()
            demand(WORTH_WORKERS)
            return before, seen_in_a_task()

    assert run() == ("ThisProcess", "Backwards")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> TileHome:
    return make_home(tmp_path_factory.mktemp("granules") / "home")


def copy(template: TileHome, root: Path) -> TileHome:
    shutil.copytree(template.settings.home, root)
    return TileHome(Settings(home=root))


@pytest.mark.long
def test_bytes_do_not_depend_on_the_number_of_workers(template: TileHome, tmp_path: Path) -> None:
    homes = [copy(template, tmp_path / str(workers)) for workers in (1, 2, 3)]
    reports = [home.tile(workers=count) for count, home in enumerate(homes, start=1)]
    assert reports[0].done == GOOD
    assert reports == [reports[0]] * 3
    assert homes[1].content == homes[0].content
    assert homes[2].content == homes[0].content
    assert homes[2].tiles == homes[0].tiles


@pytest.mark.long
def test_workers_of_a_scheduler_tile_the_same(template: TileHome, tmp_path: Path) -> None:
    alone, home = copy(template, tmp_path / "alone"), copy(template, tmp_path / "home")
    elsewhere = Elsewhere(tmp_path)
    try:
        elsewhere.add_worker()
        there = home.settings.model_copy(update={"scheduler": elsewhere.address})
        assert TileHome(there).tile() == alone.tile()
    finally:
        elsewhere.end()
    assert home.content == alone.content


@pytest.mark.long
def test_a_worker_killed_midway_changes_nothing(template: TileHome, tmp_path: Path) -> None:
    alone, home = copy(template, tmp_path / "alone"), copy(template, tmp_path / "home")
    killed: list[int] = []

    def kill_one(_step: str, _done: int, _total: int) -> None:
        workers = [child for child in multiprocessing.active_children() if child.pid]
        if not killed and workers:
            killed.append(workers[0].pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    with listening(kill_one):
        report = home.tile(workers=2)
    assert len(killed) == 1
    assert report == alone.tile()
    assert home.content == alone.content
    assert home.tiles == alone.tiles


def tile_with_two(root: Path) -> None:
    """Run in a process of its own, to be killed; says who its workers are."""

    def say(_step: str, _done: int, _total: int) -> None:
        pids = " ".join(str(child.pid) for child in multiprocessing.active_children())
        root.with_suffix(".pids").write_text(pids)

    with listening(say):
        TileHome(Settings(home=root)).tile(PAIRS[3:], workers=2)


@pytest.mark.long
def test_a_run_killed_midway_leaves_the_cube_as_readers_saw_it(
    template: TileHome, tmp_path: Path
) -> None:
    alone, home = copy(template, tmp_path / "alone"), copy(template, tmp_path / "home")
    for each in (alone, home):
        each.tile(GOOD[:2])
    said = home.settings.home.with_suffix(".pids")
    run = multiprocessing.get_context("spawn").Process(
        target=tile_with_two, args=(home.settings.home,)
    )
    run.start()
    wait_until(lambda: said.exists() and bool(said.read_text()), 60)  # one pair is written
    run.kill()
    run.join()
    assert home.shown == GOOD[:2]
    assert home.tiles.keys() == {*GOOD[:2]}
    wait_until(lambda: not any(alive(int(pid)) for pid in said.read_text().split()))
    assert home.tile(PAIRS[3:]).done == alone.tile(PAIRS[3:]).done
    drafts = [name for name in home.content if name.endswith(".partial")]
    assert {n: c for n, c in home.content.items() if n not in drafts} == alone.content
