"""Building into a bucket that goes down, or whose builder is killed: whole versions, or none.

The storage is moto's server. It goes down for good at one request or another, or builders are
killed while their requests travel. Each time readers see the old version or the new one, whole,
and a rerun ends with the bytes of an undisturbed build.
"""

import multiprocessing
import random
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from typing_extensions import override

from catalogs.corpora import lease
from catalogs.corpora.lease import LeaseTimes
from catalogs.corpora.recipe import CorpusRecipe
from catalogs.settings import Settings
from fringewatch.errors import HomeError
from tasks.corpora.build import build_corpus
from tasks.records import Outcome
from tests.end_to_end.commands import COMMAND, clean_environment
from tests.end_to_end.corpora import NAME, TwoVersions, two_versions
from tests.storage import StorageFault, StorageServer

SHORT_LEASE = partial(LeaseTimes, 0.5, 0.1)
"""A builder that cannot free its lease blocks the next one for a moment only."""


@pytest.fixture(autouse=True)
def _short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LeaseTimes", SHORT_LEASE)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> TwoVersions:
    return two_versions(tmp_path_factory.mktemp("undisturbed"), 4, 12)


@dataclass
class Outage(StorageFault):
    """Strikes every request from a certain one on; the lease's own are not counted before."""

    status: int | None = 503
    begins_with: str = ""
    """The first request whose path holds it, if it is given."""
    down: bool = False

    @override
    def hits(self, method: str, path: str) -> bool:
        if not self.down and is_build(path) and self.begins_with in path:
            self.skip -= 1
            self.down = self.skip < 0
        return self.down


def is_build(path: str) -> bool:
    """Whether a request is not of the lease, whose number depends on time."""
    return "builder.json" not in path


def fresh(storage: StorageServer, home: Path) -> Settings:
    """A bucket of its own in the storage, which is well, and a home that knows no other."""
    storage.faults.clear()
    storage.make_bucket()
    bucket = storage.address.split("/")[2]
    return Settings(home=home / bucket, storage=storage.address, workers=1)


def requests_of(versions: TwoVersions, storage: StorageServer, settings: Settings) -> int:
    """How many requests the new version takes."""
    corpus = versions.build_old(settings)
    storage.requests.clear()
    build_corpus(NAME, versions.recipe(versions.new), settings)
    taken = sum(is_build(path) for _, path in storage.requests)
    versions.check_end(corpus)
    return taken


def build_again(recipe: CorpusRecipe, settings: Settings) -> None:
    """Build as soon as the lease of the dead has run out."""
    until = time.monotonic() + 20
    while True:
        try:
            report = build_corpus(NAME, recipe, settings)
        except HomeError as error:
            if "is being built by" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            assert report.outcome is Outcome.DONE
            return


def moments(count: int, taken: int) -> Iterator[int]:
    """Numbers of requests, one in each of `count` equal stretches of a build."""
    chance = random.Random(count)
    for stretch in range(count):
        yield int(taken * (stretch + chance.random()) / count)


def check_outage(outage: Outage, versions: TwoVersions, storage: StorageServer, home: Path) -> str:
    """Return the version that readers see when the storage is well again."""
    settings = fresh(storage, home)
    corpus = versions.build_old(settings)
    storage.requests.clear()
    storage.faults = [outage]
    with pytest.raises(HomeError, match="run the command again when the storage is well"):
        build_corpus(NAME, versions.recipe(versions.new), settings)
    storage.faults = []
    seen = versions.check_readers(corpus)
    build_again(versions.recipe(versions.new), settings)
    versions.check_end(corpus)
    return seen


def test_storage_that_goes_down_does_not_fail_shard_after_shard(
    versions: TwoVersions, storage: StorageServer, tmp_path: Path
) -> None:
    tried: list[str] = []

    class Noted(Outage):
        @override
        def hits(self, method: str, path: str) -> bool:
            tried.append(path)
            return super().hits(method, path)

    assert check_outage(Noted(begins_with="/c."), versions, storage, tmp_path) == versions.old
    assert {path[-7:] for path in tried if "/c." in path} == {"c.0.0.0"}


@pytest.mark.long
def test_storage_that_goes_down_at_many_moments(
    versions: TwoVersions, storage: StorageServer, tmp_path: Path
) -> None:
    taken = requests_of(versions, storage, fresh(storage, tmp_path))
    seen = [
        check_outage(Outage(skip=moment), versions, storage, tmp_path)
        for moment in moments(25, taken)
    ]
    assert versions.old in seen


def test_shards_that_cannot_be_put_are_named(
    versions: TwoVersions, storage: StorageServer, tmp_path: Path
) -> None:
    settings = fresh(storage, tmp_path)
    corpus = versions.build_old(settings)
    storage.faults = [StorageFault(status=503, method="PUT", path="/c.1.0.0")]
    report = build_corpus(NAME, versions.recipe(versions.new), settings)
    assert (report.outcome, report.missing) == (Outcome.LATER, (1,))
    assert re.search(r"^shard 1: cannot use s3:.* gives no good answer", report.failures[0])
    assert versions.check_readers(corpus) == versions.old
    storage.faults = []
    storage.requests.clear()
    build_corpus(NAME, versions.recipe(versions.new), settings)
    shards = [path[-7:] for method, path in storage.requests if method == "PUT" and "/c." in path]
    assert shards == ["c.1.0.0"]
    versions.check_end(corpus)


def build_here(recipe: CorpusRecipe, settings: Settings) -> None:
    """Build in a process of its own."""
    lease.LeaseTimes = SHORT_LEASE  # type: ignore[misc, assignment]
    build_corpus(NAME, recipe, settings)


def check_kill(moment: int, versions: TwoVersions, storage: StorageServer, home: Path) -> None:
    """Kill a builder when the storage has heard of so many requests."""
    # Not a fork server: an older one would not know where this test's storage is.
    context = multiprocessing.get_context("spawn")
    settings = fresh(storage, home)
    corpus = versions.build_old(settings)
    storage.requests.clear()
    recipe = versions.recipe(versions.new)
    builder = context.Process(target=build_here, args=(recipe, settings))
    builder.start()
    while builder.is_alive() and len(storage.requests) < moment:
        time.sleep(0.0005)
    builder.kill()
    builder.join()
    assert builder.exitcode in {0, -signal.SIGKILL}
    versions.check_readers(corpus)
    build_again(recipe, settings)
    versions.check_end(corpus)


def test_a_builder_is_killed(versions: TwoVersions, storage: StorageServer, tmp_path: Path) -> None:
    check_kill(25, versions, storage, tmp_path)


@pytest.mark.long
def test_builders_are_killed_at_many_moments(
    versions: TwoVersions, storage: StorageServer, tmp_path: Path
) -> None:
    taken = requests_of(versions, storage, fresh(storage, tmp_path))
    for moment in moments(16, taken):
        check_kill(moment, versions, storage, tmp_path)


def test_answers_that_are_lost_everywhere(
    versions: TwoVersions, storage: StorageServer, tmp_path: Path
) -> None:
    settings = fresh(storage, tmp_path)
    corpus = versions.build_old(settings)
    chance = random.Random(1)
    for reset in ("before", "upload", "after"):
        storage.faults += [
            StorageFault(reset=reset, times=1, skip=chance.randrange(60), method=method)
            for method in ("GET", "PUT", "PUT", "HEAD")
        ]
    storage.faults += [StorageFault(status=503, times=1, skip=n) for n in range(5, 90, 20)]
    build_corpus(NAME, versions.recipe(versions.new), settings)
    struck = sum(fault.times == 0 for fault in storage.faults)
    storage.faults = []
    assert struck > 8
    versions.check_end(corpus)


@pytest.mark.long
def test_two_commands_on_one_name(
    versions: TwoVersions, storage: StorageServer, tmp_path: Path
) -> None:
    settings = fresh(storage, tmp_path)
    corpus = versions.build_old(settings)
    storage.requests.clear()
    environment = {
        **clean_environment(), **storage.variables, "FRINGEWATCH_STORAGE": storage.address,
        "FRINGEWATCH_HOME": str(settings.home),
    }  # fmt: skip
    words = [str(COMMAND), "corpus", "build", NAME, "--workers", "2"]
    words += ["--config", str(versions.recipe_file(versions.new))]

    def start() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            words, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )

    may_go_on = threading.Event()

    class Gate(StorageFault):
        @override
        def hits(self, method: str, path: str) -> bool:
            if method == "PUT" and "/c." in path:
                may_go_on.wait(50)
            return False

    storage.faults = [Gate()]
    first = start()
    try:
        while not storage.count("PUT", "/c.") and first.poll() is None:
            time.sleep(0.02)
        second = start()
        _, said = second.communicate(timeout=60)
        assert second.returncode == 5, said
        who = rf"'{NAME}' at s3://.* is being built by process {first.pid} on .*: wait until it"
        assert re.search(who, said)
        assert corpus.current() == versions.old
        may_go_on.set()
        _, said = first.communicate(timeout=100)
    finally:
        may_go_on.set()
        first.kill()
        first.communicate()
    assert first.returncode == 0, said
    versions.check_end(corpus)
