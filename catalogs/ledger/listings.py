"""The part of the ledger that remembers what the sources say."""

from collections.abc import Iterable

from catalogs.ledger.file import LedgerFile, parse_time, write_time
from catalogs.ledger.rows import PairRow, SourceRow
from catalogs.records import DatePair, FrameId


class ListingLedger(LedgerFile):
    """Frames, sources and pairs."""

    def record_listing(
        self, frame: FrameId, source: str, pairs: Iterable[DatePair], *, complete: bool
    ) -> None:
        """Remember the pairs of a frame that are listed now, and which of ours no longer are.

        Parameters
        ----------
        frame
            Whose pairs.
        source
            The root that won.
        pairs
            What is listed.
        complete
            Whether every source was asked and answered: only then is a pair that none of them
            lists gone.
        """
        self.remember(frame, source)
        now = write_time()
        listed = [str(pair) for pair in pairs]
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT INTO pairs(frame, pair, source, first_seen, last_seen) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET source = excluded.source, "
                "last_seen = excluded.last_seen, gone_since = NULL",
                [(str(frame), pair, source, now, now) for pair in listed],
            )
            if not listed or not complete:
                return  # an empty listing is a source in trouble, not a frame without pairs
            cursor.execute("CREATE TEMP TABLE IF NOT EXISTS listed(pair TEXT PRIMARY KEY)")
            cursor.execute("DELETE FROM listed")
            cursor.executemany("INSERT INTO listed VALUES (?)", [(pair,) for pair in listed])
            cursor.execute(
                "UPDATE pairs SET gone_since = ? WHERE frame = ? AND gone_since IS NULL "
                "AND pair NOT IN (SELECT pair FROM listed)",
                (now, str(frame)),
            )
            cursor.execute(
                "UPDATE files SET state = 'gone upstream' WHERE frame = ? "
                "AND state NOT IN ('fetched', 'changed') "
                "AND pair NOT IN (SELECT pair FROM listed)",
                (str(frame),),
            )

    def record_source(self, frame: FrameId, row: SourceRow) -> None:
        """Remember what one source said of a frame."""
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?)",
                (str(frame), row.source, write_time(row.asked_at), row.state, row.pairs,
                 str(row.newest) if row.newest else None, row.reason),
            )  # fmt: skip

    def sources(self, frame: FrameId) -> tuple[SourceRow, ...]:
        """What each source said of a frame when it was last asked."""
        rows = self._connection.execute(
            "SELECT source, asked_at, state, pairs, newest, reason FROM sources "
            "WHERE frame = ? ORDER BY source",
            (str(frame),),
        )
        return tuple(
            SourceRow(source, parse_time(asked), state, pairs,
                      DatePair.parse(newest) if newest else None, reason)
            for source, asked, state, pairs, newest, reason in rows
        )  # fmt: skip

    def remember(self, frame: FrameId, root: str) -> None:
        """Remember the source that listed a frame."""
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO frames(frame, source) VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET source = excluded.source",
                (str(frame), root),
            )

    def recall(self, frame: FrameId) -> str | None:
        """Return the source that listed a frame last time; None before the first listing."""
        row = self._connection.execute(
            "SELECT source FROM frames WHERE frame = ?", (str(frame),)
        ).fetchone()
        return row[0] if row else None

    def frames(self) -> tuple[FrameId, ...]:
        """Every frame that was ever listed, in order."""
        rows = self._connection.execute("SELECT frame FROM frames ORDER BY frame")
        return tuple(FrameId.parse(row[0]) for row in rows)

    def frames_asked_for(self) -> tuple[FrameId, ...]:
        """Every frame that a source was ever asked for, whatever it said; in order."""
        rows = self._connection.execute("SELECT DISTINCT frame FROM sources ORDER BY frame")
        return tuple(FrameId.parse(row[0]) for row in rows)

    def pairs(self, frame: FrameId) -> tuple[PairRow, ...]:
        """Every pair of a frame that a source ever listed, in order."""
        rows = self._connection.execute(
            "SELECT pair, source, last_seen, gone_since FROM pairs WHERE frame = ? ORDER BY pair",
            (str(frame),),
        )
        return tuple(
            PairRow(DatePair.parse(pair), source, parse_time(last), gone and parse_time(gone))
            for pair, source, last, gone in rows
        )
