import datetime as dt
import math
from dataclasses import replace

import pytest

from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import Verdict

FIRST, SECOND = dt.date(2021, 2, 24), dt.date(2021, 3, 2)
QUIET = Verdict("quiet", None, 0.1, "rule", "baseline-0", "aa")
UNREST = Verdict("unrest", FIRST, 0.9, "rule", "baseline-0", "aa")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each call that writes come a day after the one before, from 2021-03-03 on."""
    times = iter([f"2021-03-{day:02d}T02:17:00+00:00" for day in range(3, 20)])
    monkeypatch.setattr("catalogs.ledger.verdicts.write_time", lambda: next(times))


def said(ledger: Ledger, date: dt.date) -> list[tuple[str, int]]:
    """The states that were given for a date, and the days on which they were."""
    return [(given.verdict.state, given.judged_at.day) for given in ledger.verdicts("taal")[date]]


@pytest.mark.usefixtures("clock")
def test_the_first_verdict_stays_and_later_ones_follow_it(ledger: Ledger) -> None:
    assert ledger.record_verdicts("taal", {FIRST: QUIET, SECOND: QUIET}) == ()
    assert ledger.record_verdicts("taal", {FIRST: UNREST, SECOND: QUIET}) == (FIRST,)
    assert ledger.record_verdicts("taal", {FIRST: QUIET}) == (FIRST,)
    assert said(ledger, FIRST) == [("quiet", 3), ("unrest", 4), ("quiet", 5)]
    assert said(ledger, SECOND) == [("quiet", 3)]


@pytest.mark.usefixtures("clock")
def test_the_same_words_are_said_once_whoever_says_them(ledger: Ledger) -> None:
    ledger.record_verdicts("taal", {FIRST: UNREST})
    others = replace(UNREST, probability=0.7, method="cumulative-sum", model="b", model_sha256="b")
    assert ledger.record_verdicts("taal", {FIRST: others}) == ()
    (given,) = ledger.verdicts("taal")[FIRST]
    assert given.verdict == UNREST


def test_another_date_since_when_is_another_verdict(ledger: Ledger) -> None:
    ledger.record_verdicts("taal", {SECOND: replace(UNREST, since=SECOND)})
    assert ledger.record_verdicts("taal", {SECOND: UNREST}) == (SECOND,)
    first, second = ledger.verdicts("taal")[SECOND]
    assert (first.verdict.since, second.verdict.since) == (SECOND, FIRST)


def test_no_data_comes_back_as_it_was_said(ledger: Ledger) -> None:
    ledger.record_verdicts("taal", {FIRST: replace(QUIET, state="no data", probability=math.nan)})
    (given,) = ledger.verdicts("taal")[FIRST]
    assert math.isnan(given.verdict.probability)
    assert given.judged_at.tzinfo is not None


def test_volcanoes_are_told_apart_and_dates_come_in_order(ledger: Ledger) -> None:
    ledger.record_verdicts("taal", {SECOND: QUIET, FIRST: QUIET})
    assert list(ledger.verdicts("taal")) == [FIRST, SECOND]
    assert ledger.verdicts("etna") == {}
