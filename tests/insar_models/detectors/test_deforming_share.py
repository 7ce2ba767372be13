"""An observatory's own share of deforming windows moves probabilities, and nothing else."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from fringewatch.errors import BadInputError
from insar_models.detectors.calibration import Calibration
from insar_models.detectors.deforming_share import at_deforming_share, deforming_share_of
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import find_model
from insar_models.detectors.window_score import WindowScore
from insar_models.onset.scored_pair import evidence_of
from tests.highest_patch import HighestPatch
from tests.insar_models.encoder_detectors import random_codes, small_detector

WINDOW = WindowScore(0.7, Calibration(0.9, -2.0, 0.02), 0.02, (0.01, 0.03))
LOGITS = np.array([-3.0, -0.5, 0.0, 0.8, 4.0, np.nan])


class Nameless(HighestPatch):
    """Of another package, and without a share."""

    name = "theirs"


def models() -> list[Detector]:
    return [
        find_model("baseline-0", None),
        find_model("simclr-compact-1", None),  # without a window's calibration
        find_model("simclr-compact-2", None),
        replace(small_detector(), window=WINDOW),
    ]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
@pytest.mark.parametrize("share", [0.0005, 0.3])
def test_odds_move_by_those_of_the_shares(model: Detector, share: float) -> None:
    own = deforming_share_of(model)
    assert own is not None
    other = at_deforming_share(model, share)
    assert deforming_share_of(other) == share
    before, after = (one.probabilities(LOGITS) for one in (model, other))
    assert np.isnan(after[-1])
    before, after = before[:-1], after[:-1]
    moved = (after / (1 - after)) / (before / (1 - before))
    np.testing.assert_allclose(moved, share / (1 - share) * (1 - own) / own, rtol=1e-5)
    again = at_deforming_share(other, own)
    np.testing.assert_allclose(again.probabilities(LOGITS), model.probabilities(LOGITS))


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_scores_threshold_and_evidence_stay(model: Detector) -> None:
    other = at_deforming_share(model, 0.2)
    assert (other.name, other.sha256, other.threshold) == (
        model.name,
        model.sha256,
        model.threshold,
    )
    codes = random_codes(2, side=224 if model.name != "small" else 64)
    np.testing.assert_array_equal(other.logits_of_codes(codes), model.logits_of_codes(codes))
    patches = np.random.default_rng(1).normal(size=(4, 9))
    np.testing.assert_array_equal(other.window_logits(patches), model.window_logits(patches))
    dates = (dt.date(2024, 1, 6), dt.date(2024, 1, 18))
    for score in (-2.0, 1.5):
        one, two = (evidence_of("frame", dates, score, detector) for detector in (model, other))
        assert two.probability == pytest.approx(one.probability, abs=1e-6)
        assert two.logit == one.logit


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_that_cannot_be(share: float) -> None:
    with pytest.raises(BadInputError, match="between 0 and 1"):
        at_deforming_share(find_model("baseline-0", None), share)


def test_a_model_of_others_without_a_share_is_refused_by_name() -> None:
    model: Detector = Nameless()  # type: ignore[assignment]
    assert deforming_share_of(model) is None
    with pytest.raises(BadInputError, match=r"model theirs has no share .* leave deforming_share"):
        at_deforming_share(model, 0.1)
