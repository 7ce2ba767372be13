"""Empty the outbox: each message to each channel once, the oldest first.

A channel that does not answer is left alone for a pause that grows, from ten minutes to six hours,
and holds up neither the others nor the watch.
"""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from filelock import FileLock, Timeout
from pydantic import SecretStr

from catalogs.home.home import home_of
from catalogs.home.reading import find_home
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.outbox_records import Batch, ChannelState
from catalogs.settings import Settings
from fringewatch.atomic import disk_errors
from fringewatch.plain_text import counted
from tasks.judge.opinions import Opinions
from tasks.messages.channel import Attempt, channel_name, is_malformed, send
from tasks.messages.words import NOT_REVIEWED, Text, text_of, text_of_many

_LOGGER = logging.getLogger(__name__)

JOINED_FROM: Final = 6
"""So many messages that are due at once go as one: a channel that was away is not flooded."""

_LOCK_NAME: Final = "messages.lock"

Sender = Callable[[SecretStr, Text, str], Attempt]


@dataclass(frozen=True)
class ChannelReport:
    """What became of a channel's messages."""

    channel: str
    number: int
    """Place in the setting `notify`, from 1."""
    sent: int
    state: ChannelState

    @property
    def is_well(self) -> bool:
        """Whether nothing waits."""
        return self.state.waiting == 0

    def __str__(self) -> str:
        """Return one line for a person."""
        return (
            f"{name_of(self.number, self.channel)}: {self.sent} sent, {waiting_words(self.state)}"
        )


def send_messages(
    settings: Settings, now: dt.datetime | None = None, wait_s: float = 0.0, sender: Sender = send
) -> tuple[ChannelReport, ...]:
    """Send what is due, and return how the channels do; nothing without channels.

    Parameters
    ----------
    settings
        Name home and channels.
    now
        UTC; the time it is, if not given.
    wait_s
        How long another that empties the outbox is waited for; then it is left to do so.
    sender
        What hands a text to a channel.

    Raises
    ------
    HomeError
        If there is no home, or it cannot be written.
    StoreError
        If the ledger is damaged.
    """
    if not settings.notify:
        return ()
    home = find_home(home_of(settings))
    lock = FileLock(home.root / _LOCK_NAME)
    urls = {channel_name(url): url for url in settings.notify}
    with open_ledger(home.ledger) as ledger:
        ledger.register_channels(urls)
        sent = dict.fromkeys(urls, 0)
        try:
            with disk_errors(home.root):
                lock.acquire(timeout=wait_s)
        except Timeout:
            _LOGGER.info("another process is sending the messages of %s", home.root)
        else:
            try:
                for name, url in urls.items():
                    sent[name] = _empty(ledger, (name, url), settings, now, sender)
            finally:
                lock.release()
        states = ledger.channel_states(urls, now or dt.datetime.now(dt.UTC))
    return tuple(
        ChannelReport(state.name, number, sent[state.name], state)
        for number, state in enumerate(states, 1)
    )


def name_of(number: int, channel: str) -> str:
    """Return a channel for a person: its place in the setting and its kind."""
    return f"notify {number} ({channel.rpartition('-')[0]})"


def waiting_words(state: ChannelState) -> str:
    """Return how a channel does, in words."""
    if is_malformed(state.name):
        return (
            f"{state.waiting} waiting: its address has no kind, and takes nothing: write it as "
            "KIND://..., such as mailto://..."
        )
    if not state.failures:
        return f"{state.waiting} waiting"
    since = f"{state.failing_since:%Y-%m-%d %H:%M} UTC" if state.failing_since else "a while"
    again = f"{state.next_attempt:%Y-%m-%d %H:%M} UTC" if state.next_attempt else "the next run"
    return (
        f"{state.waiting} waiting, failing since {since}, tries: {state.failures} "
        f"({state.reason}); again after {again}"
    )


def _empty(
    ledger: Ledger,
    channel: tuple[str, SecretStr],
    settings: Settings,
    now: dt.datetime | None,
    sender: Sender,
) -> int:
    """Send what is due to a channel until nothing is or it fails; return how many messages."""
    name, url = channel
    sent = 0
    joined_from = 2 if settings.notify_digest is not None else JOINED_FROM
    while True:
        time = now or dt.datetime.now(dt.UTC)
        (state,) = ledger.channel_states([name], time)
        if state.next_attempt is not None and state.next_attempt > time:
            return sent
        batch = ledger.next_batch(name, joined_from, time)
        if batch is None:
            return sent
        texts = _texts_of(batch, ledger, settings, time)
        whole = next(iter(texts.values())) if len(texts) == 1 else text_of_many([*texts.values()])
        attempt = _hand_over(url, whole, batch.mark, sender)
        if not attempt.taken:
            ledger.record_channel_failure(name, attempt.reason, time)
            _LOGGER.warning("a message did not reach channel %s: %s", name, attempt.reason)
            return sent
        lines = {number: text.line for number, text in texts.items()}
        ledger.record_delivered(name, batch, lines)
        sent += len(batch.messages)


def _texts_of(
    batch: Batch, ledger: Ledger, settings: Settings, time: dt.datetime
) -> dict[int, Text]:
    """The messages of a batch in words, by their numbers, in the order in which they are read."""
    # Of several, unrest is read first: a telephone shows the beginning alone.
    ordered = sorted(batch.messages, key=lambda message: not message.is_urgent)
    review = review_words(ledger)
    return {
        message.number: text_of(message, time.date(), settings.site_url, review)
        for message in ordered
    }


def review_words(ledger: Ledger) -> Callable[[str, dt.date | None], str]:
    """Return what tells of a volcano and a date whether somebody reviewed it, for a message.

    Where nobody spoke of the date itself, it is what takes pairs from it, or takes away what came
    after it: that may be why there is a message.
    """

    def of_date(volcano: str, date: dt.date | None) -> str:
        opinions = Opinions.of(ledger.reviews(volcano))
        if date is None or not opinions.standing:
            return NOT_REVIEWED
        said, who = opinions.words_of_date(date)
        if said:
            return f"{said} (reviewed by {who})"
        return _indirectly_reviewed(ledger, volcano, date, opinions) or NOT_REVIEWED

    return of_date


def _indirectly_reviewed(ledger: Ledger, volcano: str, date: dt.date, opinions: Opinions) -> str:
    """Return what is said of the air in a date's pairs, or of later dates; empty for nothing."""
    ending = [
        (frame, pair)
        for frame in ledger.tiled_frames(volcano)
        for pair in ledger.tiled_pairs(volcano, frame)
        if pair.secondary == date
    ]
    said = [one.said_by for one in (opinions.of_pair(*pair) for pair in ending) if one]
    if said:
        words = " and ".join(dict.fromkeys(said))
        return f"{len(said)} of {counted(len(ending), 'pair')} reviewed: {words}"
    for review in reversed(opinions.standing):
        own = review.statement
        if max((*own.dates, *(pair.secondary for _, pair in own.pairs)), default=date) > date:
            return f"later: {own.subject} {own.said} ({own.reviewer})"
    return ""


def _hand_over(url: SecretStr, text: Text, mark: str, sender: Sender) -> Attempt:
    try:
        return sender(url, text, mark)
    except Exception as error:  # noqa: BLE001 - plug-ins of Apprise are many, and no night ends here
        return Attempt(taken=False, reason=f"it failed with {type(error).__name__}")
