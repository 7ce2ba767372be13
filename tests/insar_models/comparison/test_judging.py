"""Figures that are means over several probes, and their intervals."""

import numpy as np
import pytest

pytest.importorskip("torch")

from insar_models.comparison.judging import _of_windows
from insar_models.comparison.sets import QuietWindows
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.linear import LinearWeights
from insar_models.phase.window_patches import PATCHES_PER_WINDOW
from insar_models.probes.held_out import FittedProbe


def probe_along(direction: tuple[float, float]) -> FittedProbe:
    weights = LinearWeights(
        mean=np.zeros(2),
        scale=np.ones(2),
        coefficients=np.array(direction),
        intercept=0.0,
        clip_deviations=np.inf,
    )
    return FittedProbe(weights, 0.0, Calibration(1.0, 0.0, 0.5))


def test_the_interval_of_found_windows_is_that_of_all_probes() -> None:
    """One probe finds every window, the other one none: together they find half of each."""
    volcanoes = np.array(["a", "b", "c", "d"])
    no_patches = np.zeros((0, 8, 8), np.uint8)
    windows = QuietWindows(no_patches, volcanoes, no_patches, volcanoes)
    quiet = np.repeat(np.random.default_rng(0).normal(size=(4, 2)), PATCHES_PER_WINDOW, axis=0)
    moving = np.tile([9.0, -9.0], (4 * PATCHES_PER_WINDOW, 1))
    figures = _of_windows(quiet, moving, windows, [probe_along((1, 0)), probe_along((0, 1))])
    assert figures["windows.recall"] == 0.5
    assert figures["windows.recall.low"] == figures["windows.recall.high"] == 0.5
