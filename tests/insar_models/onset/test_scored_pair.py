"""Evidence of a score: neutral at the threshold, sure far from it, silent without a score."""

import datetime as dt
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from insar_models.detectors.calibration import Calibration
from insar_models.detectors.window_score import QuietLogits, WindowScore
from insar_models.onset.evidence import ALL_QUIET, QuietGround
from insar_models.onset.scored_pair import evidence_of, quiet_of
from tests.insar_models.linear_models import divergence_detector

MODEL = divergence_detector()
DATES = (dt.date(2020, 1, 1), dt.date(2020, 1, 7))


def test_a_pair_at_the_threshold_speaks_neither_for_nor_against() -> None:
    found = evidence_of("a", DATES, MODEL.threshold, MODEL)
    assert found.probability == pytest.approx(0.5)
    assert found.positive


@given(st.floats(-200, 200))
def test_it_speaks_for_motion_where_the_model_is_positive(score: float) -> None:
    found = evidence_of("a", DATES, score, MODEL)
    assert 0 <= found.probability <= 1
    assert found.positive == (score >= MODEL.threshold)
    if abs(score - MODEL.threshold) > 1e-6:
        assert (found.probability > 0.5) == found.positive


def test_odds_are_those_of_the_calibration() -> None:
    two_above = evidence_of("a", DATES, MODEL.threshold + 2, MODEL)
    odds = two_above.probability / (1 - two_above.probability)
    assert math.log(odds) == pytest.approx(2 * MODEL.calibration.slope)


def test_quiet_ground_is_that_of_the_card_or_else_of_all_models() -> None:
    assert quiet_of(MODEL) == ALL_QUIET
    window = WindowScore(0.5, Calibration(0.5, -4.0, 0.02), 0.02, (0.01, 0.03))
    silent_card = SimpleNamespace(window=window, threshold=1.0)
    assert quiet_of(silent_card) == ALL_QUIET
    told = SimpleNamespace(window=replace(window, quiet=QuietLogits(-3.0, 2.0)), threshold=1.0)
    assert quiet_of(told) == QuietGround(-2.0, 1.0)
    # 1 in 50 reaches the threshold, where evidence is 0
    assert norm.sf(-ALL_QUIET.centre / ALL_QUIET.spread) == pytest.approx(0.02, abs=1e-4)


def test_no_score_is_no_evidence() -> None:
    assert not evidence_of("a", DATES, math.nan, MODEL).scored
