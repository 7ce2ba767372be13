"""Metrics against scikit-learn, at the edges where it has no answer, and on clusters."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as reference

from fringewatch.errors import BadInputError
from insar_models.judging.metrics import (
    BootstrapPlan,
    auprc,
    auroc,
    binary_metrics,
    brier_score,
    cluster_bootstrap_interval,
    expected_calibration_error,
)

Samples = tuple[NDArray[np.int64], NDArray[np.float64]]


@st.composite
def samples(draw: st.DrawFn, *, both_classes: bool = True) -> Samples:
    """Labels and scores of few distinct values, so that ties are common."""
    count = draw(st.integers(2, 60))
    labels = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    if both_classes:
        labels = [0, 1, *labels[2:]]
    scores = draw(
        st.lists(
            st.sampled_from([-2.5, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0]) | st.floats(-5.0, 5.0),
            min_size=count,
            max_size=count,
        )
    )
    return np.array(labels), np.array(scores)


@given(drawn=samples(), threshold=st.sampled_from([-1.0, 0.0, 0.25, 1.5]))
@settings(deadline=None)
def test_the_figures_are_those_of_scikit_learn(drawn: Samples, threshold: float) -> None:
    labels, scores = drawn
    called = (scores >= threshold).astype(int)

    found = binary_metrics(labels, scores, threshold)

    tn, fp, fn, tp = reference.confusion_matrix(labels, called).ravel()
    counts = (
        found.false_positives,
        found.true_positives,
        found.false_negatives,
        found.true_negatives,
    )
    assert counts == (fp, tp, fn, tn)
    assert found.accuracy == pytest.approx(reference.accuracy_score(labels, called))
    assert found.f1 == pytest.approx(reference.f1_score(labels, called))
    assert found.recall == pytest.approx(reference.recall_score(labels, called))
    assert found.auroc == pytest.approx(reference.roc_auc_score(labels, scores))
    assert found.auprc == pytest.approx(reference.average_precision_score(labels, scores))
    balanced = reference.balanced_accuracy_score(labels, called)
    assert found.balanced_accuracy == pytest.approx(balanced)
    if tp + fp:
        assert found.precision == pytest.approx(reference.precision_score(labels, called))
    else:
        assert math.isnan(found.precision)


@given(drawn=samples(), seed=st.integers(0, 100))
@settings(deadline=None)
def test_the_order_of_the_samples_does_not_matter(drawn: Samples, seed: int) -> None:
    labels, scores = drawn
    order = np.random.default_rng(seed).permutation(len(labels))

    assert auroc(labels[order], scores[order]) == pytest.approx(auroc(labels, scores))
    assert auprc(labels[order], scores[order]) == pytest.approx(auprc(labels, scores))


def test_a_score_at_the_threshold_is_positive() -> None:
    assert binary_metrics([1], [0.5], 0.5).true_positives == 1


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_leaves_figures_undefined(label: int) -> None:
    found = binary_metrics([label] * 3, [-1.0, 0.0, 1.0], 0.5)

    assert math.isnan(found.auroc)
    assert math.isnan(found.balanced_accuracy)
    assert math.isnan(found.recall) == (label == 0)
    assert math.isnan(found.auprc) == (label == 0)
    assert found.accuracy == pytest.approx(1 / 3 if label else 2 / 3)


def test_nothing_called_and_nothing_there() -> None:
    found = binary_metrics([0, 0], [0.1, 0.2], 0.5)

    assert found.accuracy == 1.0
    assert math.isnan(found.f1)
    assert math.isnan(found.precision)


def test_infinite_scores_and_thresholds_are_numbers() -> None:
    found = binary_metrics([0, 1], [-math.inf, math.inf], math.inf)

    assert (found.true_positives, found.true_negatives, found.auroc) == (1, 1, 1.0)


class TestCalibration:
    @given(drawn=samples(both_classes=False))
    @settings(deadline=None)
    def test_brier_is_that_of_scikit_learn(self, drawn: Samples) -> None:
        labels, scores = drawn
        probabilities = 1.0 / (1.0 + np.exp(-scores))

        expected = reference.brier_score_loss(labels, probabilities, pos_label=1)

        assert brier_score(labels, probabilities) == pytest.approx(expected)

    def test_calibration_error_by_hand(self) -> None:
        # Of four samples two lie in bin 0 (said 0.05, happened 0), two in bin 9 (0.95, 0.5).
        found = expected_calibration_error([0, 0, 1, 0], [0.04, 0.06, 0.9, 1.0])

        assert found == pytest.approx(0.5 * 0.05 + 0.5 * 0.45)

    def test_perfect_confidence_has_no_error(self) -> None:
        assert expected_calibration_error([0, 1, 1], [0.0, 1.0, 1.0]) == 0.0

    @given(drawn=samples(both_classes=False), bins=st.integers(1, 30))
    @settings(deadline=None)
    def test_calibration_error_is_a_share(self, drawn: Samples, bins: int) -> None:
        labels, scores = drawn

        found = expected_calibration_error(labels, 1.0 / (1.0 + np.exp(-scores)), bins)

        assert 0.0 <= found <= 1.0

    def test_logits_are_no_probabilities(self) -> None:
        with pytest.raises(BadInputError, match="are these logits"):
            brier_score([0, 1], [-2.0, 0.5])

    def test_no_bins(self) -> None:
        with pytest.raises(BadInputError, match="0 bins"):
            expected_calibration_error([0, 1], [0.2, 0.5], bins=0)


class TestBootstrap:
    PLAN = BootstrapPlan(seed=7, draws=300)

    @staticmethod
    def clustered(copies: int) -> tuple[Samples, list[str]]:
        """Twenty scenes of which each is `copies` times there."""
        rng = np.random.default_rng(4)
        labels = np.repeat(np.arange(20) % 2, copies)
        scores = np.repeat(rng.normal(size=20) + 0.8 * (np.arange(20) % 2), copies)
        return (labels, scores), [str(scene) for scene in np.repeat(np.arange(20), copies)]

    def test_copies_of_a_scene_do_not_narrow_the_interval(self) -> None:
        (labels, scores), groups = self.clustered(copies=1)
        (many_labels, many_scores), many_groups = self.clustered(copies=25)

        few = cluster_bootstrap_interval(labels, scores, groups, auroc, self.PLAN)
        many = cluster_bootstrap_interval(many_labels, many_scores, many_groups, auroc, self.PLAN)
        each_its_own = cluster_bootstrap_interval(
            many_labels, many_scores, [str(row) for row in range(500)], auroc, self.PLAN
        )

        assert many.high - many.low == pytest.approx(few.high - few.low, rel=0.2)
        assert each_its_own.high - each_its_own.low < 0.5 * (many.high - many.low)

    def test_the_interval_holds_the_estimate_and_is_repeatable(self) -> None:
        (labels, scores), groups = self.clustered(copies=3)

        found = cluster_bootstrap_interval(labels, scores, groups, auroc, self.PLAN)

        assert found.low <= auroc(labels, scores) <= found.high
        assert found == cluster_bootstrap_interval(labels, scores, groups, auroc, self.PLAN)

    def test_undefined_draws_are_counted_out(self) -> None:
        found = cluster_bootstrap_interval([0, 1], [0.0, 1.0], ["a", "b"], auroc, self.PLAN)

        assert 0 < found.draws < self.PLAN.draws
        assert (found.low, found.high) == (1.0, 1.0)

    def test_one_class_has_no_interval(self) -> None:
        found = cluster_bootstrap_interval([1, 1], [0.0, 1.0], ["a", "b"], auroc, self.PLAN)

        assert math.isnan(found.low)
        assert math.isnan(found.high)
        assert found.draws == 0

    def test_groups_of_another_number(self) -> None:
        with pytest.raises(BadInputError, match="1 groups for 2 labels"):
            cluster_bootstrap_interval([0, 1], [0.0, 1.0], ["a"], auroc, self.PLAN)

    @pytest.mark.parametrize(("draws", "level"), [(0, 0.95), (10, 0.0), (10, 1.0)])
    def test_plans_that_make_no_interval(self, draws: int, level: float) -> None:
        with pytest.raises(BadInputError, match=r"BootstrapPlan: .*: give a"):
            BootstrapPlan(seed=1, draws=draws, level=level)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([], [], "at least one sample"),
        ([0, 1], [0.5], "expected one of each"),
        ([0, 2], [0.5, 0.5], "a label is 2"),
        ([0, 1], [0.5, math.nan], "1 of 2 scores are NaN"),
        ([[0, 1]], [[0.5, 0.1]], "expected one of each"),
    ],
)
def test_bad_input(labels: list[int], scores: list[float], message: str) -> None:
    for figure in (auroc, auprc, brier_score):
        with pytest.raises(BadInputError, match=message):
            figure(labels, scores)


def test_a_threshold_of_nan() -> None:
    with pytest.raises(BadInputError, match="the threshold is NaN"):
        binary_metrics([0, 1], [0.1, 0.2], math.nan)
