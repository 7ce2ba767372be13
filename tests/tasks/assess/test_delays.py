import datetime as dt

import pytest

from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from tasks.assess.delays import assess
from tasks.assess.outcomes import Ending
from tasks.assess.rates import Counts
from tasks.assess.truth_records import DatedEpisode, EpisodeKind, PairLabel, PlaceTruth
from tests.tasks.assess.evidence import day, network, verdicts

A_DAY = dt.timedelta(days=1)
EPISODE = DatedEpisode(day(4) + A_DAY, day(7), "dyke")
TRUTH = PlaceTruth((EPISODE,))


@pytest.mark.parametrize(
    ("letters", "days", "acquisitions"),
    [("qqqqquuuqq", 5, 0), ("qqqqqwuuqq", 11, 1), ("qqqqq-wuqq", 17, 2)],
)
def test_the_delay_counts_from_the_onset(letters: str, days: int, acquisitions: int) -> None:
    said = assess("taal", verdicts(letters), TRUTH, grace_days=12)
    (outcome,) = said.episodes
    assert outcome.ending is Ending.FOUND
    assert outcome.next_acquisition == day(5)
    assert (outcome.delay_days, outcome.delay_acquisitions) == (days, acquisitions)
    assert not outcome.ran_before
    assert said.false_alarms == ()


def test_an_episode_reaches_to_the_first_acquisition_after_its_end() -> None:
    sudden = PlaceTruth((DatedEpisode(day(4) + A_DAY, day(4) + A_DAY),))
    (outcome,) = assess("taal", verdicts("qqqqquqq"), sudden).episodes
    assert (outcome.delay_days, outcome.delay_acquisitions) == (5, 0)
    (late,) = assess("taal", verdicts("qqqqqquq"), sudden).episodes
    assert late.ending is Ending.MISSED


def test_what_nobody_watched_is_not_missed() -> None:
    for states, ending in (("qqqqq---qq", Ending.NOT_WATCHED), ("qqqqqq--qq", Ending.MISSED)):
        assert assess("taal", verdicts(states), TRUTH).episodes[0].ending is ending
    early = PlaceTruth((DatedEpisode(day(-3), day(2)), EPISODE))
    found = assess("taal", verdicts("quuqqqqqqq"), early).episodes[0]
    assert found.ending is Ending.FOUND
    assert found.delay_days is None


def test_unrest_that_ran_before_is_marked_and_false() -> None:
    said = assess("taal", verdicts("qquuuuuuqq"), TRUTH, grace_days=0)
    assert said.episodes[0].ran_before
    assert said.false_alarms == (day(2),)
    watched = assess("taal", verdicts("qquwwuuuqq"), TRUTH).episodes[0]
    assert watched.ran_before
    ended = assess("taal", verdicts("qquqquuuqq"), TRUTH).episodes[0]
    assert not ended.ran_before


@pytest.mark.parametrize(
    ("letters", "grace_days", "false"),
    [
        ("qqqqquuuququ", 0, [9, 11]),
        ("qqqqquuuququ", 12, [11]),
        ("qqqqquuuququ", 48, []),
        ("quququuuqqqq", 48, [1, 3]),
        ("quuwuquuqqqq", 48, [1]),
        ("quu-uquuqqqq", 48, [1]),
        ("uuuqqquuqqqq", 48, [0]),
    ],
)
def test_a_false_alarm_is_a_transition_outside(
    letters: str, grace_days: int, false: list[int]
) -> None:
    said = assess("taal", verdicts(letters), TRUTH, grace_days=grace_days)
    assert said.false_alarms == tuple(day(number) for number in false)
    assert said.false_alarm_rate.events == len(false)


def test_quiet_time_is_what_no_episode_takes() -> None:
    said = assess("taal", verdicts("qqqqqqqqqqqq"), TRUTH, grace_days=12)
    # of the 66 days after the first date, 18 are of the episode and 12 of grace
    assert said.false_alarm_rate.days == pytest.approx(36)
    everything = PlaceTruth((DatedEpisode(day(0), day(20)),))
    assert assess("taal", verdicts("qqqq"), everything).false_alarm_rate.years == 0


def test_earthquakes_are_neither_hits_nor_false() -> None:
    quake = DatedEpisode(day(2), day(2), "M6", EpisodeKind.TECTONIC)
    truth = PlaceTruth((quake, EPISODE))
    said = assess("taal", verdicts("qquuqquuqqqq"), truth, network(12, [2, 5]), grace_days=6)
    assert said.tectonic_alarms == (day(2),)
    assert said.false_alarms == ()
    assert [outcome.episode for outcome in said.episodes] == [EPISODE]
    assert said.by_date == Counts(2, 0, 1, 6)  # dates 2 and 3 are of the earthquake, 8 of grace
    assert said.by_pair is not None
    assert said.by_pair.false_positives == 0


def test_pairs_are_held_against_their_labels() -> None:
    pairs = network(5, moving=[2])
    labels = {
        DatePair(day(0), day(1)): PairLabel.DEFORMING,
        DatePair(day(1), day(2)): PairLabel.DEFORMING,
        DatePair(day(2), day(3)): PairLabel.QUIET,
        DatePair(day(0), day(2)): PairLabel.TECTONIC,
        DatePair(day(1), day(3)): PairLabel.QUIET,
    }
    said = assess("taal", verdicts("qquuq"), PlaceTruth((), labels), pairs)
    assert said.by_pair == Counts(1, 1, 1, 1)


def test_dates_without_labels_are_left_out() -> None:
    truth = PlaceTruth((EPISODE,), covers=(day(3), day(9)))
    said = assess("taal", verdicts("ququqqqqqqqqququ"), truth)
    assert (said.first, said.last, said.dates) == (day(3), day(9), 7)
    assert said.false_alarms == (day(3),)


@pytest.mark.parametrize(
    ("letters", "truth", "grace_days", "message"),
    [
        ("", TRUTH, 0, "no verdict on 'taal'"),
        ("qqq", TRUTH, -1, "--grace is -1"),
        ("qqq", TRUTH, 0, "no common dates.*2020-01-13.*2020-01-26"),
        ("qqq", PlaceTruth(covers=(day(5), day(6))), 0, "no common dates.*2020-01-31"),
    ],
)
def test_nothing_to_compare_is_said(
    letters: str, truth: PlaceTruth, grace_days: int, message: str
) -> None:
    with pytest.raises(BadInputError, match=message):
        assess("taal", verdicts(letters), truth, grace_days=grace_days)


def test_dates_out_of_order_are_named() -> None:
    dates = verdicts("qqq")
    with pytest.raises(BadInputError, match="2020-01-07 comes after 2020-01-13"):
        assess("taal", [dates[0], dates[2], dates[1]], PlaceTruth())
    with pytest.raises(BadInputError, match="2020-01-01 comes after 2020-01-01"):
        assess("taal", [dates[0], dates[0]], PlaceTruth())
