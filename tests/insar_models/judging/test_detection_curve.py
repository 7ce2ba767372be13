"""Detection curves and pointing, on scores that are known by hand."""

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.judging.detection_curve import (
    ALL_KINDS,
    detection_curves,
    points_inside,
    share_inside,
)


def test_strong_sources_are_found_and_weak_ones_are_not() -> None:
    quiet = np.arange(100) / 100.0
    logits = np.concatenate([quiet, [2.0, 2.0, 0.5, 0.97]])
    labels = np.array([0] * 100 + [1] * 4)
    kinds = [""] * 100 + ["dyke", "mogi", "mogi", "mogi"]
    peak_m = np.array([np.nan] * 100 + [0.1, 0.1, 0.015, 0.02])

    one, five = detection_curves(labels, logits, kinds, peak_m)

    assert (one.quiet, one.false_alarms, five.false_alarms) == (100, 1, 5)
    found = {(cell.kind, cell.least_m): (cell.found, cell.sources) for cell in one.cells}
    assert found == {
        ("dyke", 0.08): (1, 1),
        ("mogi", 0.014): (0, 1),
        ("mogi", 0.02): (0, 1),
        ("mogi", 0.08): (1, 1),
        (ALL_KINDS, 0.014): (0, 1),
        (ALL_KINDS, 0.02): (0, 1),
        (ALL_KINDS, 0.08): (2, 2),
    }
    at_five = {(c.kind, c.least_m): c.found for c in five.cells}
    assert at_five["mogi", 0.02] == 1
    (two,) = [cell for cell in one.cells if cell.kind == ALL_KINDS and cell.found == 2]
    assert two.low == pytest.approx(0.158, abs=0.01)
    assert two.high == 1.0


def test_with_few_quiet_samples_nothing_quiet_may_be_called() -> None:
    one, _ = detection_curves(
        np.array([0, 0, 1]), np.array([0.0, 3.0, 3.0]), ["", "", "sill"], np.array([0, 0, 0.05])
    )
    assert one.false_alarms == 0
    assert one.cells[0].found == 0


def test_every_source_lies_in_one_bin() -> None:
    peak_m = np.geomspace(1e-4, 50.0, 60)
    curves = detection_curves(
        np.array([0] + [1] * 60), np.zeros(61), [""] + ["mogi"] * 60, np.append(0.0, peak_m)
    )
    for curve in curves:
        assert sum(cell.sources for cell in curve.cells if cell.kind == ALL_KINDS) == 60


@pytest.mark.parametrize(
    ("labels", "peak_m", "message"),
    [
        ([1, 1], [0.1, 0.1], "2 deforming and 0 quiet"),
        ([0, 0], [0.1, 0.1], "0 deforming and 2 quiet"),
        ([0, 1], [0.1, 0.0], "without a peak"),
        ([0, 1], [0.1, np.nan], "without a peak"),
        ([0, 1], [0.1], "1 peaks"),
    ],
)
def test_what_makes_no_curve(labels: list[int], peak_m: list[float], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        detection_curves(np.array(labels), np.zeros(2), ["a", "b"], np.array(peak_m))


def test_a_map_points_at_its_strongest_place() -> None:
    activation = np.zeros((50, 60), dtype=np.float32)
    activation[20, 40] = 3.0
    activation[0] = np.nan
    assert points_inside(activation, (23.0, 36.0), 5.0) is True
    assert points_inside(activation, (23.0, 36.0), 4.9) is False
    assert points_inside(np.zeros((50, 60), np.float32), (23.0, 36.0), 5.0) is None
    assert points_inside(np.full((50, 60), np.nan, np.float32), (23.0, 36.0), 5.0) is None


def test_of_a_plateau_the_middle_counts() -> None:
    activation = np.zeros((50, 50), dtype=np.float32)
    activation[10:31, 10:31] = 1.0
    assert points_inside(activation, (20.0, 20.0), 0.5) is True


def test_the_share_inside_counts_pixels_with_data_alone() -> None:
    valid = np.ones((100, 100), dtype=bool)
    assert share_inside(valid, (50.0, 50.0), 20.0) == pytest.approx(np.pi * 0.04, rel=0.02)
    valid[:, 50:] = False
    assert share_inside(valid, (50.0, 0.0), 200.0) == 1.0
    assert share_inside(np.zeros((5, 5), dtype=bool), (2.0, 2.0), 9.0) == 0.0
