"""The command that scores re-wrapped displacement."""

import json
from pathlib import Path

import numpy as np
import pytest

from flows.cli import run
from tasks.judge import models
from tests.tasks.assess.displacement import NO_DATA, TRUTH, StandIn, series_arrays, write_series


@pytest.fixture(autouse=True)
def _truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "model_of", lambda _: StandIn())
    (tmp_path / "truth.csv").write_text(TRUTH)
    write_series(tmp_path).rename(tmp_path / "series.npz")


SERIES = ("--rewrapped", "series.npz", "--truth", "truth.csv")


def test_alarms_are_listed_and_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = (*SERIES, "--method", "rule", "--pictures", "pictures", "--json", "out.json")
    assert run(["assess", *words]) == 0
    out = capsys.readouterr().out
    assert "erta-ale, re-wrapped displacement, not LiCSAR products: 4 dates" in out
    assert "dyke (2016-12-20 to 2017-01-05)  17 d (0)" in out
    assert "rule: 1 alarm\n" in out
    assert "in the episode, day 17, acquisition 1" in out
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["assessed"] == "series.npz"
    (case,) = report["methods"]["rule"]["cases"]
    assert "not LiCSAR products" in case["volcano"]


def test_all_methods_and_a_curve_need_no_home(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["assess", *SERIES, "--volcano", "Erta Ale", "--curve"]) == 0
    out = capsys.readouterr().out
    assert all(f"{name}: " in out for name in ("rule", "cumulative-sum", "deconvolution"))
    assert "threshold in logits" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["series.npz", "truth.csv"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rewrapped", "series.npz"], "--truth is missing"),
        (["--rewrapped", "absent.npz", "--truth", "truth.csv"], "absent.npz cannot be read"),
        (["--rewrapped", "truth.csv", "--truth", "truth.csv"], "truth.csv cannot be read"),
        (["--rewrapped", "blank.npz", "--truth", "truth.csv"], "all no data"),
        ([*SERIES, "--volcano", "etna"], "etna lies not inside"),
        (["--rewrapped", "series.npz", "--truth", "etna.csv"], "the truth of etna"),
        ([*SERIES, "--keep", "scores"], "--keep is of no use with --rewrapped"),
        ([*SERIES, "--scenario", "dyke-step"], "given: --scenario, --rewrapped"),
        (["--scenario", "dyke-step", "--pictures", "here"], "--pictures is of no use"),
    ],
)
def test_wrong_words_end_with_2_and_say_which(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "etna.csv").write_text(TRUTH.replace("erta-ale", "etna"))
    blank = np.full_like(series_arrays()["cum_1e4m"], NO_DATA)
    write_series(tmp_path, cum_1e4m=blank).rename(tmp_path / "blank.npz")
    assert run(["assess", *words]) == 2
    assert message in capsys.readouterr().err
