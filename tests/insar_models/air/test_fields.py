"""What the air may follow: no data of every kind, and no step where nothing is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.air import delay_field, heights_field
from insar_models.air.fields import continue_smoothly
from tests.insar_models.air.windows import hills


def test_heights_are_kilometres_and_zero_and_nan_are_unknown() -> None:
    heights = np.array([[1500.0, 0.0], [np.nan, -20.0], [np.inf, 3.0]])
    field = heights_field(heights)
    assert field.known.tolist() == [[True, False], [False, True], [False, True]]
    assert field.values[field.known].tolist() == pytest.approx([1.5, -0.02, 0.003])
    assert np.isfinite(field.values).all()
    assert field.unit == "rad/km"


def test_a_hole_is_continued_without_a_step() -> None:
    values = hills() / 1_000
    rows, columns = np.mgrid[:500, :500]
    hole = np.hypot(rows - 200, columns - 320) < 40
    sea = columns < 90
    known = ~(hole | sea)
    filled = continue_smoothly(np.where(known, values, np.nan), known)
    assert np.array_equal(filled[known], values[known])
    steps_known = np.abs(np.diff(values, axis=1))[known[:, 1:] & known[:, :-1]]
    steps_new = np.abs(np.diff(filled, axis=1))[~(known[:, 1:] & known[:, :-1])]
    assert steps_new.max() <= steps_known.max()
    assert filled.min() >= values[known].min()
    assert filled.max() <= values[known].max()


def test_nothing_known_is_a_flat_field() -> None:
    field = heights_field(np.zeros((20, 30)))
    assert not field.known.any()
    assert not field.values.any()


def test_a_delay_is_secondary_minus_primary_where_both_are_known() -> None:
    primary = np.array([[800.0, 0.0, 810.0]])
    secondary = np.array([[803.0, 805.0, np.nan]])
    field = delay_field("gacos", primary, secondary)
    assert field.known.tolist() == [[True, False, False]]
    assert field.values.tolist() == [[3.0, 3.0, 3.0]]


@pytest.mark.parametrize("heights", [np.zeros(5), np.zeros((2, 3, 4)), np.array([["a", "b"]])])
def test_what_is_no_plane_is_refused(heights: NDArray[np.generic]) -> None:
    with pytest.raises(BadInputError, match=r"heights: .* is no plane of numbers"):
        heights_field(heights)  # type: ignore[arg-type]


def test_delays_of_two_shapes_are_refused() -> None:
    with pytest.raises(BadInputError, match=r"gacos: the primary has shape \(3, 4\).*\(4, 3\)"):
        delay_field("gacos", np.ones((3, 4)), np.ones((4, 3)))
