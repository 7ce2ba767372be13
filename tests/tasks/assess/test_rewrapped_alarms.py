"""The list of alarms: when each began, what it is by the truth, and the pairs behind it."""

import datetime as dt
from collections.abc import Sequence

from insar_models.onset.evidence import PairEvidence
from insar_models.onset.rule import Rule
from tasks.assess.delays import assess, judged
from tasks.assess.rewrapped import LocatedPair
from tasks.assess.rewrapped_alarms import Alarm, alarms_of, format_alarms, most_likely
from tasks.assess.truth_records import DatedEpisode, EpisodeKind, PlaceTruth
from tests.tasks.assess.evidence import day, network

ERUPTION = DatedEpisode(day(9), day(10), "eruption")
QUAKE = DatedEpisode(day(29), day(29), "quake", EpisodeKind.TECTONIC)
GRACE = 24
RULE = Rule(prior_dates=100_000)  # steps in every tenth date would be usual here


def located(pairs: Sequence[PairEvidence]) -> tuple[LocatedPair, ...]:
    return tuple(LocatedPair(pair, 13.5 + 0.01 * pair.days, 40.6) for pair in pairs)


def alarms(moving: Sequence[int], episodes: Sequence[DatedEpisode]) -> tuple[Alarm, ...]:
    pairs = located(network(40, moving))
    verdicts = RULE.judge([item.evidence for item in pairs])
    return alarms_of("rule", verdicts, pairs, episodes, GRACE)


def test_each_alarm_says_what_it_is() -> None:
    found = alarms([3, 9, 13, 20, 29], [ERUPTION, QUAKE])
    assert [alarm.words for alarm in found] == [
        "false",
        "in the episode, day 0, acquisition 1",
        "days of grace, day 24, acquisition 5",
        "false, day 66, acquisition 12",
        "earthquake, day 120, acquisition 21",
    ]


def test_false_ones_are_those_of_the_assessment() -> None:
    moving, episodes = [3, 9, 13, 20, 21, 29], (ERUPTION, QUAKE)
    pairs = network(40, moving)
    assessed = assess("taal", judged(RULE.judge(pairs)), PlaceTruth(episodes), grace_days=GRACE)
    found = [alarm for alarm in alarms(moving, episodes) if alarm.words.startswith("false")]
    assert tuple(alarm.date for alarm in found) == assessed.false_alarms
    assert len(found) == 2


def test_an_alarm_holds_its_run_and_the_best_pairs_behind_it() -> None:
    (alarm,) = alarms([5, 6], [])
    assert (alarm.since, alarm.date) == (day(5), day(5))
    assert day(6) <= alarm.until <= day(8)
    assert alarm.onset is None
    assert alarm.pairs
    assert all(item.evidence.secondary == day(5) for item in alarm.pairs)


def test_no_more_than_five_pairs_the_highest_score_first() -> None:
    pairs = [
        PairEvidence("frame", day(number), day(9), float(number % 4), 0.5) for number in range(8)
    ]
    blank = PairEvidence("frame", day(8), day(9), float("nan"), float("nan"))
    best = most_likely(located([*pairs, blank]))
    assert [item.evidence.logit for item in best] == [3.0, 3.0, 2.0, 2.0, 1.0]


def test_the_list_names_date_place_and_probability() -> None:
    text = format_alarms("rule", alarms([3, 20], []))
    lines = text.splitlines()
    assert lines[0] == "rule: 2 alarms"
    assert len(lines) == 4
    assert str(day(3)) in lines[2]
    assert "0.95" in lines[2]
    assert "13.560, 40.600" in lines[2]
    assert lines[2].endswith("false")
    assert format_alarms("rule", ()) == "rule: 0 alarms"
    assert format_alarms("rule", alarms([3], [])).startswith("rule: 1 alarm\n")


def test_an_alarm_without_a_scored_pair_is_listed_too() -> None:
    verdicts = RULE.judge([item.evidence for item in located(network(9, [3]))])
    (alarm,) = alarms_of("rule", verdicts, (), (), GRACE)
    assert alarm.pairs == ()
    assert format_alarms("rule", [alarm]).splitlines()[-1].split()[4:7] == ["-", "-", "-"]
    assert isinstance(alarm.date, dt.date)
