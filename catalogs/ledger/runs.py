"""The part of the ledger that remembers runs: when, how they ended, and for which volcanoes."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from catalogs.ledger.file import parse_time, write_time
from catalogs.ledger.outbox_records import NewMessage, Telling
from catalogs.ledger.standings import StandingLedger

NIGHTLY: Final = "nightly"
BACKFILL: Final = "backfill"

GOOD_OUTCOMES = ("done", "partial")
"""Of a volcano of which a run brought what there was, or most of it."""

_LONGEST_RUN: Final = dt.timedelta(hours=12)
"""A run that began earlier and has no end was killed."""

_FAILED_NIGHTS: Final = """
WITH nights AS (
    SELECT v.volcano, substr(r.started_at, 1, 10) AS night,
        MAX(COALESCE(v.outcome IN ('done', 'partial'), 0)) AS good
    FROM run_volcanoes v JOIN runs r ON r.number = v.run
    WHERE r.kind = 'nightly' AND (r.ended_at NOT NULL OR r.started_at < ?) GROUP BY 1, 2),
goods AS (SELECT volcano, MAX(night) AS last_good FROM nights WHERE good GROUP BY volcano)
SELECT n.volcano, COUNT(*), g.last_good FROM nights n LEFT JOIN goods g USING (volcano)
WHERE n.night > COALESCE(g.last_good, '') GROUP BY n.volcano
"""


@dataclass(frozen=True)
class VolcanoRun:
    """What a run did for one volcano."""

    volcano: str
    outcome: str | None = None
    """As the command's exit codes are called; None while it runs, and for ever if it was killed."""
    fetched: int = 0
    scored: int = 0
    words: str = ""
    """Why it could not be had, in a line."""

    @property
    def is_good(self) -> bool:
        """Whether something came of it."""
        return self.outcome in GOOD_OUTCOMES


@dataclass(frozen=True)
class RunRow:
    """A run: a night, a backfill."""

    number: int
    kind: str
    version: str
    """Of Fringewatch."""
    started_at: dt.datetime
    """UTC."""
    ended_at: dt.datetime | None
    """None while it runs, and for ever if it was killed."""
    outcome: str | None
    disk_free_bytes: int | None
    """On the home's disk when it ended."""
    heartbeat_at: dt.datetime | None
    """When the heartbeat's address took note of it."""
    volcanoes: tuple[VolcanoRun, ...] = ()


class RunLedger(StandingLedger):
    """The history of runs."""

    def begin_run(self, kind: str, version: str, volcanoes: Sequence[str]) -> int:
        """Remember that a run begins; return its number."""
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO runs(kind, version, started_at) VALUES (?, ?, ?)",
                (kind, version, write_time()),
            )
            number = int(cursor.lastrowid or 0)
            cursor.executemany(
                "INSERT OR IGNORE INTO run_volcanoes(run, volcano) VALUES (?, ?)",
                [(number, volcano) for volcano in volcanoes],
            )
        return number

    def end_run(
        self, number: int, outcome: str, volcanoes: Iterable[VolcanoRun], disk_free_bytes: int
    ) -> None:
        """Remember how a run ended."""
        rows = [(number, v.volcano, v.outcome, v.fetched, v.scored, v.words) for v in volcanoes]
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO run_volcanoes VALUES (?, ?, ?, ?, ?, ?)", rows
            )
            cursor.execute(
                "UPDATE runs SET ended_at = ?, outcome = ?, disk_free_bytes = ? WHERE number = ?",
                (write_time(), outcome, disk_free_bytes, number),
            )

    def put_into_outbox(self, messages: Iterable[NewMessage], telling: Telling) -> None:
        """Make messages about nights and data, each once for each of its keys."""
        made = list(messages)
        if made and telling.channels:
            with self._transaction() as cursor:
                self.make_messages(cursor, made, telling)

    def record_heartbeat(self, number: int) -> None:
        """Remember that the heartbeat's address took note of a run."""
        with self._transaction() as cursor:
            cursor.execute(
                "UPDATE runs SET heartbeat_at = ? WHERE number = ?", (write_time(), number)
            )

    def runs(self, kind: str | None = None, last: int | None = None) -> tuple[RunRow, ...]:
        """The runs of a kind, or all, the newest first; only so many if `last` is given."""
        rows = self._connection.execute(
            "SELECT number, kind, version, started_at, ended_at, outcome, disk_free_bytes, "
            "heartbeat_at FROM runs WHERE kind = COALESCE(?, kind) ORDER BY number DESC LIMIT ?",
            (kind, -1 if last is None else last),
        ).fetchall()
        return tuple(
            RunRow(
                number, kind_, version, parse_time(started), _time(ended), outcome, free,
                _time(heartbeat), self._volcanoes_of(number),
            )
            for number, kind_, version, started, ended, outcome, free, heartbeat in rows
        )  # fmt: skip

    def newest_dates(self) -> dict[str, dt.date]:
        """The newest acquisition, UTC, that the cubes of each volcano hold."""
        rows = self._connection.execute(
            "SELECT volcano, MAX(substr(pair, 10, 8)) FROM tiles GROUP BY volcano"
        )
        return {volcano: dt.date.fromisoformat(text) for volcano, text in rows}

    def pair_counts(self) -> dict[str, int]:
        """How many pairs the cubes of each volcano hold."""
        return dict(
            self._connection.execute("SELECT volcano, COUNT(*) FROM tiles GROUP BY volcano")
        )

    def failed_nights(self, now: dt.datetime) -> dict[str, tuple[int, dt.date | None]]:
        """How many nights in a row each volcano got nothing, and its last good night, UTC.

        Only volcanoes of which the last night failed. Runs of one date are one night, good if one
        of them was; a run that was killed is a failed one, unless it may still be going on.
        """
        rows = self._connection.execute(_FAILED_NIGHTS, (write_time(now - _LONGEST_RUN),))
        return {
            volcano: (count, dt.date.fromisoformat(good) if good else None)
            for volcano, count, good in rows
        }

    def last_good_runs(self) -> dict[str, dt.datetime]:
        """When a run last brought something of each volcano, UTC."""
        rows = self._connection.execute(
            "SELECT volcano, MAX(ended_at) FROM run_volcanoes v JOIN runs r ON r.number = v.run "
            "WHERE v.outcome IN ('done', 'partial') AND ended_at NOT NULL GROUP BY volcano"
        )
        return {volcano: parse_time(ended) for volcano, ended in rows}

    def _volcanoes_of(self, number: int) -> tuple[VolcanoRun, ...]:
        rows = self._connection.execute(
            "SELECT volcano, outcome, COALESCE(fetched, 0), COALESCE(scored, 0), "
            "COALESCE(words, '') FROM run_volcanoes WHERE run = ? ORDER BY volcano",
            (number,),
        )
        return tuple(VolcanoRun(*row) for row in rows)


def _time(text: str | None) -> dt.datetime | None:
    return parse_time(text) if text else None
