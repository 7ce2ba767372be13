"""Verdicts that agree with their own evidence, and say why."""

import datetime as dt
import random
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insar_models.onset.evidence import PairEvidence
from insar_models.onset.methods import METHOD_NAMES, PRESETS, OnsetMethod, find_method
from insar_models.onset.rule import Rule
from tests.insar_models.onset.series import day, network, networks, pair, ramp, step, still

EVERY = [pytest.param(find_method(name), id=name) for name in (*METHOD_NAMES, *PRESETS)]
OFF = 100_000


def _ends_in(moved: set[int], _: float, last: float) -> bool:
    return last in moved


@pytest.mark.parametrize("method", EVERY)
@settings(max_examples=40, deadline=None)
@given(pairs=networks(), tried=st.sets(st.integers(0, 300), max_size=4), seed=st.integers(0, 99))
def test_no_verdict_contradicts_its_evidence(
    method: OnsetMethod, pairs: list[PairEvidence], tried: set[int], seed: int
) -> None:
    missing = [day(number) for number in tried]
    verdicts = method.judge(pairs, missing)
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    assert repr(method.judge(shuffled, missing[::-1])) == repr(verdicts)
    last: dt.date | None = None
    for verdict in verdicts:
        assert verdict.because
        if verdict.pairs_for and not verdict.pairs_against:
            assert verdict.state in {"watch", "unrest"}, verdict.because
        if verdict.state == "unrest":
            assert verdict.level >= verdict.level_needed
        if verdict.state == "quiet":
            assert verdict.level < verdict.level_needed, verdict.because
            assert not verdict.pairs_for or ";" in verdict.because
        if verdict.state == "watch" and not verdict.pairs_for:
            assert ";" in verdict.because
        silent = last is not None and (verdict.date - last).days > 48
        assert (verdict.state == "unknown") == (verdict.state.is_silent and silent)
        assert verdict.unknown_since == (last if verdict.state == "unknown" else None)
        assert not silent or verdict.since in {None, verdict.date}
        last = last if verdict.state.is_silent else verdict.date


@pytest.mark.parametrize("method", EVERY)
def test_the_only_pair_of_a_date_is_watched_and_waits_for_another(method: OnsetMethod) -> None:
    quiet = [pair(6 * k, 6 * k + 6, positive=False) for k in range(40)]
    last = method.judge([*quiet, pair(240, 252, positive=True)])[-1]
    assert last.state == "watch"
    assert last.because.startswith("1 of 1 pair positive, one track; ")
    assert last.because.endswith("waiting for a second pair")
    if method.name == "deconvolution":
        pairs = [*quiet, pair(240, 252, positive=True), pair(240, 258, positive=True)]
        second = method.judge(pairs)[-1]
        assert second.state == "unrest"
        assert second.since in {day(252), day(258)}


@pytest.mark.parametrize("method", EVERY)
def test_unrest_does_not_outlast_a_silence(method: OnsetMethod) -> None:
    pairs = network(range(0, 300, 6), ramp(240, 300))
    tried = [day(number) for number in (306, 342, 348, 456)]
    said = {v.date: v for v in method.judge(pairs, tried)}
    since = said[day(294)].since
    assert since is not None
    assert (said[day(342)].state, said[day(342)].since) == ("no data", since)
    unknown = said[day(456)]
    assert (unknown.state, unknown.since, unknown.unknown_since) == ("unknown", None, day(294))
    assert unknown.because == f"no pair for 162 days; unrest since {since} not seen to end"
    again = method.judge([*pairs, pair(450, 462, positive=False)], tried)[-1]
    assert (again.state, again.since) == ("quiet", None)
    assert f"first pair after 168 days; unrest since {since} was not seen to end" in again.because


def test_the_silence_can_be_set() -> None:
    pairs = network(range(0, 300, 6), ramp(240, 300))
    patient = find_method("rule", {"silence_days": 200}).judge(pairs, [day(456)])[-1]
    assert patient.state == "no data"
    assert patient.since is not None


def ended(days: range, last: int, moves: bool) -> list[PairEvidence]:
    """Return the pairs of four dates of `days` that end on the day `last`."""
    return [pair(d, last, positive=moves) for d in days if last - 24 <= d < last]


def test_after_a_silence_a_volcano_is_judged_as_if_it_were_new() -> None:
    """The slow obvious way: whatever lies between two long gaps is judged alone."""
    rule = Rule(prior_dates=OFF, dates=2, dates_to_end=2)
    random_ = random.Random(0)
    parts = []
    for part in range(4):
        first = 400 * part
        days = range(first, first + 200, 6)
        moved = {number for number in days if random_.random() < 0.5}
        parts.append(network(days, partial(_ends_in, moved)))
    whole = rule.judge([item for part in parts for item in part])
    alone = [verdict for part in parts for verdict in rule.judge(part)]
    assert [(v.date, v.state, v.since) for v in whole] == [
        (v.date, v.state, v.since) for v in alone
    ]
    gaps = [(b.date - a.date).days for a, b in pairwise(whole)]
    assert max(gaps) > 48


@pytest.mark.parametrize("method", EVERY)
def test_networks_that_share_no_date_and_frames_that_share_all_are_judged(
    method: OnsetMethod,
) -> None:
    first, second = (network(days, still) for days in (range(0, 120, 6), range(600, 720, 6)))
    year_apart = method.judge([*first, *second])
    assert {v.state.value for v in year_apart} == {"quiet"}
    moves = step(90)
    once = network(range(0, 120, 6), moves, frame="155D_02579_100800")
    twice = [*once, *network(range(0, 120, 6), moves, frame="155D_02484_191814")]
    assert method.judge(twice) == method.judge(once)


def test_tracks_that_disagree_are_named() -> None:
    days = range(0, 120, 6)
    verdicts = Rule().judge(network(days, step(99)) + network(days, still, frame="D"))
    said = next(v for v in verdicts if v.date == day(102)).because
    assert "tracks disagree: A saw motion in the same days, D sees none" in said


def test_presets_are_methods_with_options() -> None:
    for name, (base, options) in PRESETS.items():
        assert find_method(name) == find_method(base, options)
    assert find_method("quiet", {"begin": 0.7}) != find_method("quiet")
