"""Rates of places become episodes of slow motion, and join what the pairs say."""

import datetime as dt
import math
from dataclasses import replace

import pytest

from fringewatch.errors import BadInputError
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict
from insar_models.onset.slow_motion import PlaceRate, SlowMotion, follow_rates, with_rates

START = dt.date(2020, 1, 1)
RULE = SlowMotion()


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=6 * number)


def rate(
    number: int, deviations: float, track: str = "016A", place: float = 63.9, coherence: float = 0.9
) -> PlaceRate:
    return PlaceRate(
        track, day(number), START, 0.1 * deviations, 0.1, coherence, place, -22.4
    )  # fmt: skip


def verdict(number: int, state: DateState, since: dt.date | None = None) -> DateVerdict:
    return DateVerdict(day(number), 0.1, state, since, 0, 3, (), ("016A",), because="0 of 3 pairs")


def test_two_dates_in_a_row_begin_it_and_a_weak_one_ends_it() -> None:
    rates = [rate(k, d) for k, d in enumerate([2, 6, 6, 4, 4, 3, 6])]
    steps = follow_rates(rates, RULE)
    assert [steps[day(k)].since for k in range(7)] == [
        None, None, day(1), day(1), day(1), None, None,
    ]  # fmt: skip
    assert [steps[day(k)].in_a_row for k in range(7)] == [0, 1, 2, 3, 4, 0, 1]


@pytest.mark.parametrize(
    "second",
    [rate(1, 6, place=64.0), rate(1, -6), rate(1, 6, track="155D"), rate(1, 6, coherence=0.3)],
    ids=["elsewhere", "other way", "other track", "incoherent"],
)
def test_another_place_way_or_track_is_no_second_date(second: PlaceRate) -> None:
    steps = follow_rates([rate(0, 6), second], RULE)
    assert all(step.since is None for step in steps.values())


def test_quiet_pairs_do_not_hide_slow_motion_and_say_why() -> None:
    said = with_rates(
        [verdict(k, DateState.QUIET) for k in range(4)],
        [rate(0, 1), rate(1, 8), rate(2, 8), rate(3, 1)],
        RULE,
    )
    states = [DateState.QUIET, DateState.WATCH, DateState.UNREST, DateState.QUIET]
    assert [one.state for one in said] == states
    assert said[2].since == day(1)
    assert "0.80 mm a day towards the satellite at" in said[1].because
    assert "1 of 2 dates" in said[1].because
    assert f"slow unrest since {day(1)}" in said[2].because
    assert said[0] == verdict(0, DateState.QUIET)


def test_the_track_of_the_rate_speaks_for_motion_and_its_place_is_told() -> None:
    given = [
        replace(verdict(k, DateState.QUIET), tracks_against=("016A", "155D")) for k in range(3)
    ]
    said = with_rates(given, [rate(0, 1), rate(1, 8), rate(2, -9, track="155D")], RULE)
    assert [one.tracks_for for one in said] == [(), ("016A",), ("155D",)]
    assert [one.tracks_against for one in said] == [("016A", "155D"), ("155D",), ("016A",)]
    slow = said[1].slow
    assert slow is not None
    assert (slow.track, slow.dates, slow.since, slow.latitude) == ("016A", 1, None, 63.9)
    assert slow.deviations == pytest.approx(8)
    assert said[0].slow is None
    assert said[1].is_by_rate
    assert not replace(said[1], pairs_for=1).is_by_rate


def test_an_episode_of_the_pairs_keeps_its_earlier_beginning_and_silence_stays() -> None:
    given = [verdict(1, DateState.UNREST, START), verdict(2, DateState.NO_DATA)]
    said = with_rates(given, [rate(0, 8), rate(1, 8), rate(2, 8)], RULE)
    assert (said[0].state, said[0].since) == (DateState.UNREST, START)
    assert said[1] == given[1]


def test_verdicts_rest_on_nothing_later() -> None:
    rates = [rate(k, d, track) for k, d in enumerate([6, 7, 2, 8, 9]) for track in ("016A", "155D")]
    whole = follow_rates(rates[::-1], RULE)
    for last in range(5):
        early = follow_rates([one for one in rates if one.date <= day(last)], RULE)
        assert early == {date: step for date, step in whole.items() if date <= day(last)}


def test_rules_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(BadInputError, match="end not above"):
        SlowMotion(begin=3, end=4)
    with pytest.raises(BadInputError, match="1 date or more"):
        SlowMotion(dates=0)


def test_motion_of_the_older_half_of_the_window_alone_has_ended() -> None:
    def known(number: int, recent: float) -> PlaceRate:
        return replace(rate(number, 8), recent_deviations=recent)

    rates = [known(0, 6.0), known(1, math.nan), known(2, 1.6), known(3, 0.4), known(4, -3.0)]
    steps = follow_rates(rates, RULE)
    assert [steps[day(k)].since for k in range(5)] == [None, day(0), day(0), None, None]
