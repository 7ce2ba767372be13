"""The command line, as scripts use it: words in, exit code and messages out."""

import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import run

BACKFILL = ["backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-31"]


def changed(argument: str, value: str) -> list[str]:
    words = list(BACKFILL)
    words[words.index(argument) + 1] = value
    return words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["backfill", "fernandna", *BACKFILL[2:]], "did you mean"),
        (BACKFILL[:-2], "--end"),
        (changed("--start", "yesterday"), "--start 'yesterday' is not a date"),
        (changed("--start", "2024-02-30"), "--start '2024-02-30' is not a date"),
        (changed("--end", "20240331"), "--end '20240331' is not a date"),
        (changed("--end", "2023-01-01"), "--start 2024-01-01 must be before --end 2023-01-01"),
        ([*BACKFILL, "--frame", "155D_02579_100800"], "155D_02579_100800"),
        ([*BACKFILL, "--frame", "Fernandina"], "not a LiCSAR frame id"),
        ([*BACKFILL, "--portal", "ftp://host"], "ftp://host"),
        ([*BACKFILL, "--colour"], "--colour"),
        (["forecast"], "forecast"),
        (["volcanoes", "olympus mons"], "no volcano"),
    ],
)
def test_wrong_words_end_with_2_and_say_which(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(words) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.err
    assert not any(tmp_path.iterdir())


def test_a_home_of_a_newer_version_ends_with_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "home.json").write_text('{"format": 99}')
    assert run([*BACKFILL, "--home", str(tmp_path), "--portal", "http://127.0.0.1:9/x"]) == 2
    assert "newer Fringewatch" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["home.json"]


def test_an_unknown_model_ends_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run([*BACKFILL, "--home", str(home), "--model", "oracle"]) == 2
    assert "oracle" in capsys.readouterr().err


def test_volcanoes_are_listed_and_searched(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["volcanoes"]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 60
    assert run(["volcanoes", "FAGRADALS"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("fagradalsfjall")
    assert "155D_02579_100800" in line


def test_help_answers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "--help"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "backfill" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from flows.cli import run; run(['--help']);"
        "print(sorted({'numpy', 'prefect', 'rasterio', 'pandas', 'requests'} & set(sys.modules)),"
        "file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


def test_the_status_of_a_home_that_is_not_there_is_no_success(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["status", "--home", str(tmp_path / "typo")]) == 4
    assert "no Fringewatch home" in capsys.readouterr().out
    assert not any(tmp_path.iterdir())
