"""Training from features."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from fringewatch.errors import BadInputError
from insar_models.phase.features import FEATURE_NAMES
from insar_models.probes.probe import ProbeSettings, fit_probe, fit_weights, quiet_threshold

SETTINGS = ProbeSettings()


def samples(
    shift: float = 1.5, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[str, ...]]:
    """Samples from eight places, of which four deform; feature 0 tells."""
    chance = np.random.default_rng(seed)
    place = np.repeat(np.arange(8), 20)
    labels = ((place < 4) & (np.tile(np.arange(20), 8) < 8)).astype(np.int64)
    features = chance.standard_normal((len(labels), len(FEATURE_NAMES)))
    features[:, 0] += shift * labels
    features[:, -1] = 7.0  # never varies
    return features, labels, tuple(f"place {k}" for k in place)


def test_held_out_logits_come_from_models_that_did_not_see_the_group() -> None:
    features, labels, groups = samples()
    fit = fit_probe(features, labels, groups, SETTINGS)
    assert len(fit.fold_weights) == 4  # as many as places that deform
    for number, weights in enumerate(fit.fold_weights):
        held_out = fit.fold == number
        own = {group for group, here in zip(groups, held_out, strict=True) if here}
        rest = {group for group, here in zip(groups, held_out, strict=True) if not here}
        assert not own & rest
        again = fit_weights(features[~held_out], labels[~held_out], SETTINGS)
        np.testing.assert_array_equal(again.coefficients, weights.coefficients)
        np.testing.assert_array_equal(
            weights.logits(features[held_out]), fit.held_out_logits[held_out]
        )


def test_a_feature_that_gives_a_group_away_does_not_help_when_it_is_held_out() -> None:
    features, labels, groups = samples(shift=0.6)
    place = np.array([int(group[-1]) for group in groups])
    for k in range(8):  # what only this place's samples show, as scenes do
        features[:, 1 + k] = 5.0 * ((place == k) & (labels == 1))
    fit = fit_probe(features, labels, groups, SETTINGS)
    seen = fit.weights.logits(features)
    assert seen[labels == 1].min() > seen[labels == 0].max()
    assert fit.held_out_logits[labels == 1].min() < fit.held_out_logits[labels == 0].max()


def test_it_is_the_logistic_regression_of_scikit_learn() -> None:
    features, labels, _ = samples()
    weights = fit_weights(features, labels, SETTINGS)
    clipped = np.clip((features - weights.mean) / weights.scale, -3, 3)
    reference = LogisticRegression(C=0.3, class_weight="balanced", tol=1e-8, max_iter=10_000)
    np.testing.assert_allclose(
        weights.logits(features),
        reference.fit(clipped, labels).decision_function(clipped),
        atol=1e-4,
    )


def test_a_feature_that_never_varies_gets_no_weight() -> None:
    weights = fit_weights(*samples()[:2], SETTINGS)
    assert weights.coefficients[-1] == 0.0
    assert weights.scale[-1] == 1.0


def test_threshold_keeps_the_alarm_budget_on_held_out_quiet_samples() -> None:
    features, labels, groups = samples()
    for share in (0.0, 0.05, 0.2):
        fit = fit_probe(features, labels, groups, replace(SETTINGS, quiet_share_above=share))
        quiet = fit.held_out_logits[labels == 0]
        assert (quiet >= fit.threshold).mean() <= share
        assert (quiet >= fit.threshold - 0.3).mean() > share


def test_quiet_threshold_by_hand() -> None:
    logits = np.array([3.0, 1.0, 2.0, 0.0, -1.0])
    assert quiet_threshold(logits, 0.0) == pytest.approx(3.0, abs=1e-5)
    assert quiet_threshold(logits, 0.2) == pytest.approx(2.0, abs=1e-5)
    assert (logits >= quiet_threshold(logits, 0.2)).sum() == 1
    assert (logits >= quiet_threshold(np.full(9, 2.0), 0.5)).sum() == 1


def test_the_same_samples_give_the_same_fit() -> None:
    first, second = (fit_probe(*samples(), SETTINGS) for _ in range(2))
    np.testing.assert_array_equal(first.weights.coefficients, second.weights.coefficients)
    assert (first.threshold, first.calibration) == (second.threshold, second.calibration)


def test_there_are_never_more_folds_than_allowed() -> None:
    fit = fit_probe(*samples(), replace(SETTINGS, most_folds=2))
    assert set(fit.fold.tolist()) == {0, 1}


class TestBadInput:
    def test_samples_that_do_not_belong_together(self) -> None:
        features, labels, groups = samples()
        with pytest.raises(BadInputError, match="do not belong together"):
            fit_probe(features[:-1], labels, groups, SETTINGS)
        with pytest.raises(BadInputError, match="do not belong together"):
            fit_probe(features, labels, groups[:-1], SETTINGS)

    @pytest.mark.parametrize("label", [2, -1])
    def test_strange_label(self, label: int) -> None:
        features, labels, groups = samples()
        labels[3] = label
        with pytest.raises(BadInputError, match=f"not {label}"):
            fit_probe(features, labels, groups, SETTINGS)

    def test_features_that_are_not_finite(self) -> None:
        features, labels, groups = samples()
        features[5, 2] = np.nan
        with pytest.raises(BadInputError, match="1 samples have features"):
            fit_probe(features, labels, groups, SETTINGS)

    @pytest.mark.parametrize(("label", "meaning"), [(0, "deforming"), (1, "quiet")])
    def test_a_class_without_samples(self, label: int, meaning: str) -> None:
        features, labels, groups = samples()
        with pytest.raises(BadInputError, match=f"{meaning} patches come from 0"):
            fit_probe(features, np.full_like(labels, label), groups, SETTINGS)

    def test_deformation_of_one_place_only(self) -> None:
        features, labels, groups = samples()
        labels[20:] = 0
        with pytest.raises(BadInputError, match="deforming patches come from 1"):
            fit_probe(features, labels, groups, SETTINGS)

    def test_labels_that_cannot_be_learned(self) -> None:
        features, labels, groups = samples(shift=0.0)
        place = np.array([int(group[-1]) for group in groups])
        features[:, 0] = labels * np.where(place % 2 == 0, 5.0, -5.0)
        with pytest.raises(BadInputError, match="no better than chance"):
            fit_probe(features[:, [0] * 47], labels, groups, replace(SETTINGS, most_folds=2))
