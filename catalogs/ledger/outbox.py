"""The part of the ledger that knows which message went to which channel.

A channel is known by a name that tells nothing of its address. A message is *begun* before it is
handed over and *delivered* once the channel has taken it; whoever dies in between leaves it begun,
and it goes again, under the same mark.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from catalogs.ledger.file import LedgerFile, parse_time, write_time
from catalogs.ledger.outbox_records import Batch, ChannelState, Message, MessageKind, SentLine
from catalogs.ledger.standings import register_channels

FIRST_PAUSE: Final = dt.timedelta(minutes=10)
LONGEST_PAUSE: Final = dt.timedelta(hours=6)

_DUE: Final = """
FROM messages m JOIN channels c ON c.channel = ?
LEFT JOIN deliveries d ON d.message = m.number AND d.channel = c.channel
WHERE m.superseded_at IS NULL AND m.not_before <= ? AND d.delivered_at IS NULL
AND (m.made_at >= c.first_seen OR d.message IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM deliveries other WHERE other.message = m.number AND other.delivered_at NOT NULL))
"""
"""What is due to a channel: what was made since it is there, and what has reached nobody yet."""


class OutboxLedger(LedgerFile):
    """Messages on their way to channels."""

    def register_channels(self, channels: Iterable[str]) -> None:
        """Remember since when there are these channels; those that are known stay as they are."""
        with self._transaction() as cursor:
            register_channels(cursor, channels)

    def messages(self) -> tuple[Message, ...]:
        """Every message that was made and not superseded, the oldest first."""
        return self._messages("FROM messages m WHERE superseded_at IS NULL", ())

    def next_batch(self, channel: str, joined_from: int, now: dt.datetime) -> Batch | None:
        """Begin to send what is due to a channel, and return it; None if nothing is.

        What a sender that died had begun comes first, as it was. Else it is the oldest message, or
        all of them together from `joined_from` on.
        """
        due = self._messages(_DUE, (channel, write_time(now)))
        if not due:
            return None
        begun = self._begun(channel, due)
        if begun is not None:
            return begun
        chosen = due if len(due) >= joined_from else due[:1]
        mark = chosen[0].mark if len(chosen) == 1 else f"{chosen[0].mark}-{chosen[-1].number}"
        with self._transaction() as cursor:
            # A message can have been superseded since it was read: then it is not begun.
            cursor.executemany(
                "INSERT INTO deliveries SELECT number, ?, ?, ?, NULL FROM messages "
                "WHERE number = ? AND superseded_at IS NULL",
                [(channel, mark, write_time(), message.number) for message in chosen],
            )
        return self._begun(channel, chosen)

    def _begun(self, channel: str, due: Sequence[Message]) -> Batch | None:
        """The batch that was handed to a channel and never confirmed; None if there is none."""
        rows = self._connection.execute(
            "SELECT message, mark FROM deliveries WHERE channel = ? AND delivered_at IS NULL "
            "ORDER BY message",
            (channel,),
        ).fetchall()
        by_number = {message.number: message for message in due}
        open_rows = [(number, mark) for number, mark in rows if number in by_number]
        if not open_rows:
            return None
        first = open_rows[0][1]
        numbers = [number for number, mark in open_rows if mark == first]
        return Batch(first, tuple(by_number[number] for number in numbers))

    def record_delivered(self, channel: str, batch: Batch, lines: Mapping[int, str]) -> None:
        """Remember that a channel took a batch; it is well, and nothing of it goes again.

        Parameters
        ----------
        channel
            Its name.
        batch
            What it took.
        lines
            The line of each message as it was sent, by the message's number.
        """
        now = write_time()
        with self._transaction() as cursor:
            cursor.executemany(
                "UPDATE deliveries SET delivered_at = ? WHERE channel = ? AND message = ?",
                [(now, channel, message.number) for message in batch.messages],
            )
            cursor.executemany(
                "INSERT OR REPLACE INTO sent_lines VALUES (?, ?, ?)",
                [(number, channel, line) for number, line in lines.items()],
            )
            cursor.execute(
                "UPDATE channels SET failures = 0, failing_since = NULL, next_attempt = NULL, "
                "reason = '', last_success = ? WHERE channel = ?",
                (now, channel),
            )

    def sent_lines(self) -> dict[int, tuple[SentLine, ...]]:
        """What channels got of each message that reached one, by its number, the earliest first."""
        rows = self._connection.execute(
            "SELECT d.message, d.channel, d.delivered_at, COALESCE(s.line, '') FROM deliveries d "
            "LEFT JOIN sent_lines s ON s.message = d.message AND s.channel = d.channel "
            "WHERE d.delivered_at IS NOT NULL ORDER BY d.message, d.delivered_at, d.rowid"
        )
        found: dict[int, tuple[SentLine, ...]] = {}
        for number, channel, at, line in rows:
            found[number] = (*found.get(number, ()), SentLine(channel, parse_time(at), line))
        return found

    def record_channel_failure(self, channel: str, reason: str, now: dt.datetime) -> None:
        """Remember that a channel took nothing, and why; the pause before the next try grows."""
        with self._transaction() as cursor:
            (failures,) = cursor.execute(
                "SELECT failures FROM channels WHERE channel = ?", (channel,)
            ).fetchone()
            again = now + channel_pause(failures + 1)
            cursor.execute(
                "UPDATE channels SET failures = failures + 1, next_attempt = ?, reason = ?, "
                "failing_since = COALESCE(failing_since, ?) WHERE channel = ?",
                (write_time(again), reason, write_time(now), channel),
            )

    def channel_states(self, channels: Iterable[str], now: dt.datetime) -> tuple[ChannelState, ...]:
        """How the channels do, in their order; one that the ledger does not know has no past."""
        return tuple(self._channel_state(channel, now) for channel in channels)

    def _channel_state(self, channel: str, now: dt.datetime) -> ChannelState:
        """How a channel does: what waits for it, and how its last attempts went."""
        count, oldest = self._connection.execute(
            f"SELECT COUNT(*), MIN(m.made_at) {_DUE}", (channel, write_time(now))
        ).fetchone()
        found = self._connection.execute(
            "SELECT failures, failing_since, next_attempt, reason, last_success FROM channels "
            "WHERE channel = ?",
            (channel,),
        ).fetchone()
        failures, since, again, reason, success = found or (0, None, None, "", None)
        return ChannelState(
            channel, count, _time(oldest), failures, _time(since), _time(again), reason,
            _time(success),
        )  # fmt: skip

    def _messages(self, rest: str, values: tuple[object, ...]) -> tuple[Message, ...]:
        """The messages that the rest of a query chooses, oldest first."""
        rows = self._connection.execute(
            f"SELECT m.number, m.kind, m.volcanoes, m.facts, m.made_at, m.mark {rest} "
            "ORDER BY m.number",
            values,
        )
        return tuple(
            Message(
                number, MessageKind(kind), tuple(json.loads(volcanoes)), json.loads(facts),
                parse_time(made_at), mark,
            )
            for number, kind, volcanoes, facts, made_at, mark in rows
        )  # fmt: skip


def channel_pause(failures: int) -> dt.timedelta:
    """Return how long a channel is left alone after so many failures in a row."""
    return min(FIRST_PAUSE * (1 << min(max(failures - 1, 0), 10)), LONGEST_PAUSE)


def _time(text: str | None) -> dt.datetime | None:
    return parse_time(text) if text else None
