"""Records of pairs and dates, and who speaks on a date."""

import math

import pytest

from fringewatch.errors import BadInputError
from insar_models.onset.date_evidence import gather_dates
from insar_models.onset.evidence import PairEvidence
from tests.insar_models.onset.series import day, pair, unscored

NAN = math.nan


@pytest.mark.parametrize(
    ("first", "last", "logit", "probability", "says"),
    [
        (6, 6, 1.0, 0.7, "older"),
        (6, 0, 1.0, 0.7, "older"),
        (0, 6, 1.0, 1.2, "outside 0 to 1"),
        (0, 6, 1.0, -0.1, "outside 0 to 1"),
        (0, 6, NAN, 0.5, "NaN for both"),
        (0, 6, 1.0, NAN, "NaN for both"),
    ],
)
def test_what_is_no_evidence_is_refused(
    first: int, last: int, logit: float, probability: float, says: str
) -> None:
    with pytest.raises(BadInputError, match=says) as caught:
        PairEvidence("155D", day(first), day(last), logit, probability)
    assert "155D" in str(caught.value)


def test_the_threshold_itself_is_positive_and_no_score_is_not() -> None:
    assert PairEvidence("A", day(0), day(6), 0.0, 0.3).positive
    assert not PairEvidence("A", day(0), day(6), -1e-9, 0.9).positive
    assert not unscored(0, 6).positive
    assert not unscored(0, 6).scored


def test_a_date_has_the_scored_pairs_that_end_on_it_in_any_order() -> None:
    pairs = [
        pair(0, 12, positive=True),
        unscored(3, 12),
        pair(6, 12, positive=False),
        pair(0, 6, positive=False),
    ]
    dates = gather_dates(pairs, [day(20), day(6)])
    assert [date.date for date in dates] == [day(6), day(12), day(20)]
    assert [len(date.pairs) for date in dates] == [1, 2, 0]
    assert dates == gather_dates(pairs[::-1], [day(6), day(20), day(20)])
    assert dates[1].median_probability == pytest.approx(0.5)
    assert math.isnan(dates[2].median_probability)


def test_a_repeated_pair_is_refused_and_another_frames_is_not() -> None:
    once = pair(0, 6, positive=True)
    gather_dates([once, pair(0, 6, positive=True, frame="D")], ())
    with pytest.raises(BadInputError, match="20200101_20200107 of frame A"):
        gather_dates([once, pair(0, 6, positive=False)], ())


def test_a_frame_speaks_for_motion_with_half_of_its_pairs() -> None:
    half = [pair(0, 12, positive=True), pair(6, 12, positive=False)]
    less = [*half, pair(3, 12, positive=False)]
    assert gather_dates(half, ())[0].tracks_for == ("A",)
    assert gather_dates(less, ())[0].tracks_against == ("A",)


def test_an_earlier_frame_speaks_where_both_looked_at_the_same_days() -> None:
    earlier = pair(0, 6, positive=True)
    same_days = pair(2, 8, positive=False, frame="D")
    date = gather_dates([earlier, same_days], ())[1]
    assert date.tracks_for == ("A",)
    assert date.tracks_against == ("D",)
    assert date.is_vague(48, is_raised=False)

    later_days = pair(6, 12, positive=False, frame="D")
    assert gather_dates([earlier, later_days], ())[1].tracks_for == ()


def test_an_earlier_frame_against_motion_is_silent_about_later_days() -> None:
    pairs = [pair(0, 6, positive=False), pair(2, 8, positive=True, frame="D")]
    date = gather_dates(pairs, ())[1]
    assert date.tracks_for == ("D",)
    assert date.tracks_against == ()


def test_a_frame_that_changed_its_mind_no_longer_speaks_for_motion() -> None:
    pairs = [
        pair(0, 6, positive=True),
        pair(6, 7, positive=False),
        pair(2, 8, positive=False, frame="D"),
    ]
    assert gather_dates(pairs, ())[-1].tracks_for == ()


def test_motion_before_or_after_a_gap_is_vague_and_stillness_over_it_is_not() -> None:
    assert gather_dates([pair(0, 200, positive=True)], ())[0].is_vague(48, is_raised=False)
    assert not gather_dates([pair(0, 200, positive=False)], ())[0].is_vague(48, is_raised=True)
    with_short = [pair(0, 200, positive=True), pair(194, 200, positive=False)]
    assert not gather_dates(with_short, ())[0].is_vague(48, is_raised=False)
    assert gather_dates(with_short, ())[0].is_vague(48, is_raised=True)
    with_motion = [pair(0, 200, positive=True), pair(194, 200, positive=True)]
    assert not gather_dates(with_motion, ())[0].is_vague(48, is_raised=True)


def test_frames_of_one_track_are_one_witness() -> None:
    near, far = "155D_02579_100800", "155D_02484_191814"
    both = [
        pair(0, 6, positive=False, frame=near),
        pair(0, 6, positive=True, frame=far),
        pair(3, 6, positive=True, frame=near),
        unscored(3, 6, frame=far),
    ]
    (date,) = gather_dates(both, ())
    assert [(p.primary, p.positive) for p in date.pairs] == [(day(0), True), (day(3), True)]
    assert (date.tracks_for, date.tracks_against) == (("155D",), ())
