"""A backfill that is killed at random moments ends, after one whole run, as if nothing had been."""

import datetime as dt
import logging
import multiprocessing
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.home.home import Home
from catalogs.settings import Settings
from tasks.records import Outcome
from tasks.watch import parse_request, watch_volcano
from tests import scenes
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, QUIET, write_frame
from tests.storage import folder_of

KILLS_A_HOME = 5
LONGEST_S = 2.0  # a whole run takes about as long

KINDS = {**scenes.KINDS, "20240211_20240223": QUIET}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInPortal]:
    with StandInPortal(write_frame(tmp_path_factory.mktemp("tree"), KINDS)) as portal:
        yield portal


def backfill(home: Path, root: str) -> None:
    """Run in a process of its own; what was fetched is written down, whatever happens then."""
    handler = logging.FileHandler(home.with_suffix(".log"))
    fetch = logging.getLogger("catalogs.portal")
    fetch.addHandler(handler)
    fetch.setLevel(logging.INFO)
    # Small batches, so that kills fall between and inside of several.
    settings = Settings(
        home=home, portal=(root,), retries=1, pairs_per_batch=2, requests_per_second=1000
    )
    request = parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 3, 31), [str(FRAME)])
    report = watch_volcano(request, settings)
    assert report.outcome is Outcome.DONE, report.lines()
    assert report.in_table == len(KINDS)


def state_of(home: Path) -> dict[str, object]:
    """Everything that a run leaves, without the times at which it did it."""
    files: dict[str, object] = {
        str(path.relative_to(home)): path.read_bytes()
        for folder in ("cubes", "granules")
        for path in sorted((home / folder).rglob("*"))
        if path.is_file()
    }
    folder = folder_of(Home(home).detections("fernandina"))
    # The last column of the first table is when the model saw the pair; the last but one of the
    # second is when the date was first judged.
    rows, days = (
        (folder / name).read_text().splitlines() for name in ("interferograms.csv", "dates.csv")
    )
    files["interferograms.csv"] = [row.rpartition(",")[0] for row in rows]
    files["dates.csv"] = [day.rsplit(",", 2)[::2] for day in days]
    with sqlite3.connect(Home(home).ledger) as ledger:
        for table, columns in {
            "frames": "*",
            "pairs": "frame, pair, source, gone_since",
            "files": "frame, pair, product, state, reason, url, size, last_modified, sha256",
            "tiles": "volcano, frame, pair, url, sha256, coherence_sha256, content_sha256",
            "scores": "volcano, frame, pair, model, model_sha256, content_sha256, score",
            "verdicts": "volcano, date, number, state, since, probability, model_sha256",
        }.items():
            found = ledger.execute(f"SELECT {columns} FROM {table}")  # noqa: S608 - our own names
            files[table] = sorted(found.fetchall(), key=repr)
    ledger.close()
    return files


def run_killed_and_whole(homes: range, portal: StandInPortal, folder: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tasks.watch", "tests.end_to_end.test_killed"])

    def start(home: Path) -> multiprocessing.process.BaseProcess:
        process = context.Process(target=backfill, args=(home, portal.url))
        process.start()
        return process

    undisturbed = start(folder / "undisturbed")
    undisturbed.join()
    assert undisturbed.exitcode == 0
    expected = state_of(folder / "undisturbed")
    for number in homes:
        chance = random.Random(number)
        home = folder / f"home-{number}"
        killed = 0
        while killed < KILLS_A_HOME:
            process = start(home)
            process.join(chance.uniform(0.05, LONGEST_S))
            process.kill()
            process.join()
            killed += process.exitcode == -signal.SIGKILL  # not if it had ended by itself
        last = start(home)
        last.join()
        assert last.exitcode == 0, f"home {number}"
        found = state_of(home)
        assert found.keys() == expected.keys(), f"home {number}"
        for name, content in expected.items():
            assert found[name] == content, f"home {number}: {name}"
        lines = home.with_suffix(".log").read_text().splitlines()
        fetched = Counter(line.split(",")[0] for line in lines if line.startswith("fetched "))
        assert max(fetched.values()) == 1, f"home {number}: {fetched}"


def test_five_kills(portal: StandInPortal, tmp_path: Path) -> None:
    run_killed_and_whole(range(1), portal, tmp_path)


@pytest.mark.long
def test_fifty_kills(portal: StandInPortal, tmp_path: Path) -> None:
    run_killed_and_whole(range(1, 11), portal, tmp_path)
