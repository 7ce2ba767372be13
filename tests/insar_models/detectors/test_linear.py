"""The linear detector."""

from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.detectors.protocol import Detector
from insar_models.phase.features import phase_features
from tests.insar_models.fringes import closed_fringes, noise, ramp
from tests.insar_models.linear_models import divergence_detector


def test_it_is_a_detector_that_tells_closed_fringes_from_a_ramp() -> None:
    model: Detector = divergence_detector()
    logits = model.logits(np.stack([closed_fringes(), ramp(0.3)]))
    assert logits.dtype == np.float64
    assert logits[0] > model.threshold > logits[1]


def test_logits_are_the_clipped_standardised_features_times_coefficients() -> None:
    weights = divergence_detector().weights
    features = phase_features(closed_fringes())
    expected = weights.intercept
    for value, mean, scale, factor in zip(
        features, weights.mean, weights.scale, weights.coefficients, strict=True
    ):
        expected += min(max((value - mean) / scale, -3.0), 3.0) * factor
    assert divergence_detector().logits(closed_fringes()[np.newaxis])[0] == pytest.approx(expected)


def test_no_feature_runs_away() -> None:
    weights = divergence_detector().weights
    features = np.full((1, 47), 1e9)
    assert weights.logits(features)[0] == 3.0 * weights.coefficients.sum() + weights.intercept


def test_a_patch_without_phase_is_unknown_among_known_ones() -> None:
    model = divergence_detector()
    logits = model.logits(np.stack([noise(), np.full((96, 96), np.nan, dtype=np.float32)]))
    assert np.isfinite(logits[0])
    assert np.isnan(logits[1])
    np.testing.assert_array_equal(np.isnan(model.probabilities(logits)), [False, True])


def test_no_patches_give_no_logits() -> None:
    assert divergence_detector().logits(np.empty((0, 96, 96), dtype=np.float32)).shape == (0,)


def test_probabilities_rise_with_the_logit() -> None:
    found = divergence_detector().probabilities(np.linspace(-5, 5, 11))
    assert (np.diff(found) > 0).all()
    assert ((found > 0) & (found < 1)).all()


def test_the_peak_is_where_the_fringes_close() -> None:
    activation = divergence_detector().activation(closed_fringes(middle=(20.0, -15.0)))
    row, column = np.unravel_index(np.argmax(activation), activation.shape)
    assert row == pytest.approx(67.5, abs=3)
    assert column == pytest.approx(32.5, abs=3)


def test_a_single_patch_without_its_axis_is_refused() -> None:
    with pytest.raises(BadInputError, match="two dimensions"):
        replace(divergence_detector(), name="x").logits(noise())
