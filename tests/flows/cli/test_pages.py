"""The command that makes pages: words in, exit code and paths out."""

from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from flows.cli import run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose watch list has a volcano of which nothing ever came."""
    with open_ledger(open_home(Home(tmp_path / "home")).ledger):
        pass
    (tmp_path / "home" / "fringewatch.toml").write_text('watch = ["taal"]\n')
    return tmp_path / "home"


def test_the_last_line_is_the_page_to_begin_with(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["site", "--home", str(home)]) == 0
    index = Path(capsys.readouterr().out.splitlines()[-1])
    assert index == home / "site" / "index.html"
    assert "1 no data" in index.read_text("utf-8")


def test_pages_can_go_elsewhere(home: Path, tmp_path: Path) -> None:
    words = ["site", "taal", "--output", str(tmp_path / "www"), "--seen-from", "2021-03-20"]
    assert run([*words, "--home", str(home)]) == 0
    assert "Seen from 2021-03-20" in (tmp_path / "www" / "taal.html").read_text("utf-8")
    assert not (home / "site").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["atlantis"], "no volcano 'atlantis'"),
        (["etna"], "etna has no page"),
        (["--seen-from", "yesterday"], "--seen-from 'yesterday' is not a date"),
    ],
)
def test_wrong_words_end_with_2(
    words: list[str], message: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["site", *words, "--home", str(home)]) == 2
    assert message in capsys.readouterr().err


def test_no_home_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["site", "--home", str(tmp_path / "none")]) == 4
    assert "there is no Fringewatch home" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_file_of_somebody_else_is_partial(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "site").mkdir()
    (home / "site" / "index.html").write_text("mine")
    assert run(["site", "--home", str(home)]) == 3
    assert "somebody else" in capsys.readouterr().out
