import math

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.simulation.checked_numbers import Limits, check_number

DEPTH = Limits(0.0, 100.0, "metres", above_low=True)
ANGLE = Limits(0.0, 90.0, "degrees")


@pytest.mark.parametrize("value", [1, 0.001, 100.0, np.float32(3), np.int64(7)])
def test_a_number_within_its_limits_passes(value: object) -> None:
    check_number("Mogi", "depth_m", value, DEPTH)


def test_the_lower_limit_counts_unless_it_is_left_out() -> None:
    check_number("Rectangle", "dip_degrees", 0, ANGLE)
    with pytest.raises(BadInputError):
        check_number("Mogi", "depth_m", 0, DEPTH)


@pytest.mark.parametrize(
    "value", [-1e-9, 100.1, math.nan, math.inf, -math.inf, "5", None, True, 5j, [5.0]]
)
def test_anything_else_is_refused_with_its_name_and_value(value: object) -> None:
    with pytest.raises(BadInputError) as caught:
        check_number("Mogi", "depth_m", value, DEPTH)
    assert str(caught.value) == f"Mogi: depth_m={value!r}: give metres, above 0 up to 100"


def test_no_end_does_not_mean_infinite() -> None:
    with pytest.raises(BadInputError, match=r"decay_days=inf: give days, above 0$"):
        check_number("Ramp", "decay_days", math.inf, Limits(0.0, math.inf, "days", above_low=True))


def test_the_message_says_which_ends_count() -> None:
    assert str(ANGLE) == "degrees, from 0 up to 90"
    assert str(Limits(0.0, math.inf, "days", above_low=True)) == "days, above 0"
