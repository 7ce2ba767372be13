"""What every method promises, and what each of them is for."""

import csv
import datetime as dt
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.onset.cumulative_sum import CumulativeSum
from insar_models.onset.deconvolution import Deconvolution
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.methods import METHOD_NAMES, OnsetMethod, find_method
from insar_models.onset.rule import Rule
from tests.insar_models.onset.series import (
    day,
    network,
    networks,
    pair,
    ramp,
    step,
    still,
    unscored,
)

EVERY = [pytest.param(find_method(name), id=name) for name in METHOD_NAMES]
QUIET_DAYS = 240  # enough for every method to know the volcano


def states(verdicts: tuple[DateVerdict, ...]) -> dict[dt.date, str]:
    return {verdict.date: verdict.state.value for verdict in verdicts}


@pytest.mark.parametrize("method", [*EVERY, pytest.param(CumulativeSum(baseline_dates=3), id="3")])
@settings(max_examples=40, deadline=None)
@given(pairs=networks(), cut=st.integers(0, 150), tried=st.sets(st.integers(0, 150), max_size=3))
def test_a_verdict_rests_on_nothing_that_came_later(
    method: OnsetMethod, pairs: list[PairEvidence], cut: int, tried: set[int]
) -> None:
    known = [pair for pair in pairs if pair.secondary <= day(cut)]
    missing = [day(number) for number in tried]
    whole = method.judge(pairs, missing)
    until = tuple(verdict for verdict in whole if verdict.date <= day(cut))
    # by text: NaN is no data, and equal to itself here
    assert repr(method.judge(known[::-1], [date for date in missing if date <= day(cut)])) == repr(
        until
    )
    for verdict in whole:
        silent = verdict.pairs_for + verdict.pairs_against == 0
        assert verdict.state.is_silent == silent
        assert math.isnan(verdict.probability) == silent
        assert silent or 0 <= verdict.probability <= 1
        assert verdict.since is None or verdict.since <= verdict.date
        assert verdict.state != "quiet" or verdict.since is None
        assert verdict.state != "unrest" or verdict.since is not None


@pytest.mark.parametrize("method", EVERY)
def test_sudden_motion_is_seen_on_the_first_date_and_ends(method: OnsetMethod) -> None:
    days = range(0, 480, 6)
    verdicts = method.judge(network(days, step(QUIET_DAYS + 3)))
    said = states(verdicts)
    first = day(QUIET_DAYS + 6)
    assert {said[verdict.date] for verdict in verdicts if verdict.date < first} == {"quiet"}
    assert said[first] == "unrest"
    assert next(verdict.since for verdict in verdicts if verdict.date == first) == first
    assert said[day(474)] == "quiet"


@pytest.mark.parametrize("method", EVERY)
def test_silence_and_pairs_without_scores_are_no_data(method: OnsetMethod) -> None:
    verdicts = method.judge([unscored(0, 6), pair(0, 12, positive=False)], [day(18)])
    assert [verdict.state for verdict in verdicts] == ["no data", "quiet", "no data"]
    assert method.judge([], []) == ()
    assert [v.state for v in method.judge([], [day(3)])] == ["no data"]


@pytest.mark.parametrize("method", EVERY)
def test_an_unscored_pair_changes_nothing_but_its_own_date(method: OnsetMethod) -> None:
    pairs = network(range(0, 360, 6), step(QUIET_DAYS + 3))
    extra = [unscored(0, number) for number in (120, QUIET_DAYS + 6, QUIET_DAYS + 8)]
    with_extra = method.judge([*pairs, *extra])
    assert [v for v in with_extra if v.date != day(QUIET_DAYS + 8)] == list(method.judge(pairs))


@pytest.mark.parametrize("method", EVERY)
def test_a_single_positive_pair_is_watched(method: OnsetMethod) -> None:
    pairs = network(range(0, QUIET_DAYS, 6), still)
    last = pair(QUIET_DAYS - 6, QUIET_DAYS, positive=True)
    verdict = method.judge([*pairs, last])[-1]
    assert verdict.state == "watch"
    assert (verdict.pairs_for, verdict.pairs_against, verdict.since) == (1, 0, None)


@pytest.mark.parametrize("method", EVERY)
def test_frames_that_contradict_each_other_are_watched_and_named(method: OnsetMethod) -> None:
    days = range(0, 300, 6)
    pairs = network(days, step(QUIET_DAYS + 3)) + network(days, still, frame="D")
    verdicts = method.judge(pairs)
    assert "unrest" not in states(verdicts).values()
    (first,) = [verdict for verdict in verdicts if verdict.date == day(QUIET_DAYS + 6)]
    assert (first.state, first.tracks_for, first.tracks_against) == ("watch", ("A",), ("D",))
    assert (first.pairs_for, first.pairs_against) == (4, 4)


@pytest.mark.parametrize("method", EVERY)
def test_frames_that_agree_need_not_fly_on_the_same_day(method: OnsetMethod) -> None:
    moves = step(QUIET_DAYS + 1)
    pairs = network(range(0, 300, 6), moves) + network(range(2, 300, 6), moves, frame="D")
    verdicts = method.judge(pairs)
    (first, second) = [v for v in verdicts if day(QUIET_DAYS) < v.date <= day(QUIET_DAYS + 6)]
    assert first.date == day(QUIET_DAYS + 2)
    # motion is rare in two days, and disturbed air is not: the second look decides
    assert first.state == ("watch" if method.name == "deconvolution" else "unrest")
    assert second.state == "unrest"
    assert (first.tracks_for, first.tracks_against) == (("D",), ())
    assert second.tracks_for == ("A", "D")


@pytest.mark.parametrize("method", EVERY)
def test_motion_somewhere_in_a_winter_is_watched(method: OnsetMethod) -> None:
    summer = list(range(0, 260, 6))
    spring = [number + 460 for number in range(0, 60, 6)]
    pairs = network([*summer, *spring], step(300))
    said = {v.date: v for v in method.judge(pairs)}
    assert said[day(460)].state == "watch"
    assert said[day(460)].pairs_for == 4
    assert said[day(466)].state != "quiet" or method.name == "deconvolution"


@pytest.mark.parametrize("method", EVERY)
def test_a_pair_over_a_winter_says_nothing_of_the_first_days_after_it(method: OnsetMethod) -> None:
    pairs = [
        *(pair(number, number + 6, positive=False) for number in range(0, 120, 6)),
        pair(120, 360, positive=True),
        pair(114, 366, positive=True),
        *(pair(number, number + 6, positive=False) for number in range(360, 420, 6)),
    ]
    said = {v.date: v.state.value for v in method.judge(pairs)}
    assert said[day(360)] == "watch"
    assert said[day(366)] in {"quiet", "watch"}
    assert {said[day(number)] for number in range(372, 426, 6)} == {"quiet"}


@pytest.mark.parametrize("method", EVERY)
def test_a_second_frame_of_a_track_changes_no_verdict(method: OnsetMethod) -> None:
    days = range(0, 300, 6)
    once = network(days, step(QUIET_DAYS + 3), frame="155D_02579_100800")
    twice = once + network(days, step(QUIET_DAYS + 3), frame="155D_02484_191814")
    assert method.judge(twice) == method.judge(once)


def test_the_probability_of_motion_in_a_gap_is_spread_over_its_days() -> None:
    summer = list(range(0, 240, 6))
    after = network([*summer, 434], step(300))
    short = network([*summer, 240], step(237))
    spread, sure = (Deconvolution().judge(pairs)[-1].probability for pairs in (after, short))
    assert spread < 0.5 * sure
    assert spread > 0.1


def test_deconvolution_forgets_an_old_episode_that_long_pairs_still_span() -> None:
    days = list(range(0, 420, 6))
    moves = step(QUIET_DAYS + 3)
    old = [
        pair(number, last, positive=True) for last in days[55:] for number in (60, 120, 180, 210)
    ]
    pairs = network(days, moves) + old
    last = Deconvolution().judge(pairs)[-20:-5]
    # half of the pairs span the old episode: a rule that counts them cannot tell
    assert {v.state.value for v in Rule().judge(pairs)[-10:]} == {"watch"}
    assert {v.state.value for v in Deconvolution().judge(pairs)[-10:]} == {"quiet"}
    assert all(v.probability < 0.1 for v in last)


def test_deconvolution_sees_new_motion_behind_an_old_episode() -> None:
    days = list(range(0, 420, 6))
    moved = (QUIET_DAYS + 3, 387)
    pairs = network(days, lambda a, b: any(a < when <= b for when in moved))
    said = states(Deconvolution().judge(pairs))
    assert said[day(384)] == "quiet"
    assert said[day(390)] == "unrest"


def test_deconvolution_tells_disturbed_air_on_the_next_date() -> None:
    days = list(range(0, 300, 6))
    bad = QUIET_DAYS

    def disturbed(first: float, last: float) -> bool:
        return bad in {first, last}

    verdicts = {v.date: v for v in Deconvolution().judge(network(days, disturbed))}
    real = {v.date: v for v in Deconvolution().judge(network(days, step(bad - 3)))}
    assert verdicts[day(bad)].probability == real[day(bad)].probability  # nobody can know yet
    assert verdicts[day(bad + 6)].probability < 0.2


def test_deconvolution_sees_slow_motion_that_only_longer_pairs_show() -> None:
    days = list(range(0, 300, 6))
    pairs = network(days, ramp(QUIET_DAYS, 300, least=12))
    verdicts = Deconvolution().judge(pairs)
    assert next(v.date for v in verdicts if v.state == "unrest") <= day(QUIET_DAYS + 30)
    assert verdicts[-1].state == "unrest"


def test_ten_years_of_two_frames_take_seconds() -> None:
    pairs = network(range(0, 1800, 6), step(900)) + network(range(2, 1800, 6), still, frame="D")
    begun = time.process_time()
    verdicts = Deconvolution().judge(pairs)
    assert (time.process_time() - begun) / len(verdicts) < 0.02  # 1200 dates: well under a minute


def test_the_rule_can_be_checked_by_hand() -> None:
    def date(last: int, positive: int, of: int) -> list[PairEvidence]:
        return [pair(last - 6 - k, last, positive=k < positive) for k in range(of)]

    counts = [(0, 4), (1, 5), (2, 4), (1, 4), (0, 4), (1, 2), (2, 2), (0, 3)]
    pairs = [p for k, count in enumerate(counts) for p in date(6 * k, *count)]
    assert [v.state.value for v in Rule().judge(pairs)] == [
        "quiet", "watch", "unrest", "unrest", "quiet", "watch", "unrest", "quiet",
    ]  # fmt: skip
    strict = Rule(dates=2).judge(pairs)
    assert {v.state.value for v in strict} == {"quiet", "watch"}


def test_the_cumulative_sum_adds_up_what_no_single_date_shows() -> None:
    quiet = network(range(0, QUIET_DAYS, 6), still)
    weak = [
        replace(p, logit=p.logit + 2.9, probability=0.4)
        for p in network(range(0, QUIET_DAYS + 60, 6), still)
        if p.secondary >= day(QUIET_DAYS)
    ]
    verdicts = CumulativeSum().judge([*quiet, *weak])
    assert {v.state.value for v in Rule().judge([*quiet, *weak])} == {"quiet"}
    since = verdicts[-1].since
    assert since is not None
    assert since > day(QUIET_DAYS)


def test_the_cumulative_sum_does_not_get_used_to_an_episode() -> None:
    days = range(0, 3 * QUIET_DAYS, 6)
    verdicts = CumulativeSum().judge(network(days, ramp(QUIET_DAYS, 3 * QUIET_DAYS)))
    assert verdicts[-1].since == day(QUIET_DAYS + 6)
    assert verdicts[-1].state == "unrest"


def test_the_cumulative_sum_forgets_a_frame_that_fell_silent() -> None:
    moved = network(range(0, QUIET_DAYS + 12, 6), step(QUIET_DAYS - 2))
    other = network(range(2, QUIET_DAYS + 120, 6), step(QUIET_DAYS - 2), frame="D")
    verdicts = CumulativeSum().judge(moved + other)
    assert day(QUIET_DAYS) in {v.date for v in verdicts if v.state == "unrest"}
    assert verdicts[-1].since is None


def test_the_cumulative_sum_says_nothing_of_a_volcano_it_does_not_know() -> None:
    early = CumulativeSum().judge(network(range(0, 60, 6), step(30)))
    assert {v.state.value for v in early} == {"quiet", "watch"}


def test_methods_have_names_and_refuse_unknown_options() -> None:
    assert find_method("rule", {"dates": 2}) == Rule(dates=2)
    assert [find_method(name).name for name in METHOD_NAMES] == list(METHOD_NAMES)
    with pytest.raises(
        BadInputError, match="one of rule, cumulative-sum, deconvolution, early, quiet"
    ):
        find_method("vote", {})
    with pytest.raises(BadInputError, match=r"no option 'treshold': one of .*threshold"):
        find_method("cumulative-sum", {"treshold": 3})


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("rule", {"least_share": 0.0}),
        ("rule", {"least_share": 0.2, "end_share": 0.3}),
        ("rule", {"least_positive": 0}),
        ("rule", {"dates": 0}),
        ("rule", {"dates": "2"}),
        ("rule", {"least_share": "half"}),
        ("rule", {"localised_days": 0}),
        ("cumulative-sum", {"baseline_dates": 2}),
        ("cumulative-sum", {"threshold": 0}),
        ("cumulative-sum", {"threshold": float("nan")}),
        ("cumulative-sum", {"drift": -1}),
        ("cumulative-sum", {"drift": "1"}),
        ("deconvolution", {"sensitivity": 1.0}),
        ("deconvolution", {"false_positive": float("nan")}),
        ("deconvolution", {"begin": 0.1}),
        ("deconvolution", {"window_dates": 1}),
        ("deconvolution", {"window_dates": 7.5}),
        ("deconvolution", {"persistence": None}),
    ],
)
def test_useless_options_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=f"{next(iter(options))}|level"):
        find_method(name, options)


def test_the_labels_of_reykjanes_give_its_alarms(shared_data: Path) -> None:
    """January 2020 by the second date, February 2021 on the first, none in the quiet of 2019."""
    with (shared_data / "labels/reykjanes_155D_02579_100800_per_ifg.csv").open() as file:
        pairs = [
            PairEvidence(
                row["frameID"],
                dt.date.fromisoformat(row["primary_date"]),
                dt.date.fromisoformat(row["secondary_date"]),
                2.0 if row["deformation"] == "1" else -2.0,
                0.9 if row["deformation"] == "1" else 0.1,
            )
            for row in csv.DictReader(file)
        ]
    for name in METHOD_NAMES:
        verdicts = find_method(name).judge(pairs)
        alarms = [v.date for v in verdicts if v.state == "unrest"]
        soon = dt.date(2020, 2, 5) if name == "cumulative-sum" else dt.date(2020, 1, 30)
        assert dt.date(2020, 1, 24) <= alarms[0] <= soon, name
        assert dt.date(2021, 3, 1) in alarms, name
