"""What is usual on a volcano: drawn from its own quiet dates, never from what happens now."""

import datetime as dt
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from insar_models.onset.date_evidence import PRIOR_DATES, gather_dates
from insar_models.onset.evidence import ALL_QUIET, DateVerdict, PairEvidence, Past, QuietGround
from insar_models.onset.methods import METHOD_NAMES, OnsetMethod, find_method
from insar_models.onset.past import TrackHistory
from tests.insar_models.onset.series import day, network, networks, pair, ramp, still

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


Dates = list[tuple[dt.date, list[PairEvidence]]]


def slow_past(dates: Dates, date: dt.date, prior: int) -> Past:
    """Return what `TrackHistory.before` does, said as plainly as can be."""
    every = [pair for _, pairs in dates for pair in pairs if pair.days <= 48]

    def moved(day_: dt.date) -> bool:
        spanning = [p for p in every if p.primary < day_ <= p.secondary]
        positive = [p for p in spanning if p.positive and not p.atmosphere]
        return len(spanning) >= 2 and len(positive) >= 0.75 * len(spanning)

    def is_past(pair: PairEvidence, last: dt.date) -> bool:
        spanned = [pair.primary + dt.timedelta(days=k) for k in range(1, pair.days + 1)]
        return pair.atmosphere or not any(moved(d) for d in spanned if d <= last)

    def standard(pair: PairEvidence) -> float:
        own = float(np.log(pair.probability / (1 - pair.probability)))
        return (own - ALL_QUIET.centre) / ALL_QUIET.spread

    known = [item for item in dates if item[0] <= date - dt.timedelta(days=48)]
    whole = len(known) // 10
    blocks = [known[10 * k : 10 * k + 10] for k in range(whole)] or ([known] if known else [])
    quiet = []
    for block in blocks:
        kept = [(d, [standard(p) for p in pairs if is_past(p, block[-1][0])]) for d, pairs in block]
        kept = [(d, scores) for d, scores in kept if scores]
        if len(kept) >= 5:
            quiet.append(kept)
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


def random_dates(seed: int) -> Dates:
    """Pairs of a volcano that moves now and then, with gaps, long pairs and reviewed ones."""
    random_ = random.Random(seed)
    days, found = [0], []
    while len(days) < 45:
        days.append(days[-1] + random_.choice([6, 6, 6, 12, 12, 60]))
    for late in range(1, len(days)):
        pairs = []
        for early in random_.sample(range(max(0, late - 5), late), min(late, 3)):
            moving = days[late] > 150 and days[early] < 400 and seed % 2
            value = random_.gauss(2 if moving else -3, 2)
            one = scored(days[early], days[late], value)
            pairs.append(replace(one, atmosphere=random_.random() < 0.1))
        found.append((day(days[late]), pairs))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_past_is_that_of_the_slow_obvious_way(seed: int) -> None:
    history = TrackHistory("A")
    dates = random_dates(seed)
    rested = 0
    for number, (date, pairs) in enumerate(dates):
        expected = slow_past(dates[:number], date, 7)
        found = history.before(date, 7)
        assert found.centre == pytest.approx(expected.centre)
        assert found.spread == pytest.approx(expected.spread)
        assert replace(found, centre=0, spread=1) == replace(expected, centre=0, spread=1)
        history.add(date, pairs)
        rested = max(rested, found.dates)
    assert rested > 10


def test_asking_less_often_gives_the_same() -> None:
    """A run that is broken off, or a date that only another track has, changes no past."""
    dates = random_dates(3)
    often, once = TrackHistory("A"), TrackHistory("A")
    for date, pairs in dates:
        expected = often.before(date, 7)
        often.add(date, pairs)
        once.add(date, pairs)
    last = dates[-1][0]
    fresh = TrackHistory("A")
    for date, pairs in dates[:-1]:
        fresh.add(date, pairs)
    assert fresh.before(last, 7) == expected
    later = last + dt.timedelta(days=200)
    assert once.before(later, 7) == often.before(later, 7)


def two_episodes(seed: int) -> list[PairEvidence]:
    """Pairs of a volcano watched since day 0 that moves from 60 to 84, and again on 181."""
    random_ = random.Random(seed)
    pairs = []
    for late in range(1, 40):
        for span in range(1, min(late, 3) + 1):
            first, last = 6 * (late - span), 6 * late
            moved = (first < 84 and last > 60) or first < 181 <= last
            pairs.append(scored(first, last, (2.5 if moved else -4.0) + random_.gauss(0, 1)))
    return pairs


@pytest.mark.parametrize("seed", range(4))
def test_an_episode_among_the_first_dates_is_not_usual(seed: int) -> None:
    pairs = two_episodes(seed)
    (verdict,) = (v for v in find_method("deconvolution").judge(pairs) if v.date == day(186))
    past = verdict.past
    assert past is not None
    assert 10 <= past.dates < 20
    assert past.centre < 0.8  # a pair of the first episode is 3.3 above the middle
    assert past.spread < 1.3
    assert "usual here" not in verdict.because
    assert verdict.state == "unrest"


def test_what_a_person_called_atmosphere_is_part_of_the_past() -> None:
    pairs = network(range(0, 132, 6), ramp(12, 40))
    air = [replace(p, atmosphere=p.positive) for p in pairs]
    (reviewed, plain) = (gather_dates(those, ())[-1].past for those in (air, pairs))
    assert reviewed is not None
    assert plain is not None
    assert (reviewed.dates, plain.dates) == (10, 5)  # pairs over the motion are left out
    assert reviewed.centre > plain.centre + 1
    assert any(p.atmosphere for p in air)
    for date in gather_dates(air, ()):  # and it is no evidence
        assert not any(pair.atmosphere for pair in date.pairs)


def test_a_handful_of_dates_is_no_past() -> None:
    pairs = network(range(0, 72, 6), still, spans=(1, 2))
    counts = [date.past.dates if date.past else None for date in gather_dates(pairs, ())]
    assert counts == [0] * 11  # of 11 dates 3 at most are older than 48 days
    longer = gather_dates(network(range(0, 90, 6), still, spans=(1, 2)), ())
    assert longer[-1].past is not None
    assert longer[-1].past.dates == 6


@given(networks(), st.randoms(use_true_random=False))
def test_pasts_do_not_depend_on_the_order_of_pairs(
    pairs: list[PairEvidence], random_: random.Random
) -> None:
    shuffled = list(pairs)
    random_.shuffle(shuffled)
    assert gather_dates(shuffled, ()) == gather_dates(pairs, ())


@given(networks(), st.integers(0, 160))
def test_pasts_rest_on_nothing_that_ends_later(pairs: list[PairEvidence], until: int) -> None:
    known = [pair for pair in pairs if pair.secondary <= day(until)]
    every = gather_dates(pairs, ())
    assert gather_dates(known, ()) == every[: len(gather_dates(known, ()))]


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
