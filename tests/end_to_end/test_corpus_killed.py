"""A build is killed at random moments: the builder, one of its workers, or the scheduler.

After each kill readers see the old version or the new one, whole; no process is left; and one more
run leaves the files of an undisturbed build by a single worker, byte for byte.
"""

import itertools
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from catalogs.corpora.versions import Corpus
from catalogs.settings import Settings
from tasks.corpora.build import build_corpus
from tasks.records import Outcome
from tests.end_to_end.commands import COMMAND, clean_environment, fringewatch
from tests.end_to_end.corpora import NAME, TwoVersions, corpus_of, two_versions
from tests.storage import folder_of
from tests.tasks.elsewhere import Elsewhere, wait_until

SHARDS = 8
LIMIT_S = 120.0
STAGES = 5.0
"""0: the command starts, 1: it surveys, 2: shards, 3: columns, 4: the version is there."""


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> TwoVersions:
    return two_versions(tmp_path_factory.mktemp("undisturbed"), 4, 4 * SHARDS)


@pytest.fixture(scope="module")
def old_home(versions: TwoVersions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("old")
    versions.build_old(Settings(home=home, workers=1))
    return home


@dataclass
class Run:
    """A command that builds the new version, beside the old one."""

    versions: TwoVersions
    settings: Settings
    process: "subprocess.Popen[str]"
    family: set[psutil.Process]
    """All of its processes that were seen."""

    @property
    def corpus(self) -> Corpus:
        return corpus_of(self.settings)

    def wait_for(self, moment: float, chance: random.Random) -> None:
        """Return at a moment of the build, or when it has ended; see `STAGES`."""
        stage = int(moment)
        until = time.monotonic() + LIMIT_S
        for look in itertools.count():
            if self.process.poll() is not None or self.stage() >= (stage if stage < 2 else moment):
                break
            assert time.monotonic() < until
            if look % 20 == 0:  # processes live longer than moments, and are dear to look for
                self.look_for_processes()
            time.sleep(0.005)
        # Little can be seen from outside of the start and of the survey, or between two files.
        time.sleep((moment - stage) * 2.0 if stage < 2 else chance.uniform(0.0, 0.02))
        self.look_for_processes()

    def stage(self) -> float:
        folder, new = folder_of(self.corpus.place), self.versions.new
        if self.corpus.is_finished(new):
            return 4.0 + (STAGES - 4.0) * (self.corpus.current() == new)
        if (folder / "plans" / f"{new}.parquet").exists():
            receipts = len(self.corpus.building(new).children())
            columns = len(self.corpus.version(new).children()) - 1
            return 2.0 + min(receipts / SHARDS + max(columns, 0) / 20, 1.99)
        return 1.0 if (folder / "builder.json").exists() else 0.0

    def look_for_processes(self) -> None:
        try:
            root = psutil.Process(self.process.pid)
            self.family |= {root, *root.children(recursive=True)}
        except psutil.NoSuchProcess:
            pass

    def workers(self) -> list[psutil.Process]:
        return [process for process in self.family if is_worker(process)]

    def assert_nobody_is_left(self) -> None:
        self.process.wait(LIMIT_S)
        _, alive = psutil.wait_procs(self.family, timeout=20)
        assert not alive

    def said(self) -> str:
        """Wait for the end; return what the command complained of."""
        _, said = self.process.communicate(timeout=LIMIT_S)
        return said

    def check_end(self) -> None:
        self.assert_nobody_is_left()
        self.versions.check_end(self.corpus)

    def build_again(self) -> None:
        recipe = self.versions.recipe(self.versions.new)
        assert build_corpus(NAME, recipe, self.settings).outcome is Outcome.DONE
        self.versions.check_end(self.corpus)


def is_worker(process: psutil.Process) -> bool:
    try:
        return any("spawn_main" in word for word in process.cmdline())
    except psutil.Error:
        return False


def words_of(versions: TwoVersions, home: Path, *more: str) -> list[str]:
    recipe = versions.recipe_file(versions.new)
    return ["corpus", "build", NAME, "--config", str(recipe), "--home", str(home), *more]


@contextmanager
def running(versions: TwoVersions, old_home: Path, home: Path, *more: str) -> Iterator[Run]:
    shutil.copytree(old_home, home)
    process = subprocess.Popen(
        [COMMAND, *words_of(versions, home, *more)], env=clean_environment(), cwd=home,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    run = Run(versions, Settings(home=home, workers=1), process, set())
    try:
        yield run
    finally:
        process.kill()
        process.communicate()


def kill_builder(versions: TwoVersions, old_home: Path, home: Path, moment: float) -> str:
    """Kill the builder; return the version that readers saw then."""
    chance = random.Random(moment)
    with running(versions, old_home, home, "--workers", "2") as run:
        run.wait_for(moment, chance)
        run.process.kill()
        run.process.wait()
        seen = versions.check_readers(run.corpus)
        run.assert_nobody_is_left()
        assert versions.check_readers(run.corpus) == seen
        run.build_again()
    return seen


def kill_worker(versions: TwoVersions, old_home: Path, home: Path, moment: float) -> bool:
    """Kill one of the builder's workers; tell whether there was one."""
    chance = random.Random(moment)
    with running(versions, old_home, home, "--workers", "2") as run:
        run.wait_for(moment, chance)
        workers = sorted(run.workers(), key=lambda process: process.pid)
        if workers:
            chance.choice(workers).kill()
        said = run.said()
        if run.process.returncode != 0:  # it had not yet begun to work
            assert "worker processes could not be started" in said
            run.build_again()
        run.check_end()
    return bool(workers)


def moments(count: int, start: float, stop: float) -> list[float]:
    chance = random.Random(count)
    return [start + (stop - start) * (n + chance.random()) / count for n in range(count)]


def test_the_builder_is_killed_and_the_command_run_again(
    versions: TwoVersions, old_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with running(versions, old_home, home, "--workers", "2") as run:
        run.wait_for(2.3, random.Random(0))
        run.process.kill()
        run.process.wait()
        assert versions.check_readers(run.corpus) == versions.old
        assert run.corpus.unfinished() == (versions.new,)
        again = fringewatch(*words_of(versions, home, "--workers", "1"), cwd=home)
        assert again.returncode == 0, again.stderr
        run.assert_nobody_is_left()
        versions.check_end(run.corpus)
        assert run.corpus.unfinished() == ()


def test_a_worker_is_killed_and_the_build_goes_on(
    versions: TwoVersions, old_home: Path, tmp_path: Path
) -> None:
    assert kill_worker(versions, old_home, tmp_path / "home", 2.2)
    history = (tmp_path / "home" / "corpora" / NAME / "history.csv").read_text()
    assert len(history.splitlines()) == 3, "one build of each version, and no second run"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_builders_are_killed_at_many_moments(
    versions: TwoVersions, old_home: Path, tmp_path: Path
) -> None:
    seen = [
        kill_builder(versions, old_home, tmp_path / f"home-{number}", moment)
        for number, moment in enumerate(moments(14, 0.3, STAGES))
    ]
    assert {*seen} == {versions.old, versions.new}


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_workers_are_killed_at_many_moments(
    versions: TwoVersions, old_home: Path, tmp_path: Path
) -> None:
    found = [
        kill_worker(versions, old_home, tmp_path / f"home-{number}", moment)
        for number, moment in enumerate(moments(8, 1.2, 3.0))
    ]
    assert sum(found) >= 6


@pytest.mark.long
@pytest.mark.timeout(600)
def test_workers_elsewhere_are_killed(
    versions: TwoVersions, old_home: Path, tmp_path: Path
) -> None:
    elsewhere = Elsewhere(tmp_path)
    try:
        nannies = [elsewhere.add_worker() for _ in range(2)]
        for number, moment in enumerate(moments(4, 1.2, 3.0)):
            wait_until(lambda: all(children(nanny) for nanny in nannies), LIMIT_S)
            more = ("--scheduler", elsewhere.address)
            with running(versions, old_home, tmp_path / f"home-{number}", *more) as run:
                run.wait_for(moment, random.Random(number))
                children(nannies[number % 2])[0].kill()
                said = run.said()
                assert run.process.returncode == 0, said
                run.check_end()
    finally:
        end(elsewhere)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("moment", moments(4, 1.3, 3.0))
def test_the_scheduler_is_killed(
    versions: TwoVersions, old_home: Path, tmp_path: Path, moment: float
) -> None:
    elsewhere = Elsewhere(tmp_path)
    try:
        for _ in range(2):
            elsewhere.add_worker()
        more = ("--scheduler", elsewhere.address)
        with running(versions, old_home, tmp_path / "home", *more) as run:
            run.wait_for(moment, random.Random(moment))
            elsewhere.scheduler.kill()
            _, said = run.process.communicate(timeout=LIMIT_S)
            seen = versions.check_readers(run.corpus)
            if run.process.returncode != 0:  # not lost when the last result was there already
                assert run.process.returncode == 5, said
                assert "run again, what is done is kept" in said
                assert "Traceback" not in said
                assert seen == versions.old
            run.build_again()
    finally:
        end(elsewhere)


def children(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """The worker processes of a nanny."""
    found = psutil.Process(process.pid).children(recursive=True)
    return [child for child in found if is_worker(child)]


def end(elsewhere: Elsewhere) -> None:
    family = [
        child
        for process in elsewhere.processes
        if process.poll() is None
        for child in psutil.Process(process.pid).children(recursive=True)
    ]
    elsewhere.end()
    for process in family:
        if process.is_running():
            process.send_signal(signal.SIGKILL)
