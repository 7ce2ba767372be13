"""A folder of labelled pictures becomes figures, whatever else lies in it."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE
from insar_models.detectors.protocol import Detector
from insar_models.judging.bootstrap import BootstrapPlan
from tasks.evaluation.candidates import Candidate, Role
from tasks.evaluation.evaluate import NO_INDEX, Judging, evaluate_pictures
from tasks.evaluation.report import EvaluationReport, FamilyCount
from tasks.evaluation.samples import GroupBy
from tasks.evaluation.table import format_report
from tests.insar_models.quicklook.pictures import (
    bullseye,
    paint_grey,
    paint_hue,
    paint_palette,
    ramp,
)
from tests.tasks.evaluation.sets import FringeSpread, save, write_pictures

JUDGING = Judging(GroupBy.AREA, BootstrapPlan(seed=0, draws=20))


def evaluate(folder: Path, *detectors: Detector) -> EvaluationReport:
    judged = detectors or (FringeSpread(),)
    candidates = [Candidate(one.name, Role.JUDGED, (one,)) for one in judged]
    return evaluate_pictures(candidates, folder, JUDGING)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_pictures(tmp_path)


def test_the_report_tells_the_figures_and_every_picture(folder: Path) -> None:
    report = evaluate(folder)

    (one,) = report.candidates
    assert one.figures["true_positives"] == one.figures["true_negatives"] == 6
    assert one.figures["auroc"] == one.figures["auprc_at_2_percent"] == 1.0
    assert (one.name, one.sha256, one.thresholds) == ("fringe-spread", ("ab" * 32,), (0.0,))
    assert one.over_seeds == {}
    assert {count.family: count for count in report.families}["grey"] == FamilyCount("grey", 2, 2)
    assert report.skipped == ()
    assert [sample.name for sample in report.samples][:2] == ["0/grey_0.png", "0/grey_1.png"]
    for sample in report.samples:
        (score,), (probability,) = sample.scores[one.name], sample.probabilities[one.name]
        assert (score >= 0.0) == (sample.label == 1) == (probability > 0.5)


def test_the_threshold_is_that_of_the_model(folder: Path) -> None:
    report = evaluate(folder, FringeSpread(threshold=10.0))
    (one,) = report.candidates
    assert one.figures["true_positives"] == one.figures["false_positives"] == 0
    assert math.isnan(one.figures["precision"])
    assert one.figures["auroc"] == 1.0
    scores = report.samples[0].scores["fringe-spread"]
    logit = evaluate(folder).samples[0].scores["fringe-spread"][0]
    assert scores == [pytest.approx(logit - 10.0)]


def test_several_models_are_compared_on_the_same_pictures(folder: Path) -> None:
    against = FringeSpread(name="against", sign=-1.0)
    report = evaluate(folder, FringeSpread(), against, FringeSpread())
    assert [one.name for one in report.candidates] == [
        "fringe-spread",
        "against",
        "fringe-spread (2)",
    ]
    assert [one.figures["auroc"] for one in report.candidates] == [1.0, 0.0, 1.0]
    assert set(report.samples[0].scores) == {one.name for one in report.candidates}
    text = format_report(report)
    assert sum("against" in line.split()[:1] for line in text.splitlines()) >= 2


def test_a_picture_that_one_cannot_judge_is_left_out_for_all(folder: Path) -> None:
    class Choosy(FringeSpread):
        def logits(self, phase_rad: np.ndarray) -> np.ndarray:
            found = super().logits(phase_rad)
            found[0] = np.nan
            return found

    report = evaluate(folder, FringeSpread(), Choosy())
    assert len(report.samples) == 11
    (skipped,) = report.skipped
    assert skipped.reason == "too little valid phase to be scored"


def test_several_seeds_give_means_and_their_range(folder: Path) -> None:
    seeds = (FringeSpread(), FringeSpread(sign=-1.0))
    report = evaluate_pictures([Candidate("probe", Role.JUDGED, seeds)], folder, JUDGING)
    (one,) = report.candidates
    assert one.figures["auroc"] == 0.5
    assert (one.over_seeds["auroc"].low, one.over_seeds["auroc"].high) == (0.0, 1.0)
    assert len(report.samples[0].scores["probe"]) == 2
    assert "lowest to highest over probe seeds" in format_report(report)


def test_files_that_cannot_be_read_are_listed_and_stop_nothing(folder: Path) -> None:
    (folder / "0" / "notes.txt").write_text("my notes")
    (folder / "0" / "text.png").write_text("not a picture")
    whole = (folder / "1" / "hue_0.png").read_bytes()
    (folder / "1" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "1" / "empty.png").write_bytes(b"")
    Image.new("RGB", (PATCH_SIZE, PATCH_SIZE), (0, 200, 30)).save(folder / "1" / "green.png")
    Image.new("L", (PATCH_SIZE, PATCH_SIZE), 128).save(folder / "1" / "blank.png")
    speck = np.zeros((PATCH_SIZE, PATCH_SIZE, 4), dtype=np.uint8)
    speck[:30, :30, :3] = paint_palette(ramp(30))
    speck[:30, :30, 3] = 255
    Image.fromarray(speck).save(folder / "1" / "speck.png")

    report = evaluate(folder)

    assert len(report.samples) == 12
    reasons = {Path(file.name).name: file.reason for file in report.skipped}
    assert reasons["notes.txt"].startswith("not a picture by its ending")
    assert reasons["text.png"].startswith("not a picture")
    assert reasons["cut.png"].startswith("cut or damaged")
    assert reasons["green.png"].startswith("the picture is no known rendering")
    assert reasons["blank.png"] == "it shows no phase, only no data"
    assert reasons["speck.png"] == "too little valid phase to be scored"
    assert set(reasons) == {
        "notes.txt", "text.png", "cut.png", "empty.png", "green.png", "blank.png", "speck.png",
    }  # fmt: skip
    assert "7 skipped:" in format_report(report)


def test_a_large_picture_is_as_positive_as_its_best_tile(folder: Path) -> None:
    scene = ramp(500, row_rate=0.05, column_rate=0.02)
    scene[276:, 276:] = bullseye(fringes=6.0)
    save(folder / "1" / "large.png", paint_grey(scene))
    scores = {s.name: s.scores["fringe-spread"][0] for s in evaluate(folder).samples}
    assert scores["1/large.png"] > 0.0


def test_a_small_picture_is_padded(folder: Path) -> None:
    save(folder / "1" / "small.png", paint_hue(bullseye(120)))
    scores = {s.name: s.scores["fringe-spread"][0] for s in evaluate(folder).samples}
    assert scores["1/small.png"] > 0.0


def test_pictures_go_to_the_model_in_batches(folder: Path) -> None:
    for index in range(60):
        save(folder / "0" / f"{index}.png", paint_grey(ramp(40, offset=index / 20)))
    model = FringeSpread()
    report = evaluate(folder, model)
    assert sum(model.seen) == 72
    assert max(model.seen) <= 40
    assert len(model.seen) < 10
    assert len(report.samples) + len(report.skipped) == 72


def test_the_report_as_json_is_complete(folder: Path) -> None:
    found = json.loads(evaluate(folder, FringeSpread(threshold=10.0)).to_json())

    (one,) = found["candidates"]
    assert list(one["figures"])[:8] == [
        "accuracy", "false_positives", "true_positives", "false_negatives", "true_negatives",
        "f1", "precision", "recall",
    ]  # fmt: skip
    assert one["figures"]["precision"] is None
    assert set(one["groups"]) == {"area", "frame", "volcano", "scene"}
    assert set(one["intervals"]) == set(one["figures"]) == set(found["chance"]["figures"])
    assert len(found["samples"]) == 12
    assert found["samples"][0]["place"]["scene"] == "0/grey_0.png"
    assert found["source"] == folder.as_posix()
    assert found["notes"] == [NO_INDEX]


def test_the_table_begins_with_the_columns_of_the_paper(folder: Path) -> None:
    lines = format_report(evaluate(folder, FringeSpread(threshold=10.0))).splitlines()

    head = next(at for at, line in enumerate(lines) if "ACC" in line)
    assert lines[head].split()[:9] == ["ACC", "FP", "TP", "FN", "TN", "F1", "P", "R", "AUROC"]
    assert lines[head + 1].split()[:7] == ["fringe-spread", "50.0", "%", "0", "0", "6", "6"]
    assert lines[head + 2].startswith("chance")
    assert f"note: {NO_INDEX}" in lines
    assert any("threshold 10.000" in line for line in lines)


@pytest.mark.parametrize("label", [0, 1])
def test_a_class_of_which_nothing_can_be_judged(folder: Path, label: int) -> None:
    for path in (folder / str(label)).iterdir():
        path.write_text("not a picture")
    message = rf"none of the 6 pictures with label {label} can be judged.*grey_0\.png: not a"
    with pytest.raises(BadInputError, match=message):
        evaluate(folder)


@pytest.mark.parametrize("label", [0, 1])
def test_an_empty_class(folder: Path, label: int) -> None:
    for path in (folder / str(label)).iterdir():
        path.unlink()
    with pytest.raises(BadInputError, match=rf"{label} holds no picture"):
        evaluate(folder)


def test_a_folder_of_another_form(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"expected .* to hold the folders 0"):
        evaluate(tmp_path)


def test_the_same_plan_gives_the_same_report(folder: Path) -> None:
    assert evaluate(folder).to_json() == evaluate(folder).to_json()
    other = replace(JUDGING, plan=BootstrapPlan(seed=0, draws=30))
    candidates = [Candidate("a", Role.JUDGED, (FringeSpread(),))]
    assert evaluate_pictures(candidates, folder, other).candidates[0].intervals["f1"].draws == 30
