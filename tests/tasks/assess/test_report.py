import dataclasses
import json
from collections.abc import Sequence

import pytest
from scipy.special import expit

from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.methods import find_method
from insar_models.onset.rule import Rule
from tasks.assess.curve import delay_curve
from tasks.assess.outcomes import Ending
from tasks.assess.report import format_curve, format_report, report_json
from tasks.assess.runs import Case, judge_cases
from tasks.assess.truth_records import DatedEpisode, PlaceTruth
from tests.tasks.assess.evidence import day, network

RULE = find_method("rule")
TRUTH = PlaceTruth((DatedEpisode(day(10), day(12), "dyke"),))
SEEN = Case("seed 1", tuple(network(40, [11, 12])), TRUTH)
UNSEEN = Case("seed 2", tuple(network(40, [30])), TRUTH)


def test_cases_add_up() -> None:
    summary = judge_cases([SEEN, UNSEEN], RULE, 12)
    assert (summary.count(Ending.FOUND), summary.count(Ending.MISSED)) == (1, 1)
    rate = summary.false_alarm_rate
    assert rate.events == 1
    assert rate.days == pytest.approx(2 * summary.assessments[0].false_alarm_rate.days)
    assert summary.by_pair is not None
    assert summary.by_pair.total == 2 * len(SEEN.pairs)
    assert (summary.median_delay_days, summary.median_delay_acquisitions) == (6, 1)


def test_unrest_that_always_runs_earns_no_delay() -> None:
    always = Case("taal", tuple(network(40, range(40))), TRUTH)
    summary = judge_cases([always], RULE, 12)
    assert (summary.count(Ending.FOUND), summary.ran_before) == (1, 1)
    assert summary.median_delay_days is None
    assert summary.false_alarm_rate.events == 1  # it is running when the dates begin


def test_the_report_in_words() -> None:
    text = format_report([judge_cases([SEEN, UNSEEN], RULE, 12)])
    assert "seed 1, seed 2: 78 dates from 2020-01-07" in text
    assert "12 days after each" in text
    assert "1 of 2 in 6 d (6 to 6)" in text
    one = format_report([judge_cases([SEEN], RULE, 12)])
    assert "dyke (2020-03-01 to 2020-03-13)  6 d (1)" in one
    assert "*" not in one.splitlines()[-1]


def test_the_curve_goes_from_always_to_never() -> None:
    pairs = [
        dataclasses.replace(pair, logit=pair.logit + number % 5 / 10)
        for number, pair in enumerate(SEEN.pairs)
    ]
    points = delay_curve([Case("taal", tuple(pairs), TRUTH)], RULE, 12)
    shifts = [point.shift for point in points]
    assert shifts == sorted(set(shifts))
    (own,) = (point for point in points if point.shift == 0)
    assert (own.found, own.missed, own.median_delay_days) == (1, 0, 6)
    assert points[0].ran_before == 1
    assert points[-1].missed == 1
    assert format_curve("rule", points).count("\n") == len(points) + 1
    assert delay_curve([Case("taal", (), TRUTH)], RULE, 12) == ()


def test_logit_and_probability_move_together(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[PairEvidence] = []
    judge = Rule.judge

    def judge_and_note(method: Rule, pairs: Sequence[PairEvidence]) -> tuple[DateVerdict, ...]:
        seen.extend(pairs)
        return judge(method, pairs)

    monkeypatch.setattr(Rule, "judge", judge_and_note)
    even = tuple(dataclasses.replace(p, probability=expit(p.logit + 1)) for p in SEEN.pairs)
    delay_curve([Case("taal", even, TRUTH)], RULE, 12)
    assert len({round(pair.logit, 6) for pair in seen}) > 4
    assert [p.probability for p in seen] == pytest.approx([expit(p.logit + 1) for p in seen])


def test_json_holds_everything_and_no_nan() -> None:
    summary = judge_cases([SEEN, UNSEEN], RULE, 12)
    found = json.loads(report_json([summary], {"rule": delay_curve([SEEN], RULE, 12)}, {"a": "b"}))
    assert found["a"] == "b"
    rule = found["methods"]["rule"]
    assert rule["by_pair"]["precision"] == summary.by_pair.precision  # type: ignore[union-attr]
    assert rule["cases"][0]["episodes"][0]["episode"]["start"] == "2020-03-01"
    assert rule["false_alarm_rate"]["events"] == 1
    assert len(rule["curve"]) > 2
    quiet = judge_cases([Case("taal", tuple(network(5)), PlaceTruth())], RULE, 12)
    empty = json.loads(report_json([quiet], {}, {}))["methods"]["rule"]
    assert empty["by_date"]["precision"] is None
