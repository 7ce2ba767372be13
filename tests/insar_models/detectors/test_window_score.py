"""Nine logits become one: the place counts, the threshold is that of quiet windows."""

import numpy as np
import pytest

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.window_score import (
    WindowScore,
    at_prior,
    combined,
    fit_window_score,
    level_of_share,
    place_weights,
    share_interval,
)

RNG = np.random.default_rng


def made(seed: int = 0, count: int = 400) -> tuple[WindowScore, float]:
    generator = RNG(seed)
    quiet = generator.normal(-3, 1, (count, 9))
    volcanoes = np.array([f"v{at % 8}" for at in range(count)])
    deforming = generator.normal(-3, 1, (count, 9))
    deforming[:, 4] += generator.uniform(0, 8, count)
    return fit_window_score(quiet, volcanoes, deforming)


def test_the_middle_is_likeliest_and_nowhere_is_ruled_out() -> None:
    weights = place_weights()
    assert weights.sum() == pytest.approx(1.0)
    assert weights.argmax() == 4
    assert weights.min() > 0.05
    assert np.allclose(weights.reshape(3, 3), weights.reshape(3, 3).T)


def test_a_window_is_between_the_mean_and_the_highest() -> None:
    logits = RNG(1).normal(size=(50, 9))
    weights = place_weights()
    for sharpness in (0.2, 1.0, 5.0):
        found = combined(logits, sharpness, weights)
        assert (found <= logits.max(1) + 1e-9).all()
        assert (found >= logits @ weights - 1e-9).all()
    slow = [np.log(sum(w * np.exp(v) for w, v in zip(weights, row, strict=True))) for row in logits]
    assert np.allclose(combined(logits, 1.0, weights), slow)


def test_patches_that_cannot_be_judged_say_nothing() -> None:
    score, _ = made()
    logits = np.full((3, 9), np.nan)
    logits[1, 8] = 2.5
    logits[2] = 2.5
    found = score.logits(logits)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(2.5)
    assert found[2] == pytest.approx(2.5)
    shares = score.shares(logits)
    assert shares[0].sum() == 0
    assert shares[1].argmax() == 8
    assert shares[2].argmax() == 4


def test_the_threshold_is_that_of_quiet_windows_and_probability_rises() -> None:
    score, level = made()
    fresh = score.logits(RNG(9).normal(-3, 1, (4000, 9)))
    assert 0.002 < float((fresh >= level).mean()) < 0.05
    assert score.quiet_share <= 0.02 + 1e-9
    low, high = score.quiet_share_95_percent
    assert low <= score.quiet_share <= high
    probabilities = score.calibration.probabilities(np.array([-5.0, 0.0, 5.0]))
    assert (np.diff(probabilities) > 0).all()


def test_each_volcano_counts_alike() -> None:
    logits = np.concatenate([np.zeros(990), np.full(10, 5.0)])
    volcanoes = np.array(["large"] * 990 + ["small"] * 10)
    assert level_of_share(logits, volcanoes, 0.4) > 5.0  # the small one is half of all volcanoes
    assert level_of_share(logits, volcanoes, 0.6) < 1.0
    low, high = share_interval(logits > 1, volcanoes)
    assert (low, high) == (0.0, 1.0)


def test_another_prior_shifts_the_probability() -> None:
    score, level = made()
    rare, often = (at_prior(score.calibration, prior) for prior in (0.001, 0.5))
    logits = np.array([level])
    assert rare.probabilities(logits)[0] < often.probabilities(logits)[0]
    again = at_prior(often, 0.001)
    assert again.offset == pytest.approx(rare.offset)
    with pytest.raises(BadInputError, match="between 0 and 1"):
        at_prior(score.calibration, 1.0)


def test_a_record_comes_back_and_a_damaged_one_is_said() -> None:
    score, _ = made()
    assert WindowScore.of_dict(score.as_dict()) == score
    for wrong in ({}, {**score.as_dict(), "sharpness": -1}, {**score.as_dict(), "slope": "x"}):
        with pytest.raises(ModelError, match="window score is damaged"):
            WindowScore.of_dict(wrong)


def test_quiet_windows_have_a_middle_and_a_spread_that_the_threshold_agrees_with() -> None:
    score, level = made()
    assert score.quiet is not None
    assert score.quiet.centre + 2.0537 * score.quiet.spread == pytest.approx(level, abs=1e-3)
    assert score.quiet.centre < level
    record = score.as_dict()
    with pytest.raises(ModelError, match="quiet_spread is -1"):
        WindowScore.of_dict(record | {"quiet_spread": -1})
    old = {key: value for key, value in record.items() if not key.startswith("quiet_c")}
    assert WindowScore.of_dict(old).quiet is None


def test_too_few_windows_are_refused() -> None:
    few = np.zeros((20, 9))
    with pytest.raises(BadInputError, match="too few for a threshold"):
        fit_window_score(few, np.array(["a"] * 20), few)
