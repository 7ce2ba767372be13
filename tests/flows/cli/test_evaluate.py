"""`fringewatch evaluate` as a person types it."""

import json
from pathlib import Path

import pytest

from flows.cli import run
from tests.tasks.evaluation.sets import write_pictures


def test_pictures_give_a_table_and_a_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_pictures(tmp_path / "set")

    words = ["evaluate", "--images", "set", "--model", "baseline-0", "--model", "baseline-0"]
    assert run([*words, "--group", "scene", "--json", "new/out.json"]) == 0

    said = capsys.readouterr().out
    assert "set: 12 samples (6 deforming, 6 quiet) in 12 groups by scene" in said
    report = json.loads((tmp_path / "new" / "out.json").read_text())
    assert [one["name"] for one in report["candidates"]] == ["baseline-0", "baseline-0 (2)"]
    assert report["grouped_by"] == "scene"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to evaluate on"),
        (["--images", "nowhere"], "nowhere/0 is missing"),
        (["--images", "set", "--model", "oracle"], "no model 'oracle'"),
        (["--images", "set", "--encoder", "e"], "needs --corpus"),
        (["--corpus", "c.safetensors"], "--held-out"),
        (["--corpus", "c.safetensors", "--held-out", "time"], "time"),
        (["--corpus", "c.safetensors", "--held-out", "area"], "c.safetensors"),
        (["--images", "set", "--group", "planet"], "planet"),
        (["--images", "set", "--json", "set"], "cannot write set: it is a folder"),
        (["--images", "set", "--probe-seeds", "0"], "0 probe seeds"),
    ],
)
def test_wrong_words_end_with_2_and_say_which(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_pictures(tmp_path / "set")
    assert run(["evaluate", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.err
