"""Evidence of a score: neutral at the threshold, sure far from it, silent without a score."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insar_models.onset.scored_pair import evidence_of
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


def test_no_score_is_no_evidence() -> None:
    assert not evidence_of("a", DATES, math.nan, MODEL).scored
