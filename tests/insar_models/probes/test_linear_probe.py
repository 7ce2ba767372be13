"""Linear probes on features of an encoder, and samples that are only learned from."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.judging.metrics import auroc
from insar_models.probes.linear_probe import (
    LinearProbeSettings,
    ProbeMethod,
    draw_classes_first,
    fit_linear_probe,
    train_as_published,
)
from insar_models.probes.probe import ExtraSamples

LOGISTIC = LinearProbeSettings()
PAPER = LinearProbeSettings(ProbeMethod.PAPER, learning_rate=0.02)  # features are but twelve
WIDTH = 12


def samples(shift: float = 2.0) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[str, ...]]:
    """Samples from six places, of which three deform; feature 0 tells."""
    chance = np.random.default_rng(8)
    place = np.repeat(np.arange(6), 30)
    labels = ((place < 3) & (np.tile(np.arange(30), 6) < 10)).astype(np.int64)
    features = chance.standard_normal((len(labels), WIDTH))
    features[:, 0] += shift * labels
    return features, labels, tuple(f"place {k}" for k in place)


@pytest.mark.parametrize("settings", [LOGISTIC, PAPER], ids=lambda found: found.method)
class TestBothMethods:
    def test_what_can_be_told_is_told_of_places_that_were_not_seen(
        self, settings: LinearProbeSettings
    ) -> None:
        features, labels, groups = samples()
        fit = fit_linear_probe(features.astype(np.float32), labels, groups, settings)
        assert auroc(labels, fit.held_out_logits) > 0.85
        assert len(fit.fold_weights) == 3
        budget = replace(settings, quiet_share_above=0.1)
        strict = fit_linear_probe(features.astype(np.float32), labels, groups, budget)
        assert (strict.held_out_logits[labels == 0] >= strict.threshold).mean() <= 0.1
        assert fit.calibration.prior == pytest.approx(labels.mean(), abs=1e-5)
        assert math.isinf(fit.weights.clip_deviations)

    def test_the_threshold_lies_at_even_odds(self, settings: LinearProbeSettings) -> None:
        fit = fit_linear_probe(*samples(), settings)
        probability = float(fit.calibration.probabilities(np.array([fit.threshold]))[0])
        prior = fit.calibration.prior
        assert probability == pytest.approx(prior, abs=1e-4)  # its odds are those of the prior

    def test_held_out_logits_are_those_of_the_fold(self, settings: LinearProbeSettings) -> None:
        features, labels, groups = samples()
        fit = fit_linear_probe(features, labels, groups, settings)
        for number, weights in enumerate(fit.fold_weights):
            here = fit.fold == number
            np.testing.assert_array_equal(weights.logits(features[here]), fit.held_out_logits[here])

    def test_the_same_gives_the_same(self, settings: LinearProbeSettings) -> None:
        first, second = (fit_linear_probe(*samples(), settings) for _ in range(2))
        np.testing.assert_array_equal(first.held_out_logits, second.held_out_logits)
        assert (first.threshold, first.calibration) == (second.threshold, second.calibration)

    def test_extra_samples_are_learned_from_and_never_judged(
        self, settings: LinearProbeSettings
    ) -> None:
        features, labels, groups = samples(shift=1.0)
        plain = fit_linear_probe(features, labels, groups, settings)
        clear = np.zeros((200, WIDTH))
        clear[:100, 0] = 2.0
        extra = ExtraSamples(clear, np.repeat([1, 0], 100))
        fit = fit_linear_probe(features, labels, groups, settings, extra)
        assert fit.held_out_logits.shape == labels.shape
        np.testing.assert_array_equal(fit.fold, plain.fold)
        for before, after in zip(plain.fold_weights, fit.fold_weights, strict=True):
            assert share_of_first(after.coefficients) > share_of_first(before.coefficients)
        assert auroc(labels, fit.held_out_logits) > auroc(labels, plain.held_out_logits)

    def test_extra_samples_of_a_held_out_group_are_held_out_with_it(
        self, settings: LinearProbeSettings
    ) -> None:
        features, labels, groups = samples()
        extra = ExtraSamples(np.full((5, WIDTH), 40.0), np.ones(5, np.int64), ("place 0",) * 5)
        plain = fit_linear_probe(features, labels, groups, settings)
        fit = fit_linear_probe(features, labels, groups, settings, extra)
        held_out = plain.fold[0]
        for number, (before, after) in enumerate(
            zip(plain.fold_weights, fit.fold_weights, strict=True)
        ):
            same = np.array_equal(before.coefficients, after.coefficients)
            assert same == (number == held_out)


def share_of_first(coefficients: NDArray[np.float64]) -> float:
    return float(abs(coefficients[0]) / np.abs(coefficients).sum())


class TestPaper:
    def test_six_of_eleven_draws_deform_and_all_of_a_class_come_alike(self) -> None:
        labels = np.array([0] * 40 + [1] * 10)
        rows = draw_classes_first(labels, 50_000, seed=1)
        assert labels[rows].mean() == pytest.approx(6 / 11, abs=0.01)
        counts = np.bincount(rows, minlength=50)
        np.testing.assert_allclose(counts[:40], 50_000 * 5 / 11 / 40, rtol=0.2)
        np.testing.assert_allclose(counts[40:], 50_000 * 6 / 11 / 10, rtol=0.1)

    def test_what_is_usual_is_the_papers(self) -> None:
        usual = LinearProbeSettings("paper")  # type: ignore[arg-type]
        assert (usual.draws, usual.batch_size, usual.learning_rate) == (7536, 112, 1e-3)
        assert len(draw_classes_first(np.array([0, 1]), usual.draws, usual.seed)) == 7536

    def test_the_seed_matters_here_alone(self) -> None:
        features, labels, groups = samples()
        for method, same in ((ProbeMethod.PAPER, False), (ProbeMethod.LOGISTIC, True)):
            one, other = (
                fit_linear_probe(
                    features,
                    labels,
                    groups,
                    LinearProbeSettings(method, seed=seed, learning_rate=0.02),
                )
                for seed in (0, 1)
            )
            equal = np.array_equal(one.weights.coefficients, other.weights.coefficients)
            assert equal == same

    def test_the_first_step_is_one_of_adam_by_hand(self) -> None:
        """From the layer's first weights, each moves by the learning rate against its slope."""
        features, labels, _ = samples()
        first = LinearProbeSettings(ProbeMethod.PAPER, draws=1, batch_size=1, learning_rate=1e-12)
        step = LinearProbeSettings(ProbeMethod.PAPER, draws=1, batch_size=1, learning_rate=0.1)
        before = train_as_published(features, labels, first).coefficients
        after = train_as_published(features, labels, step).coefficients
        (row,) = draw_classes_first(labels, 1, 0)
        sign = 1 if labels[row] else -1
        np.testing.assert_allclose(after - before, 0.2 * sign * np.sign(features[row]), atol=1e-3)

    def test_torchs_generator_is_left_alone(self) -> None:
        torch = pytest.importorskip("torch")
        before = torch.get_rng_state()
        train_as_published(*samples()[:2], PAPER)
        assert torch.equal(torch.get_rng_state(), before)


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"method": "guess"}, "'guess' is no way to fit a probe: choose logistic, paper"),
            ({"seed": -1}, "seed=-1"),
            ({"most_folds": 1}, "most_folds=1"),
            ({"draws": 0}, "draws=0"),
            ({"batch_size": 0}, "batch_size=0"),
            ({"regularisation_c": 0.0}, "give a number, above 0"),
            ({"learning_rate": math.nan}, "give a number, above 0"),
            ({"quiet_share_above": 1.0}, "give a share, from 0"),
        ],
    )
    def test_settings(self, changes: dict[str, object], said: str) -> None:
        with pytest.raises(BadInputError, match=said):
            LinearProbeSettings(**changes)  # type: ignore[arg-type]

    def test_a_class_without_samples_and_one_group_only(self) -> None:
        features, labels, groups = samples()
        with pytest.raises(BadInputError, match="deforming patches come from 0"):
            fit_linear_probe(features, np.zeros_like(labels), groups, LOGISTIC)
        with pytest.raises(BadInputError, match="quiet patches come from 0"):
            fit_linear_probe(features, np.ones_like(labels), groups, PAPER)
        with pytest.raises(BadInputError, match="deforming patches come from 1"):
            fit_linear_probe(features, labels, ("here",) * len(labels), PAPER)

    def test_labels_that_are_none(self) -> None:
        features, labels, groups = samples()
        labels[0] = -1
        with pytest.raises(BadInputError, match="not -1"):
            fit_linear_probe(features, labels, groups, PAPER)

    @pytest.mark.parametrize(
        "extra",
        [
            ExtraSamples(np.zeros((2, WIDTH + 1)), np.array([0, 1])),
            ExtraSamples(np.zeros((2, WIDTH)), np.array([0])),
            ExtraSamples(np.zeros((2, WIDTH)), np.array([0, 2])),
            ExtraSamples(np.full((2, WIDTH), np.nan), np.array([0, 1])),
            ExtraSamples(np.zeros((2, WIDTH)), np.array([0, 1]), ("a",)),
        ],
    )
    def test_extra_samples_that_do_not_fit(self, extra: ExtraSamples) -> None:
        with pytest.raises(BadInputError, match="extra samples"):
            fit_linear_probe(*samples(), LOGISTIC, extra)
