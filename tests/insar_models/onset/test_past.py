"""What is usual on a volcano: drawn from its own quiet dates, never from what happens now."""

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from insar_models.onset.date_evidence import PRIOR_DATES, gather_dates
from insar_models.onset.evidence import ALL_QUIET, DateVerdict, PairEvidence, Past, QuietGround
from insar_models.onset.methods import METHOD_NAMES, OnsetMethod, find_method
from insar_models.onset.past import TrackHistory
from tests.insar_models.onset.series import day, network, pair, ramp

EVERY = [pytest.param(find_method(name), id=name) for name in METHOD_NAMES]
OFF = 100_000  # prior dates that no past outweighs
DATES = 100
MOVES_ON = 6 * 80 + 3


def scored(first: float, last: float, evidence: float) -> PairEvidence:
    return PairEvidence("A", day(first), day(last), evidence, float(expit(evidence)))


def ringing(seed: int, *, step: float = 0.0) -> list[PairEvidence]:
    """Pairs of a volcano over which air draws rings in every second one; it may move late."""
    random_ = random.Random(seed)
    pairs = []
    for late in range(1, DATES):
        for span in range(1, min(late, 4) + 1):
            first, last = 6 * (late - span), 6 * late
            ring = random_.random() < 0.5
            moved = step if first < MOVES_ON <= last else 0.0
            noise = random_.gauss(0, 1)
            pairs.append(scored(first, last, (2.0 if ring else -4.0) + noise + moved))
    return pairs


def alarms(verdicts: tuple[DateVerdict, ...], first: float, last: float) -> list[dt.date]:
    return [v.date for v in verdicts if v.state == "unrest" and day(first) <= v.date <= day(last)]


def test_a_volcano_with_rings_in_every_second_pair_does_not_alarm() -> None:
    found, without = 0, 0
    for seed in range(2):
        pairs = ringing(seed)
        found += len(alarms(find_method("deconvolution").judge(pairs), 180, 600))
        off = find_method("deconvolution", {"prior_dates": OFF})
        without += len(alarms(off.judge(pairs), 180, 600))
    assert found <= 1  # of 140 dates
    assert without > 25


@pytest.mark.parametrize("name", ["rule", "deconvolution"])
def test_one_that_has_begun_to_do_something_new_alarms(name: str) -> None:
    for seed in range(4):
        verdicts = find_method(name).judge(ringing(seed, step=8.0))
        assert alarms(verdicts, MOVES_ON, MOVES_ON + 15), seed


def test_usual_pairs_are_counted_and_said_to_be_usual() -> None:
    verdicts = find_method("deconvolution").judge(ringing(1))
    said = [v for v in verdicts if "usual here" in v.because]
    assert len(said) > 20
    assert all(v.pairs_for > 0 for v in said)
    past = verdicts[-1].past
    assert past is not None
    assert past.dates > 50
    assert past.centre > 1  # of all quiet ground it is 0
    assert past.last is not None
    assert past.last <= verdicts[-1].date - dt.timedelta(days=48)


def slow_past(dates: list[tuple[dt.date, list[float]]], date: dt.date, prior: int) -> Past:
    """Return what `TrackHistory.before` does, said as plainly as can be; scores are standard."""
    known = [item for item in dates if item[0] <= date - dt.timedelta(days=48)]
    whole = len(known) // 10
    blocks = [known[10 * k : 10 * k + 10] for k in range(whole)] or ([known] if known else [])
    zero = -ALL_QUIET.centre / ALL_QUIET.spread

    def share(scores: list[float]) -> float:
        return sum(score >= zero for score in scores) / len(scores)

    def moves(block: list[tuple[dt.date, list[float]]]) -> bool:
        every = [score for _, scores in block for score in scores]
        dates = sum(share(scores) >= 0.5 for _, scores in block)
        return dates >= 0.9 * len(block) and share(every) >= 0.65

    quiet = [b for b in blocks if not moves(b)]
    if not quiet:
        return Past("A", 0, None, None, 0.0, 1.0, dates[0][0] if whole else None)
    highs = sorted(np.quantile([s for _, scores in b for s in scores], 0.84134) for b in quiet)
    tails = sorted(np.quantile([s for _, scores in b for s in scores], 0.95) for b in quiet)
    place = int((len(quiet) - 1) * 0.25)
    high, tail = float(highs[place]), float(tails[place])
    spread = min(2.0, max(1.0, (tail - high) / 0.6449))
    count = sum(len(b) for b in quiet)
    own = count / (count + prior)
    return Past(
        "A",
        count,
        quiet[0][0][0],
        quiet[-1][-1][0],
        own * (high - spread),
        float(np.sqrt(own * spread**2 + 1 - own)),
        None,
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_past_is_that_of_the_slow_obvious_way(seed: int) -> None:
    random_ = random.Random(seed)
    dates: list[Any] = []
    history, number = TrackHistory("A"), 0
    for _ in range(70):
        number += random_.choice([6, 6, 12, 60])
        moving = 150 < number < 900 and seed % 2
        evidence = [random_.gauss(3 if moving else -3, 2) for _ in range(random_.randint(1, 4))]
        expected = slow_past(dates, day(number), 7)
        found = history.before(day(number), 7)
        assert found.centre == pytest.approx(expected.centre)
        assert found.spread == pytest.approx(expected.spread)
        assert replace(found, centre=0, spread=1) == replace(expected, centre=0, spread=1)
        history.add(day(number), [scored(0, number, value) for value in evidence])
        standard = [(value - ALL_QUIET.centre) / ALL_QUIET.spread for value in evidence]
        dates.append((day(number), standard))


def test_a_past_never_adds_evidence_and_keeps_the_order_of_scores() -> None:
    calm = Past("A", 200, day(0), day(900), -1.0, 1.0, None)
    noisy = Past("A", 200, day(0), day(900), 2.0, 1.5, None)
    pairs = [scored(0, 6, value) for value in np.linspace(-15, 15, 61)]
    assert [calm.weigh(p) for p in pairs] == pairs
    weighed = [noisy.weigh(p) for p in pairs]
    assert all(new.probability <= old.probability for new, old in zip(weighed, pairs, strict=True))
    assert [p.probability for p in weighed] == sorted(p.probability for p in weighed)
    assert {p.usual for p in weighed if not p.positive} == {False}
    assert {p.usual for p in weighed if p.positive} == {False, True}


@pytest.mark.parametrize("method", [p for p in EVERY if p.id != "cumulative-sum"])
def test_what_has_moved_ever_since_is_ongoing_and_not_called_quiet(method: OnsetMethod) -> None:
    verdicts = method.judge(network(range(0, 900, 6), ramp(-100, 1000)))
    later = [v for v in verdicts if v.date > day(130)]
    assert {v.state.value for v in later} == {"unrest"}
    since = f"ongoing: it has moved ever since it was first watched on {day(6)}"
    assert all(since in v.because for v in later)


def test_a_long_episode_does_not_become_usual() -> None:
    pairs = network(range(0, 1200, 6), ramp(240, 1200))  # a fifth of the past is quiet at the end
    verdicts = find_method("deconvolution").judge(pairs)
    assert len(alarms(verdicts, 246, 1200)) == len([v for v in verdicts if v.date >= day(246)])
    past = verdicts[-1].past
    assert past is not None
    assert past.dates <= 50


def test_models_with_other_evidence_share_one_past() -> None:
    """A model that is replaced in the middle: what counts is how rare a score is for it."""
    other = QuietGround(2 * ALL_QUIET.centre, 2 * ALL_QUIET.spread)
    pairs = ringing(2)
    doubled = [
        PairEvidence("A", p.primary, p.secondary, p.logit, float(expit(2 * p.logit)), other)
        if p.secondary > day(300)
        else p
        for p in pairs
    ]
    same, changed = (gather_dates(those, (), PRIOR_DATES) for those in (pairs, doubled))
    for one, two in zip(same, changed, strict=True):
        assert one.past is not None
        assert two.past is not None
        assert one.past.centre == pytest.approx(two.past.centre, abs=1e-6)
        assert [p.usual for p in one.pairs] == [p.usual for p in two.pairs]


def test_one_watched_since_yesterday_has_no_past() -> None:
    (verdict,) = find_method("deconvolution").judge([pair(0, 6, positive=True)])
    assert verdict.past == Past("A", 0, None, None, 0.0, 1.0, None)
    assert verdict.state == "watch"
    assert verdict.because.startswith("1 of 1 pair positive, one track")
    assert verdict.because.endswith("waiting for a second pair")
