"""The command that simulates."""

from pathlib import Path

import pytest

from flows.cli import run
from tasks.scenarios.scenario_file import shipped_scenarios
from tests.tasks.scenarios import test_patch_set
from tests.tasks.scenarios.small_scenario import small_file


def test_the_shipped_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [name for name, _ in shipped_scenarios()]
    assert {"demo", "fagradalsfjall-2019-2021", "quiet-decade"} <= {
        line.split()[0] for line in lines
    }


def test_a_file_becomes_a_tree_that_a_backfill_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["simulate", str(small_file(tmp_path)), "--output", str(tmp_path / "tree")]
    assert run(words) == 0
    said = capsys.readouterr().out
    assert "155D_02579_100800: 3 pairs" in said
    assert "12 files are new" in said
    assert "backfill fagradalsfjall --start 2021-02-17 --end 2021-03-01 --portal" in said
    root = Path(said.split("--portal ")[1].strip())
    assert len(list(root.rglob("interferograms/*/*.tif"))) == 8
    assert (tmp_path / "tree" / "truth" / "pairs.csv").is_file()
    assert run(words) == 0
    assert "0 files are new" in capsys.readouterr().out
    before = {path: path.read_bytes() for path in root.rglob("interferograms/*/*.tif")}
    assert run([*words, "--seed", "8"]) == 0
    assert "12 files are new" in capsys.readouterr().out
    assert all(path.read_bytes() != content for path, content in before.items())


def test_a_patch_set_becomes_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = small_file(tmp_path, test_patch_set.SMALL)
    assert run(["simulate", str(path), "--output", str(tmp_path / "set")]) == 0
    assert "4 patches with a source, 5 without" in capsys.readouterr().out
    assert len(list((tmp_path / "set").glob("?/*.png"))) == 9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give a scenario and --output"),
        (["demo"], "give a scenario and --output"),
        (["dem", "--output", "x"], "no scenario 'dem': did you mean demo"),
        (["none.toml", "--output", "x"], "cannot read the scenario none.toml"),
        (["demo", "--output", "x", "--seed", "-1"], "seed=-1"),
        (["demo", "--output", "x", "--sed", "1"], "--sed"),
    ],
)
def test_what_is_wrong_is_said(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["simulate", *words]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_file_where_the_tree_should_be_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tree").write_text("mine")
    assert run(["simulate", str(small_file(tmp_path)), "--output", str(tmp_path / "tree")]) == 2
    assert "a file stands where a folder is needed" in capsys.readouterr().err
    assert (tmp_path / "tree").read_text() == "mine"
