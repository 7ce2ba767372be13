"""The part of the ledger that remembers what was said of each date, and when."""

import datetime as dt
import math
from collections.abc import Container, Mapping
from typing import Any

from catalogs.ledger.file import parse_time, write_time
from catalogs.ledger.outbox_records import Standing, Telling
from catalogs.ledger.rows import GivenVerdict, Verdict
from catalogs.ledger.standings import StandingLedger


class VerdictLedger(StandingLedger):
    """What was said of the dates of a volcano: the first verdict of each, and every other since."""

    def record_verdicts(
        self,
        volcano: str,
        verdicts: Mapping[dt.date, Verdict],
        news: tuple[Standing, Mapping[str, Any], Telling] | None = None,
    ) -> tuple[dt.date, ...]:
        """Remember what is said of dates now; return those of which something else was said before.

        A verdict that says the same as the last one given for its date is not written again,
        whichever model or method came to it and with whatever probability: what counts is what a
        person would have read, the state and the date since when. What of it is `news` (see
        `note_standing`) becomes a message in the same transaction.
        """
        now = write_time()
        said = self.verdicts(volcano)
        rows, changed = [], []
        for date, verdict in sorted(verdicts.items()):
            before = said.get(date, ())
            if before and before[-1].verdict.says_the_same_as(verdict):
                continue
            if before:
                changed.append(date)
            rows.append(
                (volcano, date.isoformat(), len(before) + 1, verdict.state,
                 verdict.since and verdict.since.isoformat(), verdict.probability, verdict.method,
                 verdict.model, verdict.model_sha256, now)
            )  # fmt: skip
        if rows or news is not None:
            with self._transaction() as cursor:
                cursor.executemany(
                    "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
                )
                if news is not None:
                    self.note_standing(cursor, volcano, *news)
        return tuple(changed)

    def newest_verdicts(self, volcano: str, known: Container[str]) -> dict[dt.date, Verdict]:
        """Return what is said of a volcano's newest dates, the newest first.

        Parameters
        ----------
        volcano
            Its slug.
        known
            The newest date of one of these states is the last that is given.
        """
        rows = self._connection.execute(
            "SELECT date, state, since, probability, method, model, model_sha256 FROM verdicts "
            "WHERE volcano = ? ORDER BY date DESC, number DESC",
            (volcano,),
        )
        found: dict[dt.date, Verdict] = {}
        for date, *said in rows:
            day = dt.date.fromisoformat(date)
            if day not in found:
                found[day] = _verdict(*said)
                if found[day].state in known:
                    break
        return found

    def verdicts(self, volcano: str) -> dict[dt.date, tuple[GivenVerdict, ...]]:
        """Everything that was ever said of each date of a volcano, the first verdict first."""
        rows = self._connection.execute(
            "SELECT date, state, since, probability, method, model, model_sha256, judged_at "
            "FROM verdicts WHERE volcano = ? ORDER BY date, number",
            (volcano,),
        )
        found: dict[dt.date, tuple[GivenVerdict, ...]] = {}
        for date, state, since, probability, method, model, sha256, judged_at in rows:
            verdict = _verdict(state, since, probability, method, model, sha256)
            day = dt.date.fromisoformat(date)
            found[day] = (*found.get(day, ()), GivenVerdict(verdict, parse_time(judged_at)))
        return found


def _verdict(
    state: str, since: str | None, probability: float | None, method: str, model: str, sha256: str
) -> Verdict:
    return Verdict(
        state,
        dt.date.fromisoformat(since) if since else None,
        math.nan if probability is None else probability,  # SQLite has no NaN
        method, model, sha256,
    )  # fmt: skip
