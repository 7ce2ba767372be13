"""Nine logits become one: the place counts, the threshold is that of quiet windows."""

import numpy as np
import pytest

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.window_fit import fit_window_score, level_of_share, share_interval
from insar_models.detectors.window_score import WindowScore, at_prior, combined, place_weights

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
    score = WindowScore(0.7, Calibration(0.9, -2.0, 0.02), 0.02, (0.01, 0.03))
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


def test_a_window_may_have_the_mean_of_its_highest_patches() -> None:
    calibration = Calibration(0.9, -2.0, 0.02)
    score = WindowScore(1.0, calibration, 0.02, (0.01, 0.03), highest=2, place=0.0)
    logits = RNG(1).normal(size=(50, 9))
    assert np.allclose(score.logits(logits), np.sort(logits, axis=1)[:, -2:].mean(axis=1))
    shares = score.shares(logits)
    assert ((shares > 0).sum(axis=1) == 2).all()
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert (shares.argmax(axis=1) == logits.argmax(axis=1)).all()
    few = np.full((3, 9), np.nan)
    few[1, 8] = 2.5  # one patch in nine
    few[2, [0, 8]] = 2.5, 1.5
    assert np.isnan(score.logits(few)[0])
    assert score.logits(few)[1:].tolist() == [2.5, 2.0]
    assert score.shares(few)[0].sum() == 0
    assert score.shares(few)[1].argmax() == 8


def test_places_count_as_much_as_is_said() -> None:
    logits = np.zeros((2, 9))
    logits[0, [4, 8]] = 5.0, 1.0
    logits[1, [8, 0]] = 5.0, 1.0
    scores = [
        WindowScore(1.0, Calibration(1, 0, 0.02), 0.02, (0, 1), highest=1, place=place)
        for place in (0.0, 0.3, 1.0)
    ]
    nearer = [np.subtract(*score.logits(logits)) for score in scores]
    ratio = np.log(place_weights()[4] / place_weights()[8])
    assert np.allclose(nearer, [0.0, 0.3 * ratio, ratio])
    for wrong in ({"highest": 0}, {"highest": 10}, {"highest": "2"}, {"place": -1.0}):
        with pytest.raises(ModelError, match="window score is damaged"):
            WindowScore.of_dict(scores[0].as_dict() | wrong)


def test_a_card_of_before_means_all_nine() -> None:
    score = WindowScore(1.0, Calibration(1, 0, 0.02), 0.02, (0, 1), highest=2, place=0.3)
    record = {k: v for k, v in score.as_dict().items() if k not in {"highest", "place"}}
    old = WindowScore.of_dict(record)
    logits = RNG(2).normal(size=(5, 9))
    assert np.allclose(old.logits(logits), combined(logits, 1.0, place_weights()))


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
    with pytest.raises(ModelError, match="QuietLogits: spread=-1"):
        WindowScore.of_dict(record | {"quiet_spread": -1})
    old = {key: value for key, value in record.items() if not key.startswith("quiet_c")}
    assert WindowScore.of_dict(old).quiet is None


def test_too_few_windows_are_refused() -> None:
    few = np.zeros((20, 9))
    with pytest.raises(BadInputError, match="too few for a threshold"):
        fit_window_score(few, np.array(["a"] * 20), few)
