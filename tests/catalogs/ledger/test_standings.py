import datetime as dt
from pathlib import Path

import pytest

from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.outbox_records import MessageKind, NewMessage, Standing, Telling
from catalogs.ledger.rows import Verdict

FIRST, SECOND, THIRD = dt.date(2024, 3, 6), dt.date(2024, 3, 18), dt.date(2024, 3, 30)
QUIET = Standing("quiet", None, FIRST)
WATCH = Standing("watch", None, FIRST)
UNREST = Standing("unrest", FIRST, FIRST)
UNKNOWN = Standing("unknown", None, FIRST)
MAIL = Telling(("mailto-1",))


def judge(ledger: Ledger, *standings: Standing, telling: Telling = MAIL) -> list[tuple[str, str]]:
    """Let these hold one after the other; return each message as before and after."""
    for standing in standings:
        ledger.record_verdicts("taal", {}, (standing, {"name": "Taal"}, telling))
    return told(ledger)


def told(ledger: Ledger) -> list[tuple[str, str]]:
    return [
        (message.facts["before"]["state"], message.facts["now"]["state"])
        for message in ledger.messages()
        if message.kind is MessageKind.STATE
    ]


def test_each_change_makes_one_message_and_repeats_make_none(ledger: Ledger) -> None:
    said = judge(ledger, QUIET, QUIET, UNREST, UNREST, UNKNOWN, QUIET, QUIET)
    assert said == [("quiet", "unrest"), ("unrest", "unknown"), ("unknown", "quiet")]
    assert ledger.standings() == {"taal": QUIET}


@pytest.mark.parametrize(
    ("first", "said"), [(QUIET, []), (UNKNOWN, []), (WATCH, []), (UNREST, [("quiet", "unrest")])]
)
def test_of_what_was_never_judged_unrest_alone_is_news(
    ledger: Ledger, first: Standing, said: list[tuple[str, str]]
) -> None:
    assert judge(ledger, first) == said


def test_watch_is_told_only_if_it_is_wanted(ledger: Ledger, tmp_path: Path) -> None:
    assert judge(ledger, QUIET, WATCH, QUIET, UNREST, WATCH) == [
        ("quiet", "unrest"), ("unrest", "watch"),
    ]  # fmt: skip
    wanted = Telling(("mailto-1",), watch_wanted=True)
    with open_ledger(tmp_path / "other.sqlite") as other:
        assert judge(other, QUIET, WATCH, UNREST, telling=wanted) == [
            ("quiet", "watch"), ("watch", "unrest"),
        ]  # fmt: skip


def test_a_second_episode_is_news_and_a_better_date_of_the_first_is_not(ledger: Ledger) -> None:
    judge(ledger, UNREST, Standing("unrest", FIRST, SECOND))
    earlier = Standing("unrest", FIRST - dt.timedelta(12), SECOND)
    assert judge(ledger, earlier) == [("quiet", "unrest")]
    again = Standing("unrest", THIRD, THIRD)
    assert judge(ledger, again, again) == [("quiet", "unrest"), ("unrest", "unrest")]


def test_without_channels_what_holds_is_known_and_nothing_is_told_of_it_later(
    ledger: Ledger,
) -> None:
    assert judge(ledger, UNREST, telling=Telling()) == []
    assert judge(ledger, UNREST) == []
    assert judge(ledger, QUIET) == [("unrest", "quiet")]


def test_the_message_and_the_verdicts_are_written_together_or_not_at_all(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = Verdict("unrest", FIRST, 0.9, "rule", "baseline-0", "aa")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("catalogs.ledger.standings.register_channels", dies)
    with pytest.raises(KeyboardInterrupt):
        ledger.record_verdicts("taal", {FIRST: verdict}, (UNREST, {}, MAIL))
    assert ledger.verdicts("taal") == {}
    assert ledger.standings() == {}
    monkeypatch.undo()
    ledger.record_verdicts("taal", {FIRST: verdict}, (UNREST, {}, MAIL))
    assert told(ledger) == [("quiet", "unrest")]


def test_a_change_back_within_the_cooldown_is_told_to_nobody(ledger: Ledger) -> None:
    patient = Telling(("mailto-1",), cooldown=dt.timedelta(days=3))
    assert judge(ledger, UNREST, QUIET, telling=patient) == [
        ("quiet", "unrest"), ("unrest", "quiet"),
    ]  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    assert due(ledger, now) == 1  # unrest; the rest waits
    # It waits no more: what it would have told has changed back.
    assert judge(ledger, UNREST, telling=patient) == [("quiet", "unrest")]
    assert due(ledger, now + dt.timedelta(days=4)) == 1


def test_what_holds_when_the_cooldown_is_over_is_told_once(ledger: Ledger) -> None:
    patient = Telling(("mailto-1",), cooldown=dt.timedelta(days=3))
    judge(ledger, UNREST, QUIET, UNKNOWN, telling=patient)
    assert told(ledger) == [("quiet", "unrest"), ("unrest", "unknown")]
    now = dt.datetime.now(dt.UTC)
    assert (due(ledger, now), due(ledger, now + dt.timedelta(days=4))) == (1, 2)


def test_unrest_waits_for_nothing_unless_it_was_told_a_short_time_before(ledger: Ledger) -> None:
    now = dt.datetime.now(dt.UTC)
    hour = (now + dt.timedelta(hours=3)).time()
    digest = Telling(("mailto-1",), digest_at=hour, rearm=dt.timedelta(days=30))
    judge(ledger, QUIET, UNREST, telling=digest)
    assert due(ledger, now) == 1
    ledger.next_batch("mailto-1", 9, now)  # begun, so that nothing takes its place
    judge(ledger, QUIET, telling=digest)
    assert due(ledger, now) == 1
    later = now + dt.timedelta(hours=4)
    assert due(ledger, later) == 2
    again = Standing("unrest", THIRD, THIRD)
    judge(ledger, again, telling=digest)
    assert due(ledger, now) == 1  # not armed again: it waits for the digest, too


def test_what_nights_say_is_told_once_for_each_key(ledger: Ledger) -> None:
    def night(*slugs: str) -> NewMessage:
        about = {f"failed/{slug}/1": slug for slug in slugs}
        return NewMessage(MessageKind.FAILED_NIGHTS, about, {"nights": 3})

    ledger.put_into_outbox([night("taal", "etna")], MAIL)
    ledger.put_into_outbox([night("taal", "etna")], MAIL)
    ledger.put_into_outbox([night("taal", "etna", "wolf")], MAIL)
    assert [message.volcanoes for message in ledger.messages()] == [("taal", "etna"), ("wolf",)]
    ledger.put_into_outbox([night("alcedo")], Telling())
    assert len(ledger.messages()) == 2


def due(ledger: Ledger, when: dt.datetime) -> int:
    (state,) = ledger.channel_states(["mailto-1"], when)
    return state.waiting
