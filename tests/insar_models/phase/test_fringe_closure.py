"""The map that states where fringes close."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insar_models.phase.fringe_closure import fringe_closure
from tests.insar_models.fringes import closed_fringes, noise, ramp, scene


@settings(max_examples=15, deadline=None)
@given(row=st.integers(-20, 20), column=st.integers(-20, 20), sign=st.sampled_from([-1, 1]))
def test_it_peaks_in_the_middle_of_closed_fringes(row: int, column: int, sign: int) -> None:
    phase = sign * closed_fringes(20.0, 14.0, (row, column)) + ramp(0.1)
    found = np.unravel_index(np.argmax(fringe_closure(phase)), phase.shape)
    expected = (phase.shape[0] - 1) / 2 + np.array([row, column])
    assert np.abs(np.array(found) - expected).max() <= 3


def test_closed_fringes_outshine_noise_and_ramp() -> None:
    peak = fringe_closure(closed_fringes()).max()
    assert peak > 20 * fringe_closure(noise()).max()
    assert peak > 20 * fringe_closure(ramp(0.8)).max()


def test_no_data_stays_no_data_and_the_rest_is_a_number() -> None:
    phase = scene(2)
    found = fringe_closure(phase)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(found), np.isnan(phase))
    assert np.nanmin(found) >= 0.0


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_flat_phase_and_no_data_have_no_closure(value: float) -> None:
    found = fringe_closure(np.full((64, 64), value, dtype=np.float32))
    assert not np.nan_to_num(found).any()
