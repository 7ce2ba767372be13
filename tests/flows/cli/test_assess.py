"""The command that holds verdicts against the truth."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from flows.cli import run
from flows.screen import stop_logging
from insar_models.onset.slow_motion import PlaceRate
from tasks.assess import trials
from tasks.assess.rate_truth import RateOutcome
from tasks.assess.scores_file import score_table
from tests.scenes import FRAME
from tests.tasks.assess.evidence import day, network, verdicts
from tests.tasks.assess.tables import write_dates, write_interferograms

TRUTH = "volcano,name,kind,start,end\ntaal,dyke,volcanic,2020-01-26,2020-02-12\n"
PAIRS = network(12, [5, 6])
RATE = PlaceRate("frame", day(20), day(8), 0.5, 0.1, 0.9, 38.5, 34.6, math.nan, 0.3, 0.7)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "truth.csv").write_text(TRUTH)
    (tmp_path / "scores.csv").write_text(score_table("taal", PAIRS))
    write_dates(tmp_path / "tables", verdicts("qqqqquuqqqqq"))
    yield
    stop_logging()


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["assess", *words]) == 0
    return capsys.readouterr().out


def test_a_table_against_episodes(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "tables/dates.csv", "--truth", "truth.csv")
    assert "dyke (2020-01-26 to 2020-02-12)  5 d (0)" in out
    assert "48 days after each" in out
    first = said(capsys, "tables", "--truth", "truth.csv", "--first-said")
    assert "missed" in first.splitlines()[-1]


def test_a_table_with_its_pairs_has_a_curve(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_interferograms(tmp_path / "tables", PAIRS)
    words = ("tables", "--truth", "truth.csv", "--curve", "--json", "out.json", "--grace", "6")
    assert "threshold in logits" in said(capsys, *words)
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["assessed"] == "tables"
    assert report["methods"]["rule"]["found"] == 1
    assert report["methods"]["rule"]["by_pair"]["recall"] > 0
    assert len(report["methods"]["rule"]["curve"]) >= 2


def test_a_volcano_of_the_home(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with open_ledger(open_home(Home(tmp_path / "home")).ledger) as ledger:
        ledger.record_listing(FRAME, "http://a", [], complete=True)
    write_dates(tmp_path / "home" / "detections" / "taal", verdicts("qqqqquuqqqqq"))
    out = said(capsys, "Taal", "--truth", "truth.csv", "--home", "home")
    assert "5 d (0)" in out


def test_without_a_home_there_is_nothing_to_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["assess", "etna", "--truth", "truth.csv", "--home", "none"]) == 4
    assert "run `fringewatch backfill` first" in capsys.readouterr().err


def test_scores_by_all_methods_or_some(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "--scores", "scores.csv", "--truth", "truth.csv")
    assert all(name in out for name in ("rule", "cumulative-sum", "deconvolution"))
    one = said(capsys, "--scores", "scores.csv", "--truth", "truth.csv", "--method", "rule")
    assert "deconvolution" not in one
    assert "5 d (0)" in one
    high = ("--method", "rule", "--threshold", "9", "--volcano", "taal")
    assert "missed" in said(capsys, "--scores", "scores.csv", "--truth", "truth.csv", *high)


def test_the_watchs_own_method_is_judged_with_its_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--scores", "scores.csv", "--truth", "truth.csv", "--method", "rule")
    as_shipped = said(capsys, *asked)
    assert "missed" not in as_shipped.splitlines()[-1]
    monkeypatch.setenv("FRINGEWATCH_METHOD", "rule")
    monkeypatch.setenv("FRINGEWATCH_METHOD_OPTIONS", '{"dates": 12}')
    assert "missed" in said(capsys, *asked).splitlines()[-1]
    monkeypatch.setenv("FRINGEWATCH_METHOD", "deconvolution")
    monkeypatch.setenv("FRINGEWATCH_METHOD_OPTIONS", '{"begin": 0.6}')
    assert said(capsys, *asked) == as_shipped  # they are another method's


def test_each_place_keeps_its_own_episodes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = TRUTH.splitlines()
    lines.append(lines[1].replace("taal", "etna"))
    (tmp_path / "truth.csv").write_text("\n".join(lines) + "\n")
    both = score_table("taal", PAIRS) + score_table("etna", network(12)).partition("\n")[2]
    (tmp_path / "scores.csv").write_text(both)
    out = said(capsys, "--scores", "scores.csv", "--truth", "truth.csv", "--method", "rule")
    assert "etna: dyke (2020-01-26 to 2020-02-12)   missed" in out
    assert "taal: dyke (2020-01-26 to 2020-02-12)  5 d (0)" in out


def test_scenarios_need_no_home(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def made(plan: trials.TrialPlan, seed: int) -> trials.Trial:
        return trials.Trial(plan, seed, tuple(network(30, [16])), ())

    monkeypatch.setattr(trials, "trial_of", made)
    monkeypatch.setattr(trials.Trial, "rates", lambda *_: (RateOutcome(RATE, 0.4),))
    out = said(capsys, "--scenario", "dyke-step", "--seeds", "2", "--method", "rule")
    assert "seed 3, seed 4" in out
    assert "2 of 2" in out
    assert "rates alone" in out
    assert "sign right on 2, truth in the interval on 2" in out
    monkeypatch.setenv("FRINGEWATCH_SLOW_DEVIATIONS", "0")
    assert "rates alone" not in said(capsys, "--scenario", "dyke-step", "--method", "rule")
    assert not (tmp_path / "fringewatch-data").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give one of"),
        (["tables", "--scores", "scores.csv"], "given: dates, --scores"),
        (["tables"], "--truth is missing"),
        (["tables", "--truth", "truth.csv", "--seeds", "2"], "--seeds is of no use with dates"),
        (["tables", "--truth", "truth.csv", "--method", "rule"], "--method is of no use"),
        (["tables", "--truth", "no.csv"], "no.csv cannot be read"),
        (["tables", "--truth", "truth.csv", "--grace", "-1"], "--grace is -1"),
        (["olympus mons", "--truth", "truth.csv"], "olympus mons"),
        (["etna", "--truth", "truth.csv", "--home", "made"], "run the backfill first"),
        (["--scores", "scores.csv", "--truth", "truth.csv", "--volcano", "etna"], "'etna'"),
        (["--scores", "scores.csv", "--truth", "truth.csv", "--method", "oracle"], "oracle"),
        (["--scenario", "dyke-step", "--truth", "truth.csv"], "--truth is of no use"),
        (["--scenario", "dyke-stop"], "dyke-stop"),
        (["--scenario", "dyke-step", "--seeds", "0"], "--seeds is 0"),
        (["--scenario", "dyke-step", "--model", "oracle"], "oracle"),
        (["--scenario", "paper-synthetic"], "set of patches"),
    ],
)
def test_wrong_words_end_with_2_and_say_which(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_home(Home(Path("made")))
    assert run(["assess", *words]) == 2
    assert message in capsys.readouterr().err
