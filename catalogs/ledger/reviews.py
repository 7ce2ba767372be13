"""The part of the ledger that remembers what people said; nothing of it is ever deleted."""

import datetime as dt

from catalogs.ledger.file import LedgerFile, parse_time, write_time
from catalogs.ledger.review_rows import Review, ReviewVerdict, Statement
from catalogs.records import DatePair, FrameId


class ReviewLedger(LedgerFile):
    """Reviews of dates, pairs and episodes, the oldest first."""

    def record_review(self, volcano: str, statement: Statement) -> Review:
        """Remember a review, and return it with its number and time."""
        now = write_time()
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO reviews(volcano, subject, verdict, word, reviewer, note, "
                "reviewed_at, takes_back) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (volcano, statement.subject, statement.verdict.value, statement.word,
                 statement.reviewer, statement.note, now, statement.takes_back),
            )  # fmt: skip
            number = int(cursor.lastrowid or 0)
            cursor.executemany(
                "INSERT INTO reviewed_dates VALUES (?, ?)",
                [(number, date.isoformat()) for date in statement.dates],
            )
            cursor.executemany(
                "INSERT INTO reviewed_pairs VALUES (?, ?, ?)",
                [(number, str(frame), str(pair)) for frame, pair in statement.pairs],
            )
        return Review(number, statement, parse_time(now))

    def reviews(self, volcano: str) -> tuple[Review, ...]:
        """Everything that was ever said of a volcano by a person, the oldest first."""
        dates: dict[int, list[dt.date]] = {}
        for number, date in self._connection.execute(
            "SELECT number, date FROM reviewed_dates JOIN reviews USING (number) "
            "WHERE volcano = ? ORDER BY number, date",
            (volcano,),
        ):
            dates.setdefault(number, []).append(dt.date.fromisoformat(date))
        pairs: dict[int, list[tuple[FrameId, DatePair]]] = {}
        for number, frame, pair in self._connection.execute(
            "SELECT number, frame, pair FROM reviewed_pairs JOIN reviews USING (number) "
            "WHERE volcano = ? ORDER BY number, frame, pair",
            (volcano,),
        ):
            pairs.setdefault(number, []).append((FrameId.parse(frame), DatePair.parse(pair)))
        rows = self._connection.execute(
            "SELECT number, subject, verdict, word, reviewer, note, reviewed_at, takes_back "
            "FROM reviews WHERE volcano = ? ORDER BY number",
            (volcano,),
        )
        return tuple(
            Review(
                number,
                Statement(
                    subject, ReviewVerdict(verdict), reviewer, word, note,
                    tuple(dates.get(number, ())), tuple(pairs.get(number, ())), takes_back,
                ),
                parse_time(reviewed_at),
            )
            for number, subject, verdict, word, reviewer, note, reviewed_at, takes_back in rows
        )  # fmt: skip

    def reviewed_volcanoes(self) -> tuple[str, ...]:
        """Slugs of the volcanoes of which a person ever said something, in order."""
        rows = self._connection.execute("SELECT DISTINCT volcano FROM reviews ORDER BY volcano")
        return tuple(row[0] for row in rows)
