"""The part of the ledger that turns a change of state into a message, once.

What is said of a volcano, what people were told of it, and the message that follows are written in
one transaction: whoever is killed leaves all of it or nothing.
"""

import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from catalogs.ledger.file import LedgerFile, parse_time, write_time
from catalogs.ledger.outbox_records import MessageKind, NewMessage, Standing, Telling, names_of


class StandingLedger(LedgerFile):
    """What holds of each volcano, what was told of it, and the messages that were made."""

    def standings(self) -> dict[str, Standing]:
        """What held of each volcano when it was last judged."""
        rows = self._connection.execute("SELECT volcano, now FROM standings ORDER BY volcano")
        return {volcano: Standing.of_words(json.loads(now)) for volcano, now in rows}

    def note_standing(
        self,
        cursor: sqlite3.Cursor,
        volcano: str,
        standing: Standing,
        facts: Mapping[str, Any],
        telling: Telling,
    ) -> None:
        """Remember what holds of a volcano, and make the message that is due; in a transaction.

        Without channels nobody is told, and what holds counts as known: a channel that is added
        later hears of what changes from then on.

        Parameters
        ----------
        cursor
            Of the transaction that writes the verdicts.
        volcano
            Its slug.
        standing
            What holds now.
        facts
            What the message says beside it, as JSON.
        telling
            Who is told, and how patiently.
        """
        told = _told(cursor, volcano)
        first = told is None
        told = told or standing.told_at_first
        if not telling.channels:
            told = standing
        elif standing.is_news_after(told, watch_wanted=telling.watch_wanted):
            told = _tell(cursor, volcano, (told, standing), facts, telling)
        elif first:
            told = standing
        else:
            told = told.told_with(standing)
        cursor.execute(
            "INSERT INTO standings VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET now = excluded.now, told = excluded.told "
            "WHERE now != excluded.now OR told != excluded.told",
            (volcano, json.dumps(standing.words()), json.dumps(told.words())),
        )

    def make_messages(
        self, cursor: sqlite3.Cursor, messages: Iterable[NewMessage], telling: Telling
    ) -> None:
        """Put messages into the outbox, less what was told under their keys before."""
        if not telling.channels:
            return
        for message in messages:
            marks = ", ".join("?" * len(message.about))
            known = {
                row[0]
                for row in cursor.execute(
                    f"SELECT key FROM message_keys WHERE key IN ({marks})",  # noqa: S608 - "?, ?"
                    tuple(message.about),
                )
            }
            new = [key for key in message.about if key not in known]
            if not new:
                continue
            names = names_of(message.about, new)
            due = next_digest(dt.datetime.now(dt.UTC), telling.digest_at)
            number = _insert(cursor, message.kind, names, message.facts, due, telling)
            cursor.executemany(
                "INSERT INTO message_keys VALUES (?, ?)", [(key, number) for key in new]
            )


def next_digest(now: dt.datetime, hour: dt.time | None) -> dt.datetime:
    """Return when it is next `hour`, UTC; now without one."""
    if hour is None:
        return now
    at = dt.datetime.combine(now.date(), hour, dt.UTC)
    return at if at >= now else at + dt.timedelta(days=1)


def register_channels(cursor: sqlite3.Cursor, channels: Iterable[str]) -> None:
    """Remember since when there are these channels: what is made from then on is for them."""
    cursor.executemany(
        "INSERT OR IGNORE INTO channels(channel, first_seen) VALUES (?, ?)",
        [(channel, write_time()) for channel in channels],
    )


def _told(cursor: sqlite3.Cursor, volcano: str) -> Standing | None:
    found = cursor.execute("SELECT told FROM standings WHERE volcano = ?", (volcano,)).fetchone()
    return Standing.of_words(json.loads(found[0])) if found else None


def _tell(
    cursor: sqlite3.Cursor,
    volcano: str,
    change: tuple[Standing, Standing],
    facts: Mapping[str, Any],
    telling: Telling,
) -> Standing:
    """Make the message of a change from what was told to what holds; return what is told then.

    A message that still waits, and that nobody has begun to send, gives way to the new one; if
    both together lead back to what was told before, neither is sent.
    """
    before, after = change
    waiting = cursor.execute(
        "SELECT number, before FROM messages m WHERE kind = ? AND volcanoes = ? "
        "AND superseded_at IS NULL AND not_before > ? "
        "AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.number)",
        (MessageKind.STATE.value, json.dumps([volcano]), write_time()),
    ).fetchone()
    if waiting is not None:
        number, words = waiting
        before = Standing.of_words(json.loads(words))
        cursor.execute(
            "UPDATE messages SET superseded_at = ? WHERE number = ?", (write_time(), number)
        )
        if not after.is_news_after(before, watch_wanted=telling.watch_wanted):
            return before
    due = _due(cursor, volcano, after, telling)
    said = {**facts, "now": after.words(), "before": before.words()}
    number = _insert(cursor, MessageKind.STATE, [volcano], said, due, telling)
    cursor.execute(
        "UPDATE messages SET before = ? WHERE number = ?", (json.dumps(before.words()), number)
    )
    return after


def _due(cursor: sqlite3.Cursor, volcano: str, standing: Standing, telling: Telling) -> dt.datetime:
    """When the message of a change may go."""
    now = dt.datetime.now(dt.UTC)
    rows = cursor.execute(
        "SELECT made_at, facts FROM messages WHERE kind = ? AND volcanoes = ? "
        "AND superseded_at IS NULL ORDER BY number",
        (MessageKind.STATE.value, json.dumps([volcano])),
    ).fetchall()
    sent = [(parse_time(at), json.loads(facts)["now"]["state"]) for at, facts in rows]
    unrest = [at for at, state in sent if state == standing.state]
    if standing.is_unrest and (not unrest or now - unrest[-1] >= telling.rearm):
        return now
    rested = sent[-1][0] + telling.cooldown if sent else now
    return next_digest(max(now, rested), telling.digest_at)


def _insert(
    cursor: sqlite3.Cursor,
    kind: MessageKind,
    volcanoes: list[str],
    facts: Mapping[str, Any],
    due: dt.datetime,
    telling: Telling,
) -> int:
    """Write a message, and return its number."""
    register_channels(cursor, telling.channels)
    cursor.execute(
        "INSERT INTO messages(kind, volcanoes, facts, made_at, not_before, mark) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (kind.value, json.dumps(volcanoes), json.dumps(dict(facts)), write_time(), write_time(due),
         uuid.uuid4().hex),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)
