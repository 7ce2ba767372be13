import datetime as dt
from pathlib import Path

from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.outbox import LONGEST_PAUSE, channel_pause
from catalogs.ledger.outbox_records import Batch, MessageKind, NewMessage, Telling

BOTH = ("mailto-1", "ntfy-2")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def make(ledger: Ledger, *names: str, channels: tuple[str, ...] = BOTH) -> None:
    messages = [NewMessage(MessageKind.STALE, {f"stale/{name}": name}) for name in names]
    ledger.put_into_outbox(messages, Telling(channels))


def begin(ledger: Ledger, channel: str, joined_from: int = 9) -> Batch:
    batch = ledger.next_batch(channel, joined_from, now())
    assert batch is not None
    return batch


def names(batch: Batch) -> list[str]:
    return [message.volcanoes[0] for message in batch.messages]


def test_each_channel_gets_each_message_once_the_oldest_first(ledger: Ledger) -> None:
    make(ledger, "taal", "etna")
    for channel in BOTH:
        for name in ("taal", "etna"):
            batch = begin(ledger, channel)
            assert names(batch) == [name]
            ledger.record_delivered(channel, batch, {})
        assert ledger.next_batch(channel, 9, now()) is None
    assert [state.waiting for state in ledger.channel_states(BOTH, now())] == [0, 0]


def test_what_a_dead_sender_had_begun_goes_again_as_it_was_under_its_mark(ledger: Ledger) -> None:
    make(ledger, "taal", "etna", "wolf")
    first = begin(ledger, "mailto-1", joined_from=3)
    assert names(first) == ["taal", "etna", "wolf"]
    make(ledger, "alcedo")
    assert begin(ledger, "mailto-1", joined_from=2) == first  # the sender died
    ledger.record_delivered("mailto-1", first, {})
    last = begin(ledger, "mailto-1", joined_from=2)
    assert names(last) == ["alcedo"]
    assert last.mark != first.mark


def test_marks_are_those_of_no_other_message_or_home(ledger: Ledger, tmp_path: Path) -> None:
    make(ledger, "taal", "etna")
    with open_ledger(tmp_path / "other.sqlite") as other:
        make(other, "taal")
        marks = {message.mark for home in (ledger, other) for message in home.messages()}
    assert len(marks) == 3


def test_a_channel_that_comes_later_hears_what_is_made_from_then_on(ledger: Ledger) -> None:
    make(ledger, "taal", channels=("mailto-1",))
    ledger.record_delivered("mailto-1", begin(ledger, "mailto-1"), {})
    with ledger._transaction() as cursor:  # a second later
        cursor.execute("INSERT INTO channels(channel, first_seen) VALUES ('ntfy-2', '9999')")
    assert ledger.next_batch("ntfy-2", 9, now()) is None


def test_what_reached_nobody_is_for_whatever_channel_there_is(ledger: Ledger) -> None:
    """The address of the one channel was wrong, and is mended: its messages are not lost."""
    make(ledger, "taal", channels=("mailto-1",))
    ledger.record_channel_failure("mailto-1", "no answer", now())
    with ledger._transaction() as cursor:
        cursor.execute("INSERT INTO channels(channel, first_seen) VALUES ('ntfy-2', '9999')")
    assert names(begin(ledger, "ntfy-2")) == ["taal"]


def test_a_channel_that_fails_is_left_alone_for_longer_and_longer(ledger: Ledger) -> None:
    make(ledger, "taal")
    pauses = []
    for _ in range(9):
        at = now()
        ledger.record_channel_failure("mailto-1", "no answer", at)
        (state,) = ledger.channel_states(["mailto-1"], at)
        assert state.next_attempt is not None
        pauses.append(round((state.next_attempt - at) / dt.timedelta(minutes=1)))
    assert pauses == [10, 20, 40, 80, 160, 320, 360, 360, 360]
    assert (state.failures, state.reason, state.waiting) == (9, "no answer", 1)
    assert channel_pause(10**6) == LONGEST_PAUSE
    ledger.record_delivered("mailto-1", begin(ledger, "mailto-1"), {})
    (state,) = ledger.channel_states(["mailto-1"], now())
    assert (state.failures, state.reason, state.next_attempt) == (0, "", None)
    assert state.last_success is not None


def test_a_channel_that_the_ledger_does_not_know_has_no_past(ledger: Ledger) -> None:
    (state,) = ledger.channel_states(["json-9"], now())
    assert (state.waiting, state.failures, state.oldest) == (0, 0, None)
