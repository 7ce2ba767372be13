"""Figures, their intervals, and what chance gives."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from fringewatch.errors import BadInputError
from insar_models.judging.bootstrap import BootstrapPlan
from insar_models.judging.figures import (
    Verdicts,
    by_group,
    chance_figures,
    figures_of,
    intervals_of,
    mean_figures,
    seed_ranges,
)
from insar_models.judging.metrics import auprc, auprc_at

PLAN = BootstrapPlan(seed=3, draws=200)


def verdicts(scenes: int = 12, copies: int = 5, skill: float = 1.0, seed: int = 0) -> Verdicts:
    """Half of the scenes deform; pictures of one scene have nearly the same score."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(scenes) % 2, copies)
    of_scene = np.repeat(rng.normal(size=scenes), copies)
    scores = of_scene + skill * (labels - 0.5) + rng.normal(scale=0.05, size=len(labels))
    return Verdicts.of(labels, scores, 1.0 / (1.0 + np.exp(-scores)), groups(scenes, copies))


def groups(scenes: int = 12, copies: int = 5) -> list[str]:
    return [f"{scene:02d}" for scene in np.repeat(np.arange(scenes), copies)]


class TestPrevalence:
    @given(seed=st.integers(0, 50), repeats=st.integers(2, 30))
    def test_it_is_what_so_many_more_quiet_samples_would_give(
        self, seed: int, repeats: int
    ) -> None:
        """Weights and copies are the same thing; scikit-learn is the witness."""
        rng = np.random.default_rng(seed)
        labels = np.array([0, 1, *rng.integers(0, 2, 30)])
        scores = rng.normal(size=32).round(1) + labels
        quiet = labels == 0
        many_labels = np.concatenate([labels[~quiet], np.tile(labels[quiet], repeats)])
        many_scores = np.concatenate([scores[~quiet], np.tile(scores[quiet], repeats)])

        found = auprc_at(labels, scores, float(many_labels.mean()))

        expected = reference.average_precision_score(many_labels, many_scores)
        assert found == pytest.approx(expected)

    def test_at_its_own_prevalence_it_is_the_plain_one(self) -> None:
        own = verdicts()
        assert auprc_at(own.labels, own.scores, 0.5) == pytest.approx(auprc(own.labels, own.scores))

    @pytest.mark.parametrize("prevalence", [0.0, 1.0, -1.0, math.nan])
    def test_a_prevalence_that_cannot_be(self, prevalence: float) -> None:
        with pytest.raises(BadInputError, match="prevalence"):
            auprc_at([0, 1], [0.0, 1.0], prevalence)

    def test_one_class(self) -> None:
        assert math.isnan(auprc_at([1, 1], [0.0, 1.0], 0.02))
        assert math.isnan(auprc_at([0, 0], [0.0, 1.0], 0.02))


def test_scenes_count_alike_however_many_pictures_they_have() -> None:
    labels = np.array([1] * 9 + [1] + [0])
    scores = np.array([-1.0] * 9 + [1.0] + [-1.0])
    own = Verdicts.of(labels, scores, np.full(11, 0.5), ["large"] * 9 + ["small", "quiet"])

    found = figures_of(own)

    assert found["recall"] == pytest.approx(0.1)
    assert found["scene_recall"] == pytest.approx(0.5)
    drawn = own.take(np.array([9, 9, 9, *range(9)]))
    assert figures_of(drawn)["scene_recall"] == pytest.approx(3 / 4)


def test_a_score_of_0_is_at_the_threshold_and_positive() -> None:
    own = Verdicts.of(np.array([1, 0]), np.array([0.0, -1e-9]), np.array([0.5, 0.5]), ["a", "b"])
    assert figures_of(own)["accuracy"] == 1.0


def test_without_deformation_no_scene_can_be_found() -> None:
    own = Verdicts.of(np.array([0, 0]), np.zeros(2), np.zeros(2), ["a", "b"])
    assert math.isnan(figures_of(own)["scene_recall"])


def test_lengths_that_differ() -> None:
    with pytest.raises(BadInputError, match="2 labels, 3 scores"):
        Verdicts.of(np.array([0, 1]), np.zeros(3), np.zeros(2), ["a", "b"])


def test_copies_of_scenes_do_not_narrow_an_interval() -> None:
    own = verdicts(copies=20)
    by_scene = intervals_of([own], groups(copies=20), PLAN)["auroc"]
    by_picture = intervals_of([own], [str(at) for at in range(240)], PLAN)["auroc"]
    assert by_picture.high - by_picture.low < 0.6 * (by_scene.high - by_scene.low)
    assert by_scene.low <= figures_of(own)["auroc"] <= by_scene.high


def test_means_and_ranges_over_seeds() -> None:
    seeds = [verdicts(seed=seed) for seed in range(3)]
    each = [figures_of(own)["auroc"] for own in seeds]
    assert mean_figures(seeds)["auroc"] == pytest.approx(np.mean(each))
    over = seed_ranges(seeds)["auroc"]
    assert (over.low, over.high, over.draws) == (min(each), max(each), 3)


def test_chance_knows_nothing_and_calls_as_many() -> None:
    own = verdicts(scenes=40, skill=4.0)
    means, ranges = chance_figures(own, groups(scenes=40), PLAN)
    assert figures_of(own)["auroc"] > 0.97
    assert means["auroc"] == pytest.approx(0.5, abs=0.05)
    called = int((own.scores >= 0).sum())
    assert means["true_positives"] + means["false_positives"] == pytest.approx(called)
    assert ranges["auroc"].low < 0.5 < ranges["auroc"].high


def test_luck_is_larger_where_pictures_come_in_groups() -> None:
    own = verdicts(scenes=10, copies=20, skill=0.0)
    by_scene = chance_figures(own, groups(10, 20), PLAN)[1]["auroc"]
    by_picture = chance_figures(own, [str(at) for at in range(200)], PLAN)[1]["auroc"]
    assert by_picture.high - by_picture.low < 0.5 * (by_scene.high - by_scene.low)


def test_figures_by_group() -> None:
    labels = np.array([1, 1, 0, 0])
    scores = np.array([1.0, -1.0, 1.0, -2.0])
    own = Verdicts.of(labels, scores, np.full(4, 0.5), ["b", "b", "b", "a"])
    quiet, mixed = by_group([own, own], ["b", "b", "b", "a"])
    assert (quiet.group, quiet.deforming, quiet.quiet) == ("a", 0, 1)
    assert math.isnan(quiet.recall)
    assert quiet.false_alarm_share == 0.0
    assert (mixed.group, mixed.recall, mixed.false_alarm_share) == ("b", 0.5, 1.0)
    assert mixed.auroc == pytest.approx(0.25)
