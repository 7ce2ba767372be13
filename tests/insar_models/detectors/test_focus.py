"""The focus of a map lies where fringes close, and inside of what the model looks at."""

import numpy as np
from numpy.typing import NDArray

from insar_models.detectors.focus import focus
from tests.insar_models.fringes import closed_fringes


def two_bowls() -> NDArray[np.float32]:
    return np.concatenate([closed_fringes(side=112), closed_fringes(side=112)], axis=1)


def test_it_chooses_the_fringes_that_the_model_looks_at() -> None:
    phase = two_bowls()
    activation = np.zeros(phase.shape, np.float32)
    activation[:, 112:] = 2.0
    found = focus(activation, phase)
    row, column = np.unravel_index(int(np.nanargmax(found)), found.shape)
    assert abs(row - 56) < 20
    assert abs(column - 168) < 20
    assert float(found.max()) == 2.0
    assert not found[:, :112].any()


def test_no_data_stays_none_and_without_fringes_the_map_stays() -> None:
    flat = np.zeros((112, 112), np.float32)
    activation = np.linspace(0, 1, 112 * 112, dtype=np.float32).reshape(112, 112)
    activation[:5] = np.nan
    found = focus(activation, flat)
    np.testing.assert_array_equal(found, activation)
    assert np.isnan(focus(activation, two_bowls()[:, :112])[:5]).all()


def test_a_map_of_nothing_stays_one() -> None:
    nothing = np.zeros((112, 112), np.float32)
    assert not focus(nothing, two_bowls()[:, :112]).any()
