"""What was said, when, and what of it was taken back."""

import datetime as dt
import math
from collections.abc import Mapping

from catalogs.ledger.rows import GivenVerdict, Verdict
from tasks.judge.changes import changes_of
from tasks.judge.standing import KNOWN_STATES, SaidOfDate
from tasks.standards.history import History

NIGHT = dt.datetime(2024, 2, 12, 2, 17, tzinfo=dt.UTC)

ONE, TWO, THREE, FOUR = (dt.date(2024, 1, 6) + dt.timedelta(days=12 * n) for n in range(4))


def said(*nights_and_states: tuple[int, str]) -> tuple[GivenVerdict, ...]:
    """What was said of a date in some nights."""
    return tuple(
        GivenVerdict(
            Verdict(state, None, math.nan, "rule", "m", "00"), NIGHT + dt.timedelta(days=night)
        )
        for night, state in nights_and_states
    )


def told(history: History) -> list[tuple[dt.date, str, int | None]]:
    """The changes as they are now, each with the night in which it was first told."""
    dates = [
        SaidOfDate(day, state, None, "", state in KNOWN_STATES)
        for day, every in sorted(history.given.items())
        for state in [every[-1].verdict.state]
    ]
    times = ((change, history.appeared_at(change)) for change in changes_of(dates, 48))
    return [(one.date, one.after, (at - NIGHT).days if at else None) for one, at in times]


def taken_back(history: History) -> list[tuple[dt.date, str, str, int]]:
    return [
        (one.change.date, one.change.after, one.now, (one.at - NIGHT).days)
        for one in history.withdrawn()
    ]


def history_of(given: Mapping[dt.date, tuple[GivenVerdict, ...]]) -> History:
    return History(given, 48)


def test_what_was_never_revised_was_told_when_it_was_said() -> None:
    history = history_of(
        {ONE: said((0, "quiet")), TWO: said((1, "quiet")), THREE: said((2, "unrest"))}
    )
    assert told(history) == [(ONE, "quiet", 0), (THREE, "unrest", 2)]
    assert taken_back(history) == []
    assert told(history_of({})) == []


def test_unrest_that_a_review_takes_back_is_withdrawn_and_told_again_if_it_comes_back() -> None:
    given = {ONE: said((0, "quiet")), TWO: said((0, "unrest"), (3, "no data"))}
    assert taken_back(history_of(given)) == [(TWO, "unrest", "no data", 3)]
    assert told(history_of(given)) == [(ONE, "quiet", 0)]
    back = {**given, TWO: said((0, "unrest"), (3, "no data"), (4, "unrest"))}
    assert taken_back(history_of(back)) == [(TWO, "unrest", "no data", 3)]
    assert told(history_of(back)) == [(ONE, "quiet", 0), (TWO, "unrest", 4)]


def test_a_change_that_another_date_makes_is_told_when_it_became_one() -> None:
    given = {
        ONE: said((0, "quiet")), TWO: said((0, "unrest"), (3, "quiet")), THREE: said((1, "unrest")),
    }  # fmt: skip
    history = history_of(given)
    assert told(history) == [(ONE, "quiet", 0), (THREE, "unrest", 3)]
    assert taken_back(history) == [(TWO, "unrest", "quiet", 3)]


def test_a_date_that_still_says_so_is_not_withdrawn_for_an_earlier_one() -> None:
    given = {ONE: said((0, "quiet")), TWO: said((2, "unrest")), THREE: said((1, "unrest"))}
    assert taken_back(history_of(given)) == []
    assert told(history_of(given)) == [(ONE, "quiet", 0), (TWO, "unrest", 2)]


def test_a_silence_that_late_data_fill_is_withdrawn() -> None:
    late = FOUR + dt.timedelta(days=40)
    given = {ONE: said((0, "quiet")), late: said((30, "quiet")), FOUR: said((31, "quiet"))}
    gone = ONE + dt.timedelta(days=49)
    assert taken_back(history_of(given)) == [(gone, "unknown", "quiet", 31)]
    assert told(history_of(given)) == [(ONE, "quiet", 0)]
