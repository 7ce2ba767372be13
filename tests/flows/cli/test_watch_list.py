"""Plain mistakes in the watch list: found before Prefect, and no end of anybody else's night."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from flows.cli import run
from flows.screen import stop_logging

PLACE = "[volcano.nowhere]\nlatitude = 10.0\nlongitude = -140.0\n"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    environment = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(environment)
    stop_logging()


MISTAKES = {
    "watch = []\n": "the watch list is empty",
    'watch = ["fernandia"]\n': "did you mean fernandina",
    f'watch = ["nowhere"]\n{PLACE}': "no LiCSAR frame is known for nowhere",
    'watch = ["taal"]\nmethod_options = { silence_day = 1 }\n': "did you mean silence_days?",
    'wach = ["taal"]\n': "did you mean watch?",
}

NIGHTS = """
import contextlib, io, json, os, sys
import flows.embedded_server as server
from fringewatch.command import main

def start(*_, **__):
    raise AssertionError("a server was started")

server.start_embedded_server = start
before = dict(os.environ)
for home in sys.argv[1:]:
    os.environ.clear()
    os.environ.update(before)
    sys.argv = ["fringewatch", "nightly", "--home", home]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            main()
    except SystemExit as end:
        print(json.dumps([end.code, said.getvalue()]))
"""


def test_it_is_said_before_prefect_starts_and_leaves_no_file(tmp_path: Path) -> None:
    """In one process, which imports Prefect once."""
    homes = [tmp_path / f"home{number}" for number in range(len(MISTAKES))]
    for home, text in zip(homes, MISTAKES, strict=True):
        home.mkdir()
        (home / "fringewatch.toml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", NIGHTS, *map(str, homes)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    for home, words, (code, said) in zip(homes, MISTAKES.values(), ends, strict=True):
        assert code == 2, said
        assert words in said
        assert len([line for line in said.splitlines() if line.startswith("fringewatch:")]) == 1
        assert [path.name for path in home.iterdir()] == ["fringewatch.toml"]


def test_in_a_home_that_is_there_it_is_a_failed_night(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = open_home(Home(tmp_path / "home"))
    (home.root / "fringewatch.toml").write_text(
        f'watch = ["fernandia", "nowhere"]\nmetrics_file = "{tmp_path}/a.prom"\n{PLACE}'
    )
    where = ["--home", str(home.root)]
    assert run(["nightly", *where]) == 2
    assert run(["runs", *where]) == 0
    said = capsys.readouterr().out
    assert "fernandia refused: no volcano 'fernandia' in the catalogue; did you mean" in said
    assert "nowhere refused: no LiCSAR frame is known for nowhere" in said
    with open_ledger(home.ledger) as ledger:
        (night,) = ledger.runs()
    assert (night.kind, night.outcome) == ("nightly", "refused")
    assert 'fringewatch_findings{check="watch list"} 2.0' in (tmp_path / "a.prom").read_text()
    assert run(["health", *where]) == 3
    said = capsys.readouterr().out
    assert said.count("! WATCH LIST: no ") == 2
    assert run(["status", *where]) == 4
    assert capsys.readouterr().out.count("! WATCH LIST: no ") == 2
