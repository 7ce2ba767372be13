"""A small linear detector that knows closed fringes, for tests of what surrounds it."""

import numpy as np

from insar_models.detectors.calibration import Calibration
from insar_models.detectors.linear import LinearDetector, LinearWeights
from insar_models.phase.features import FEATURE_NAMES


def divergence_detector(name: str = "by-divergence") -> LinearDetector:
    """A detector that looks at one feature only; its logit is above 0 for closed fringes."""
    count = len(FEATURE_NAMES)
    coefficients = np.zeros(count)
    coefficients[FEATURE_NAMES.index("divergence_p99_box_15")] = 1.0
    weights = LinearWeights(np.full(count, 0.02), np.full(count, 0.01), coefficients, -0.5, 3.0)
    return LinearDetector(name, "", 0.25, Calibration(0.5, -1.0, 0.2), weights)
