"""Platt's sigmoid."""

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.detectors.calibration import Calibration, fit_platt, fitted_regression


def test_it_finds_the_sigmoid_that_made_the_labels() -> None:
    chance = np.random.default_rng(0)
    logits = chance.normal(0.0, 3.0, 20_000)
    truth = 1.0 / (1.0 + np.exp(-(0.5 * logits - 1.0)))
    labels = (chance.random(len(logits)) < truth).astype(np.int64)
    found = fit_platt(logits, labels)
    assert found.slope == pytest.approx(0.5, abs=0.02)
    assert found.offset == pytest.approx(-1.0, abs=0.05)
    assert found.prior == pytest.approx(labels.mean())
    assert found.probabilities(logits).mean() == pytest.approx(labels.mean(), abs=1e-3)


def test_separable_scores_give_a_finite_slope() -> None:
    found = fit_platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0, 0, 1, 1]))
    assert 0.0 < found.slope < 10.0


def test_a_fit_that_the_first_solver_does_not_end_is_ended_by_another() -> None:
    samples = np.random.default_rng(1).normal(size=(40, 6))
    labels = (samples[:, 0] + samples[:, 1] > 0).astype(np.int64)
    whole = fitted_regression(samples, labels, tol=1e-8, max_iter=1000)
    assert whole.solver == "lbfgs"
    cut = fitted_regression(samples, labels, tol=1e-8, max_iter=8)
    assert cut.solver == "newton-cholesky"
    np.testing.assert_allclose(cut.coef_, whole.coef_, atol=1e-6)


def test_scores_that_rank_backwards_are_refused() -> None:
    with pytest.raises(BadInputError, match="no better than chance"):
        fit_platt(np.array([2.0, 1.0, -1.0, -2.0]), np.array([0, 0, 1, 1]))


def test_unknown_stays_unknown_and_extremes_stay_probabilities() -> None:
    found = Calibration(1.0, 0.0, 0.5).probabilities(np.array([np.nan, -1e6, 0.0, 1e6]))
    np.testing.assert_array_equal(found, [np.nan, 0.0, 0.5, 1.0])
