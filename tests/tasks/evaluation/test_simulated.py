"""Simulated sets: curves, pointing, and a truth that does not fit its pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fringewatch.errors import BadInputError
from insar_models.judging.bootstrap import BootstrapPlan
from tasks.evaluation.candidates import Candidate, Role
from tasks.evaluation.evaluate import FEW_QUIET, NO_FOOTPRINTS, Judging, evaluate_pictures
from tasks.evaluation.report import EvaluationReport
from tasks.evaluation.samples import GroupBy
from tasks.evaluation.table import format_report
from tests.tasks.evaluation.sets import FringeSpread, write_simulated


def evaluate(folder: Path) -> EvaluationReport:
    judging = Judging(GroupBy.AREA, BootstrapPlan(seed=0, draws=20))
    return evaluate_pictures([Candidate("m", Role.JUDGED, (FringeSpread(),))], folder, judging)


def test_a_simulated_set_has_a_detection_curve_and_says_where_maps_point(tmp_path: Path) -> None:
    report = evaluate(write_simulated(tmp_path))

    (one,) = report.candidates
    ((at_one, at_five),) = one.detection
    assert (at_one.asked_share, at_five.asked_share) == (0.01, 0.05)
    found = {(cell.kind, cell.least_m): (cell.found, cell.sources) for cell in at_one.cells}
    assert found["mogi", 0.16] == found["dyke", 0.16] == (1, 1)
    assert found["dyke", 0.0] == (0, 1)
    assert one.pointing is not None
    # The map points at column 100; the sources lie at 112, 127 and 142, 30 pixels wide.
    assert (one.pointing.sources, one.pointing.inside, one.pointing.flat) == (3, 2, 0)
    assert one.pointing.by_chance == pytest.approx(np.pi * 30**2 / 224**2, rel=0.02)
    # A source and the quiet patch beside it share their atmosphere.
    assert report.groups == 3
    assert FEW_QUIET in report.notes
    text = format_report(report)
    assert "m: share found at 1% false alarms (0 of 3 quiet), by peak in cm" in text
    assert "2 of 3" in text


def test_without_footprints_nobody_says_where_maps_point(tmp_path: Path) -> None:
    report = evaluate(write_simulated(tmp_path, footprint=False))
    assert report.candidates[0].pointing is None
    assert NO_FOOTPRINTS in report.notes


def test_pictures_of_227_pixels_are_centred(tmp_path: Path) -> None:
    write_simulated(tmp_path)
    for path in tmp_path.glob("?/*.png"):
        grey = np.pad(np.array(Image.open(path)), ((1, 2), (1, 2)), mode="edge")
        Image.fromarray(grey).save(path)
    truth = (tmp_path / "truth.csv").read_text()
    # 30 pixels from the marked place in the tile, which begins at column 1
    (tmp_path / "truth.csv").write_text(truth.replace("112,112,0", "113,131,0"))
    pointing = evaluate(tmp_path).candidates[0].pointing
    assert pointing is not None
    assert pointing.inside == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1/0.png,1", "1/9.png,1", "file is '1/9.png', expected a picture"),
        ("1/0.png,1", "1/1.png,1", "expected each picture once"),
        ("1/0.png,1", "1/0.png,0", "label is '0', expected 1"),
        ("1/0.png,1", "1/0.png,3", "label is '3', expected 0 or 1"),
        ("mogi,-0.16", ",-0.16", "kind is ''"),
        ("mogi,-0.16", "mogi,0", "peak_m is '0', expected metres"),
        ("mogi,-0.16", "mogi,nan", "peak_m is 'nan'"),
        ("mogi,-0.16", "mogi,deep", "peak_m is 'deep'"),
        ("112,112,0", "112,,0", "column is ''"),
        ("112,112,0,30", "112,112,0,0", "footprint_pixels is '0'"),
        ("112,112,0,30", "112,112,0,-4", "footprint_pixels is '-4'"),
        ("112,112,0", "112,224,0", r"outside of its 224 x 224 pixels"),
        ("112,112,0", "-1,112,0", r"outside of its 224 x 224 pixels"),
        ("0/2.png,0,,0,,,2,\n", "", r"no row for 1 of 6 pictures, such as .*0/2\.png"),
        ("kind,", "", r"lacks the column\(s\) kind"),
        ("dyke,0.17", "dyke,0.17,7", "9 values, expected 8"),
    ],
)
def test_a_truth_that_does_not_fit(tmp_path: Path, old: str, new: str, message: str) -> None:
    write_simulated(tmp_path)
    truth = tmp_path / "truth.csv"
    content = truth.read_text()
    assert old in content
    truth.write_text(content.replace(old, new, 1))
    with pytest.raises(BadInputError, match=message):
        evaluate(tmp_path)


def test_a_truth_that_is_no_text(tmp_path: Path) -> None:
    write_simulated(tmp_path)
    (tmp_path / "truth.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInputError, match=r"truth\.csv cannot be read"):
        evaluate(tmp_path)


@pytest.mark.parametrize("size", [(448, 448), (224, 300)])
def test_pictures_that_are_no_patches(tmp_path: Path, size: tuple[int, int]) -> None:
    write_simulated(tmp_path)
    path = tmp_path / "0" / "1.png"
    Image.open(path).resize(size).save(path)
    message = f"{size[1]} x {size[0]} pixels: a simulated set is patches of 224 x 224"
    with pytest.raises(BadInputError, match=message):
        evaluate(tmp_path)
