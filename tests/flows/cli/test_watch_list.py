"""Plain mistakes in the watch list: found before Prefect, and no end of anybody else's night."""

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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("watch = []\n", "the watch list is empty"),
        ('watch = ["fernandia"]\n', "did you mean fernandina"),
        (f'watch = ["nowhere"]\n{PLACE}', "no LiCSAR frame is known for nowhere"),
        ('watch = ["taal"]\nmethod_options = { silence_day = 1 }\n', "did you mean silence_days?"),
        ('wach = ["taal"]\n', "did you mean watch?"),
    ],
)
def test_it_is_said_before_prefect_starts_and_leaves_no_file(
    tmp_path: Path, text: str, words: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "fringewatch.toml").write_text(text)
    code = (
        f"import sys; sys.argv = ['fringewatch', 'nightly', '--home', {str(home)!r}]\n"
        "import flows.embedded_server as server\n"
        "def start(*_, **__): raise AssertionError('a server was started')\n"
        "server.start_embedded_server = start\n"
        "from fringewatch.command import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("fringewatch:")]) == 1
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
