"""A home on a disk that was turned read-only: who reads gets an answer, who writes a line."""

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.settings import Settings
from tasks.review.give import give_review
from tests.mounts import own_mounts
from tests.portal.server import StandInPortal
from tests.tasks.kept_home import FERNANDINA

COMMANDS = """
import contextlib, io, json, subprocess, sys
home, commands = sys.argv[1], json.loads(sys.argv[2])
subprocess.run(["mount", "--bind", home, home], check=True)
subprocess.run(["mount", "-o", "remount,ro,bind", home], check=True)
from flows.cli import run
for words in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*words, "--home", home])
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""

READING = {
    "status": ["status"],
    "status of one": ["status", "fernandina"],
    "health": ["health"],
    "health as JSON": ["health", "--json"],
    "runs": ["runs"],
    "messages": ["notify", "--list"],
    "reviews": ["review", "--list"],
    "volcanoes": ["volcanoes", "fernandina"],
    "corpora": ["corpus", "list"],
    "assess": ["assess", "fernandina", "--truth", "{out}/truth.csv"],
    "pages": ["site", "--output", "{out}/www"],
    "exports": ["export", "--output", "{out}/exports"],
    "labels": ["review", "--export", "{out}/labels"],
}
WRITING = {
    "pages": ["site"],
    "exports": ["export"],
    "messages": ["notify"],
    "a review": ["review", "fernandina", "2024-02-11", "--atmosphere", "--by", "NS"],
    "a run": ["backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-01"],
    "a repair": ["verify", "--repair"],
    "a rebuilt cube": ["rebuild", "fernandina"],
    "schedules": ["serve"],
}


@pytest.fixture(scope="module")
def said(
    filled: tuple[Settings, StandInPortal], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[int, str, str]]:
    """Exit code, output and complaint of each command, and whether the home stayed as it was."""
    words = own_mounts()
    out = tmp_path_factory.mktemp("out")
    home = tmp_path_factory.mktemp("disk") / "home"
    shutil.copytree(filled[0].home, home)
    (home / "fringewatch.toml").write_text(
        'exports = ["geojson", "atom", "cog", "kmz", "stac", "cap", "vona"]\nwatch = ["fernandina"]'
        '\nnotify = ["jsons://127.0.0.1:9/x"]\n'
    )
    statement = Statement("2024-02-11", ReviewVerdict.CONFIRMED, "NS")
    give_review(FERNANDINA, statement, filled[0].model_copy(update={"home": home}))
    with open_ledger(home / "ledger.sqlite") as ledger:
        ledger.end_run(ledger.begin_run("nightly", "1", ["fernandina"]), "done", [], 10**9)
    (out / "truth.csv").write_text(
        "volcano,name,kind,start,end\nfernandina,dyke,volcanic,2024-02-01,2024-02-29\n"
    )
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    commands = [
        [word.replace("{out}", str(out)) for word in each]
        for each in (*READING.values(), *WRITING.values())
    ]
    done = subprocess.run(
        [*words, sys.executable, "-c", COMMANDS, str(home), json.dumps(commands)],
        capture_output=True, text=True, check=False, timeout=280,
        env={name: value for name, value in os.environ.items()
             if not name.startswith(("PREFECT_", "FRINGEWATCH_"))},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    answers: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    names = [*(f"read: {name}" for name in READING), *(f"write: {name}" for name in WRITING)]
    found = dict(zip(names, map(tuple, answers), strict=True))
    found["files"] = (0, " ".join(sorted(path.name for path in out.rglob("*"))), "")
    return found


@pytest.mark.parametrize("name", READING)
def test_who_reads_gets_an_answer(name: str, said: dict[str, tuple[int, str, str]]) -> None:
    code, output, complaint = said[f"read: {name}"]
    assert not complaint
    assert code in ({0, 3} if name.startswith("health") else {0, 4} if name == "corpora" else {0})
    assert output


def test_what_they_make_lies_elsewhere(said: dict[str, tuple[int, str, str]]) -> None:
    files = said["files"][1].split()
    assert {"index.html", "fernandina.html", "volcanoes.geojson", "newest-pair.tif"} <= set(files)


@pytest.mark.parametrize("name", WRITING)
def test_who_writes_says_in_a_line_what_it_needs(
    name: str, said: dict[str, tuple[int, str, str]]
) -> None:
    code, _, complaint = said[f"write: {name}"]
    assert code == 2, complaint
    (line,) = [one for one in complaint.splitlines() if one.startswith("fringewatch: ")]
    assert line.startswith(("fringewatch: cannot write ", "fringewatch: cannot use the ledger"))
    assert "Traceback" not in complaint
