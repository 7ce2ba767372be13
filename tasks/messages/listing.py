"""The outbox for a person: each message in the words that were sent, not in those of today."""

import datetime as dt
from collections.abc import Iterator

from catalogs.ledger.ledger import Ledger
from catalogs.ledger.outbox_records import SentLine
from catalogs.settings import Settings
from tasks.messages.channel import channel_name
from tasks.messages.send import name_of, review_words
from tasks.messages.words import text_of


def message_lines(ledger: Ledger, settings: Settings, today: dt.date) -> Iterator[str]:
    """Give each message that was made and not superseded, the oldest first.

    A message is put into words when it is sent: a channel that was away gets those of a later day,
    which stand below the first.

    Parameters
    ----------
    ledger
        Open.
    settings
        Name the channels.
    today
        UTC: one that nobody got yet is shown as it would be said then.
    """
    sent, review = ledger.sent_lines(), review_words(ledger)
    numbers = {channel_name(url): number for number, url in enumerate(settings.notify, 1)}
    for message in ledger.messages():
        made = f"{message.number} {message.made_at:%Y-%m-%d %H:%M} UTC"
        lines = sent.get(message.number, ())
        known = [one for one in lines if one.line]
        if known:
            yield f"{made} {known[0].line}"
            yield from (
                f"  {_channel_of(one, numbers)}, {one.at:%Y-%m-%d %H:%M} UTC: {one.line}"
                for one in known[1:]
                if one.line != known[0].line
            )
            continue
        now = text_of(message, today, settings.site_url, review).line
        why = "sent; its words were not kept, these are today's" if lines else "waits; as of today"
        yield f"{made} {now} ({why})"


def _channel_of(one: SentLine, numbers: dict[str, int]) -> str:
    number = numbers.get(one.channel)
    return name_of(number, one.channel) if number else one.channel.rpartition("-")[0]
