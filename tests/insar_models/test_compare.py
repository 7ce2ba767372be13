"""The command of the table: exit codes, files, and what it says of bad input."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

from insar_models import compare
from insar_models.compare import command_for, main
from insar_models.comparison.making import RowRecord, make_rows
from insar_models.comparison.rows import Row
from tests.insar_models.comparison.small_table import files_of_sets, make_quick


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    make_quick(monkeypatch)
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "no hub"))
    corpus, pictures, windows = files_of_sets(tmp_path)
    return [
        str(corpus), "--folder", str(tmp_path / "table"), "--pictures", f"c1={pictures}",
        "--windows", str(windows), "--device", "cpu", "--threads", "1", "--probe-seeds", "1",
    ]  # fmt: skip


def test_rows_are_made_and_one_that_lacks_its_weights_ends_none(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--rows", "imagenet-resnet18", "untrained-compact"]) == 3
    page = (tmp_path / "table" / "table.md").read_text("utf-8")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 4  # the head, and the rows that were asked for
    assert set(shown) <= set(page.splitlines())
    assert "cannot be made: the ImageNet weights of resnet18 are not here" in page
    assert "of 4" not in page  # no synthetic set was given
    (made,) = (line for line in page.splitlines() if "`untrained-compact`" in line)
    assert "nothing" in made
    assert main([*words, "--rows", "untrained-compact"]) == 0
    lines = (tmp_path / "table" / "table.csv").read_text("utf-8").splitlines()
    (row,) = (line for line in lines if line.startswith("untrained-compact,"))
    assert row.endswith("--probe-seeds 1 --rows untrained-compact")


def test_the_table_has_each_row_once_it_is_made(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die_at_the_second(rows: Sequence[Row], *others: Any) -> list[RowRecord]:
        if rows[0].name == "untrained-compact":
            raise KeyboardInterrupt
        return make_rows(rows, *others)

    monkeypatch.setattr(compare, "make_rows", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        main([*words, "--rows", "baseline-0", "untrained-compact"])
    page = (tmp_path / "table" / "table.md").read_text("utf-8")
    (made,) = (line for line in page.splitlines() if "`baseline-0`" in line)
    assert "not yet run" not in made


def test_what_cannot_be_asked_for_is_an_error_of_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for more, problem in (
        (["--rows", "simclr-vit"], "no row 'simclr-vit'"),
        (["--hours", "0"], "0.0 hours of learning are none"),
        (["--weights", "resnet19=x"], "--weights resnet19=x cannot be: give NAME=FILE"),
        (["--pictures", "c2=x"], "with a name of s1-test, c1, synthetic"),
        (["--pictures", "c1=/no/such"], "/no/such cannot be read"),
    ):
        assert main([*words, *more]) == 1
        assert problem in capsys.readouterr().err
    assert main([*words, "--list"]) == 0
    assert "simclr-resnet50" in capsys.readouterr().out


def test_the_command_of_a_row_has_all_other_words() -> None:
    words = ["A B", "--rows", "x", "y", "--hours", "2"]
    assert command_for("run", words, "z") == "run 'A B' --hours 2 --rows z"
