"""The disc of mean colours gives back the phase and the agreement that made a colour."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insar_models.quicklook.colour_cycle import STEPS, ColourCycle, phase_steps

_CIRCLE = ColourCycle(np.stack([np.cos(phase_steps()), np.sin(phase_steps())], axis=-1))


def test_phases_are_one_cycle_in_equal_steps() -> None:
    steps = phase_steps()

    assert len(steps) == STEPS
    np.testing.assert_allclose(np.diff(steps), 2.0 * np.pi / STEPS)
    assert steps.sum() == pytest.approx(0.0, abs=1e-9)


@given(phase=st.floats(-np.pi, np.pi), agreement=st.floats(0.1, 1.0))
@settings(deadline=None)
def test_a_circle_of_colours_is_its_own_disc(phase: float, agreement: float) -> None:
    colour = agreement * np.array([[np.cos(phase), np.sin(phase)]])

    phasor, distance = _CIRCLE.nearest(colour)

    assert abs(phasor[0]) == pytest.approx(agreement, abs=0.03)
    assert abs(np.angle(phasor[0] * np.exp(-1j * phase))) < 0.03
    assert distance[0] < 0.03


def test_distance_is_measured_from_the_rim() -> None:
    _, distance = _CIRCLE.nearest(np.array([[3.0, 0.0], [0.0, 0.0]]))

    np.testing.assert_allclose(distance, [2.0, 0.0], atol=0.01)
