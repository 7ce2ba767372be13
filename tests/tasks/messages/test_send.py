import datetime as dt
import sqlite3
from dataclasses import dataclass, field

import pytest
from filelock import FileLock
from pydantic import SecretStr

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.settings import Settings
from fringewatch.errors import NoHomeError
from tasks.messages.channel import Attempt
from tasks.messages.send import review_words, send_messages
from tasks.messages.words import NOT_REVIEWED, Text
from tests.mail import MailServer
from tests.tasks.messages.conftest import Outbox


@dataclass
class Post:
    """A sender that keeps what it is given; nothing is taken while it is away."""

    away: bool = False
    raises: bool = False
    sent: list[tuple[Text, str]] = field(default_factory=list)
    tried: int = 0

    def __call__(self, url: SecretStr, text: Text, mark: str) -> Attempt:
        self.tried += 1
        if self.raises:
            raise ValueError(url.get_secret_value())
        if self.away:
            return Attempt(taken=False, reason="no answer")
        self.sent.append((text, mark))
        return Attempt(taken=True)


def test_messages_reach_a_real_mailbox_once(outbox: Outbox, mail: MailServer) -> None:
    outbox.put("taal", "etna")
    (report,) = send_messages(outbox.settings)
    assert (report.sent, report.is_well) == (2, True)
    assert str(report) == "notify 1 (mailto): 2 sent, 0 waiting"
    (again,) = send_messages(outbox.settings)
    assert again.sent == 0
    assert [line[:18] for line in mail.inbox.lines()] == [
        "[Fringewatch] TAAL",
        "[Fringewatch] ETNA",
    ]
    assert len(set(mail.inbox.ids())) == 2


def test_a_channel_away_for_a_week_gets_everything_in_one_message(outbox: Outbox) -> None:
    post = Post(away=True)
    start = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    for hour in range(7 * 24):
        if hour < 7:
            outbox.put(f"volcano-{hour}")
        send_messages(outbox.settings, start + dt.timedelta(hours=hour), sender=post)
    assert 25 < post.tried < 40  # each six hours, after a quick beginning
    post.away = False
    week = start + dt.timedelta(days=7, hours=6)
    (report,) = send_messages(outbox.settings, week, sender=post)
    assert (report.sent, report.state.failures) == (7, 0)
    assert len(post.sent) == 2  # the one that was begun, and the others together
    assert "6 messages" in post.sent[1][0].line


def test_a_dead_channel_holds_up_no_other(outbox: Outbox, mail: MailServer) -> None:
    dead = SecretStr("json://127.0.0.1:9/hunter2")
    both = Outbox(outbox.settings.model_copy(update={"notify": (dead, mail.url)}))
    both.put("taal")
    first, second = send_messages(both.settings)
    assert (first.is_well, second.is_well, second.sent) == (False, True, 1)
    words = str(first)
    assert words.startswith("notify 1 (json): 0 sent, 1 waiting, failing since ")
    assert "hunter2" not in words
    assert b"hunter2" not in (both.settings.home / "ledger.sqlite").read_bytes()


def test_a_malformed_channel_is_reported_and_keeps_its_messages(outbox: Outbox) -> None:
    bad = Outbox(outbox.settings.model_copy(update={"notify": (SecretStr("nosuch://hunter2"),)}))
    bad.put("taal")
    (report,) = send_messages(bad.settings)
    assert report.state.waiting == 1
    assert "malformed" in report.state.reason
    assert "hunter2" not in str(report)


def test_a_plug_in_that_raises_is_a_channel_that_fails(outbox: Outbox) -> None:
    outbox.put("taal")
    (report,) = send_messages(outbox.settings, sender=Post(raises=True))
    assert report.state.reason == "it failed with ValueError"


def test_a_digest_is_one_message_from_two_on(outbox: Outbox) -> None:
    hour = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)).time().replace(microsecond=0)
    digest = Outbox(outbox.settings.model_copy(update={"notify_digest": hour}))
    digest.put("taal", "etna")
    post = Post()
    send_messages(digest.settings, sender=post)
    assert post.sent == []
    send_messages(digest.settings, dt.datetime.now(dt.UTC) + dt.timedelta(hours=3), sender=post)
    ((text, _),) = post.sent
    assert text.title == "[Fringewatch] 2 messages"


def test_two_senders_do_not_send_the_same(outbox: Outbox) -> None:
    outbox.put("taal")
    post = Post()
    with FileLock(outbox.settings.home / "messages.lock"):
        (report,) = send_messages(outbox.settings, sender=post)
    assert (report.sent, report.state.waiting, post.sent) == (0, 1, [])


def test_what_was_handed_over_and_not_marked_goes_again_under_the_same_mark(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put("taal")
    post = Post()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("catalogs.ledger.outbox.OutboxLedger.record_delivered", dies)
        with pytest.raises(KeyboardInterrupt):
            send_messages(outbox.settings, sender=post)
    send_messages(outbox.settings, sender=post)
    assert len(post.sent) == 2
    assert post.sent[0][1] == post.sent[1][1]


def test_without_channels_or_home_nothing_is_made(outbox: Outbox) -> None:
    assert send_messages(outbox.settings.model_copy(update={"notify": ()})) == ()
    nowhere = Settings(home=outbox.settings.home / "no", notify=outbox.settings.notify)
    with pytest.raises(NoHomeError):
        send_messages(nowhere)
    assert not nowhere.home.exists()


def test_the_ledger_holds_no_address(outbox: Outbox, mail: MailServer) -> None:
    outbox.put("taal")
    mail.stop()
    send_messages(outbox.settings)
    with open_ledger(outbox.settings.home / "ledger.sqlite") as ledger:
        text = "\n".join(sqlite3.Connection.iterdump(ledger._connection))
    assert "secret-officer" not in text
    assert "observatory.example" not in text


def test_a_message_says_what_people_said_of_its_date(outbox: Outbox) -> None:
    date = dt.date(2024, 3, 6)
    with open_ledger(outbox.settings.home / "ledger.sqlite") as ledger:
        review = review_words(ledger)
        assert review("taal", date) == NOT_REVIEWED
        said = Statement(str(date), ReviewVerdict.ATMOSPHERE, "NS", dates=(date,))
        ledger.record_review("taal", said)
        assert review("taal", date) == "atmosphere (reviewed by NS)"
        assert review("taal", None) == NOT_REVIEWED
