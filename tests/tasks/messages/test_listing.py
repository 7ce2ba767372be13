"""The list of messages: what was sent stays as it was sent."""

import datetime as dt

import pytest
from pydantic import SecretStr

from catalogs.ledger.ledger import Ledger, open_ledger
from tasks.messages.channel import Attempt
from tasks.messages.listing import message_lines
from tasks.messages.send import send_messages
from tasks.messages.words import Text
from tests.tasks.messages.conftest import Outbox

SENT, LATER = (
    dt.datetime(2040, 3, 7, 12, tzinfo=dt.UTC),
    dt.datetime(2040, 4, 20, 12, tzinfo=dt.UTC),
)


class Post:
    """Takes what goes to channels of its kind."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self, url: SecretStr, text: Text, mark: str) -> Attempt:
        del text, mark
        return Attempt(taken=url.get_secret_value().startswith(self._kind), reason="away")


@pytest.fixture
def two(outbox: Outbox) -> Outbox:
    """A home with a second channel."""
    urls = (*outbox.settings.notify, SecretStr("json://127.0.0.1:9/x"))
    return Outbox(outbox.settings.model_copy(update={"notify": urls}))


def listed(ledger: Ledger, outbox: Outbox) -> list[str]:
    return [*message_lines(ledger, outbox.settings, LATER.date())]


def test_what_was_sent_is_listed_in_the_words_that_were_sent(two: Outbox) -> None:
    two.put("taal")
    send_messages(two.settings, SENT, sender=Post("mailto"))
    with open_ledger(two.settings.home / "ledger.sqlite") as ledger:
        (line,) = listed(ledger, two)
    first = "TAAL STALE 2040-03-07 UTC: no data newer than 2024-03-06"
    assert first in line
    # A channel that was away gets the words of a later day, which are listed beside.
    send_messages(two.settings, LATER, sender=Post("json"))
    with open_ledger(two.settings.home / "ledger.sqlite") as ledger:
        lines = listed(ledger, two)
    assert lines[0] == line
    assert lines[1].startswith("  notify 2 (json), 20")
    assert "TAAL STALE 2040-04-20 UTC" in lines[1]


def test_a_message_that_nobody_got_says_so(two: Outbox) -> None:
    two.put("taal", "etna")
    with open_ledger(two.settings.home / "ledger.sqlite") as ledger:
        assert all(line.endswith("(waits; as of today)") for line in listed(ledger, two))


def test_what_an_older_version_sent_has_no_words_of_its_own(two: Outbox) -> None:
    two.put("taal")
    send_messages(two.settings, SENT, sender=Post("mailto"))
    with open_ledger(two.settings.home / "ledger.sqlite") as ledger:
        with ledger._transaction() as cursor:
            cursor.execute("DELETE FROM sent_lines")
        (line,) = listed(ledger, two)
    assert line.endswith("(sent; its words were not kept, these are today's)")


def test_several_that_went_as_one_are_listed_one_by_one(two: Outbox) -> None:
    names = [f"volcano-{number}" for number in range(7)]
    two.put(*names)
    send_messages(two.settings, SENT, sender=Post("mailto"))
    with open_ledger(two.settings.home / "ledger.sqlite") as ledger:
        lines = listed(ledger, two)
    assert [f"VOLCANO-{number} STALE 2040-03-07" in line for number, line in enumerate(lines)] == [
        True
    ] * 7
