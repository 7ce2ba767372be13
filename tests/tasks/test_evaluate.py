"""A folder of labelled pictures becomes a report, whatever else lies in it."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE
from insar_models.phase import phasor
from insar_models.quicklook import PictureFamily
from tasks.evaluate import FamilyCount, evaluate_folder, format_report
from tests.insar_models.quicklook.pictures import (
    bullseye,
    paint_grey,
    paint_hue,
    paint_palette,
    ramp,
)

Paint = Callable[[NDArray[np.float32]], NDArray[np.uint8]]
_PAINTS: dict[str, Paint] = {"grey": paint_grey, "palette": paint_palette, "hue": paint_hue}


@dataclass
class FringeSpread:
    """A detector by hand: fringes that point every way make a high logit, a ramp a low one."""

    name: str = "fringe-spread"
    sha256: str = "ab" * 32
    threshold: float = 0.0
    seen: list[int] = field(default_factory=list)

    def logits(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float64]:
        assert phase_rad.shape[1:] == (PATCH_SIZE, PATCH_SIZE)
        self.seen.append(len(phase_rad))
        field_ = phasor(phase_rad)
        turns = field_[:, :, 1:] * np.conj(field_[:, :, :-1])
        valid = np.abs(turns) > 0.5
        share = valid.mean(axis=(1, 2))
        with np.errstate(invalid="ignore"):
            mean = turns.sum(axis=(1, 2)) / valid.sum(axis=(1, 2))
        return np.where(share > 0.1, 0.995 - np.abs(mean), np.nan).astype(np.float64)

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1.0 / (1.0 + np.exp(-20.0 * logits))

    def activation(self, phase_rad: NDArray[np.float32]) -> NDArray[np.float32]:
        raise NotImplementedError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two ramps and two sources in each of the three renderings."""
    for name, paint in _PAINTS.items():
        for index in range(2):
            quiet = ramp(PATCH_SIZE, offset=index, row_rate=0.05, column_rate=0.02)
            for label, phase in ((0, quiet), (1, bullseye(fringes=5.0 + index))):
                path = tmp_path / str(label) / f"{name}_{index}.png"
                path.parent.mkdir(exist_ok=True)
                Image.fromarray(paint(phase)).save(path)
    return tmp_path


def test_the_report_tells_the_figures_and_every_picture(folder: Path) -> None:
    report = evaluate_folder(FringeSpread(), folder)

    assert report.metrics.true_positives == 6
    assert report.metrics.true_negatives == 6
    assert report.metrics.auroc == 1.0
    assert report.families == tuple(FamilyCount(family, 2, 2) for family in PictureFamily)
    assert (report.model, report.model_sha256) == ("fringe-spread", "ab" * 32)
    assert report.skipped == ()
    assert [picture.path for picture in report.pictures][:2] == ["0/grey_0.png", "0/grey_1.png"]
    for picture in report.pictures:
        assert picture.positive == (picture.label == 1) == (picture.probability > 0.5)
        assert picture.family.value.startswith(picture.path[2:].split("_")[0]) or (
            picture.family is PictureFamily.LICSAR_PALETTE
        )


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

    report = evaluate_folder(FringeSpread(), folder)

    assert len(report.pictures) == 12
    reasons = {file.path.name: file.reason for file in report.skipped}
    assert set(reasons) == {
        "notes.txt",
        "text.png",
        "cut.png",
        "empty.png",
        "green.png",
        "blank.png",
        "speck.png",
    }
    assert reasons["text.png"].startswith("not a picture")
    assert reasons["cut.png"].startswith("cut or damaged")
    assert reasons["green.png"].startswith("the picture is no known rendering")
    assert reasons["blank.png"] == "it shows no phase, only no data"
    assert reasons["speck.png"] == "too little valid phase to be scored"


def test_a_large_picture_is_as_positive_as_its_best_tile(folder: Path) -> None:
    scene = ramp(500, row_rate=0.05, column_rate=0.02)
    scene[276:, 276:] = bullseye(fringes=6.0)
    Image.fromarray(paint_grey(scene)).save(folder / "1" / "large.png")

    report = evaluate_folder(FringeSpread(), folder)

    logits = {picture.path: picture.logit for picture in report.pictures}
    assert logits["1/large.png"] > 0.0


def test_a_small_picture_is_padded(folder: Path) -> None:
    Image.fromarray(paint_hue(bullseye(120))).save(folder / "1" / "small.png")

    report = evaluate_folder(FringeSpread(), folder)

    assert [picture.positive for picture in report.pictures if "small" in picture.path] == [True]


def test_pictures_go_to_the_model_in_batches(folder: Path) -> None:
    for index in range(60):
        Image.fromarray(paint_grey(ramp(40, offset=index / 20))).save(folder / "0" / f"{index}.png")
    model = FringeSpread()

    report = evaluate_folder(model, folder)

    assert sum(model.seen) == 72
    assert max(model.seen) <= 40
    assert len(model.seen) < 10
    assert len(report.pictures) + len(report.skipped) == 72


def test_the_report_as_json_is_complete(folder: Path) -> None:
    report = evaluate_folder(FringeSpread(threshold=10.0), folder)

    found = json.loads(report.to_json())

    assert found["model_sha256"] == "ab" * 32
    assert list(found["metrics"])[:8] == [
        "accuracy",
        "false_positives",
        "true_positives",
        "false_negatives",
        "true_negatives",
        "f1",
        "precision",
        "recall",
    ]
    assert math.isnan(report.metrics.precision)
    assert found["metrics"]["precision"] is None
    assert found["families"][0] == {
        "family": "grey",
        "without_deformation": 2,
        "with_deformation": 2,
    }
    assert len(found["pictures"]) == 12
    assert found["pictures"][0]["family"] == "grey"
    assert found["folder"] == folder.as_posix()


def test_the_report_for_a_terminal(folder: Path) -> None:
    (folder / "0" / "notes.txt").write_text("my notes")

    text = format_report(evaluate_folder(FringeSpread(threshold=10.0), folder))

    lines = text.splitlines()
    assert lines[0] == "model fringe-spread (abababababab), threshold 10.000"
    header, row = lines[3:5]
    assert header.split()[:8] == [
        "accuracy",
        "FP",
        "TP",
        "FN",
        "TN",
        "F1",
        "precision",
        "recall",
    ]
    assert row.split()[:6] == ["50.0", "%", "0", "0", "6", "6"]
    assert "AUROC" in header
    assert "balanced accuracy" in header
    assert len(header) == len(row)
    assert any("licsar-palette" in line and line.endswith("2") for line in lines)
    assert "1 skipped:" in lines
    assert lines[-1].endswith("notes.txt: not a picture by its ending '.txt'")


def test_nothing_that_can_be_scored(tmp_path: Path) -> None:
    for label in ("0", "1"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.png").write_text("not a picture")

    with pytest.raises(BadInputError, match=r"none of the 2 pictures .* can be scored; .*1/a\.png"):
        evaluate_folder(FringeSpread(), tmp_path)


def test_a_folder_of_another_form(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"expected .* to hold the folders 0"):
        evaluate_folder(FringeSpread(), tmp_path)
