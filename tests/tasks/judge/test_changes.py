"""Changes of state: what pages, feeds and messages all say."""

import datetime as dt

from tasks.judge.changes import Change, changes_of
from tasks.judge.standing import SaidOfDate

FIRST = dt.date(2024, 1, 6)


def said(*states: str, days: int = 12) -> list[SaidOfDate]:
    known = {"quiet", "watch", "unrest", "masked"}
    return [
        SaidOfDate(FIRST + dt.timedelta(days=days * number), state, None, "why", state in known)
        for number, state in enumerate(states)
    ]


def turns(dates: list[SaidOfDate], today: dt.date | None = None) -> list[tuple[str, str]]:
    return [(change.before, change.after) for change in changes_of(dates, 48, today)]


def test_a_date_without_data_changes_nothing() -> None:
    dates = said("quiet", "no data", "quiet", "watch", "no data", "unrest")
    assert turns(dates) == [("", "quiet"), ("quiet", "watch"), ("watch", "unrest")]
    assert turns(said("no data", "no data"), dt.date(2030, 1, 1)) == []
    assert turns(said("quiet", "masked", "quiet")) == [
        ("", "quiet"), ("quiet", "masked"), ("masked", "quiet"),
    ]  # fmt: skip


def test_a_silence_is_a_change_on_the_same_day_whoever_looks_and_when() -> None:
    dates = said("unrest", "no data")
    silent = FIRST + dt.timedelta(days=49)
    assert turns(dates, FIRST + dt.timedelta(days=48)) == [("", "unrest")]
    words = f"unknown since {FIRST}: no pair for more than 48 days"
    made = Change(silent, "unrest", "unknown", words, FIRST)
    for day in (silent, silent + dt.timedelta(days=300)):
        assert list(changes_of(dates, 48, day))[-1] == made
    # A date of the table on which nothing stands any more tells no more, and no second time.
    late = [*dates, SaidOfDate(FIRST + dt.timedelta(days=60), "unknown", None, "no pair", False)]
    assert list(changes_of(late, 48)) == list(changes_of(late, 48, dt.date(2025, 1, 1)))
    assert list(changes_of(late, 48))[-1] == made


def test_what_cannot_be_judged_for_lost_pairs_is_unknown_from_its_date_on() -> None:
    dates = said("quiet", "unknown", "quiet")
    assert turns(dates) == [("", "quiet"), ("quiet", "unknown"), ("unknown", "quiet")]
