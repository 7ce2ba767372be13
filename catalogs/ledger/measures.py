"""The part of the ledger that remembers how fast places moved, as known on each date."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from catalogs.ledger.file import LedgerFile
from catalogs.records import DatePair, FrameId


@dataclass(frozen=True)
class DateMeasure:
    """Motion of the place of a window that moves most, from the pairs of some dates.

    The numbers are None where nothing could be compared with its surroundings.
    """

    date: dt.date
    """Last acquisition that it rests on."""
    since: dt.date | None
    """Of a displacement: the beginning of the episode that it is of. None for a rate."""
    made_from: str
    """Hash of all that it depends on."""
    first: dt.date | None = None
    """First acquisition that it rests on."""
    pairs: int = 0
    motion_mm: float | None = None
    """Towards the satellite, in all; of a rate: a day."""
    deviation_mm: float | None = None
    """Standard deviation of any one place."""
    coherence: float | None = None
    """Temporal coherence, -1 to 1."""
    latitude: float | None = None
    longitude: float | None = None
    recent_deviations: float | None = None
    """Of a rate: how far from rest the place is in the newer half of the window, see `PlaceRate`;
    None where that half has too few dates."""
    low_mm: float | None = None
    high_mm: float | None = None
    """Ends of the 95 % interval, which knows that the place was picked."""
    air_disturbed: float | None = None
    """Probability that the air of the last acquisition is disturbed; of a rate alone."""

    @property
    def text(self) -> str:
        """JSON, the same for the same record."""
        plain = {k: str(v) if isinstance(v, dt.date) else v for k, v in asdict(self).items()}
        return json.dumps(plain, sort_keys=True)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the record whose text this is."""
        found = json.loads(text)
        days = {
            name: found[name] and dt.date.fromisoformat(found[name])
            for name in ("date", "since", "first")
        }
        return cls(**found | days)


class MeasureLedger(LedgerFile):
    """Rates and displacements of a volcano, by frame and date."""

    def record_measures(
        self, volcano: str, frame: FrameId, measures: Sequence[DateMeasure]
    ) -> None:
        """Remember measures; each takes the place of the one of the same date and beginning."""
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO measures VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (volcano, str(frame), str(one.date), str(one.since or ""), one.made_from,
                     one.text)
                    for one in measures
                ],
            )  # fmt: skip

    def measures(self, volcano: str) -> dict[FrameId, tuple[DateMeasure, ...]]:
        """All measures of a volcano by frame, in order of their dates, rates first."""
        rows = self._connection.execute(
            "SELECT frame, measure FROM measures WHERE volcano = ? ORDER BY frame, date, since",
            (volcano,),
        )
        found: dict[FrameId, tuple[DateMeasure, ...]] = {}
        for frame, text in rows:
            key = FrameId.parse(frame)
            found[key] = (*found.get(key, ()), DateMeasure.parse(text))
        return found

    def forget_measures(
        self, volcano: str, frame: FrameId, gone: Iterable[tuple[dt.date, dt.date | None]]
    ) -> None:
        """Forget the measures of these dates and beginnings."""
        with self._transaction() as cursor:
            cursor.executemany(
                "DELETE FROM measures WHERE volcano = ? AND frame = ? AND date = ? AND since = ?",
                [(volcano, str(frame), str(date), str(since or "")) for date, since in gone],
            )

    def pairs_as_corrected(self, volcano: str, frame: FrameId) -> dict[DatePair, str]:
        """Of each pair in the cube what its bytes less their air depend on."""
        rows = self._connection.execute(
            "SELECT pair, content_sha256, COALESCE(removed_sha256, '') FROM tiles "
            "LEFT JOIN corrections USING (volcano, frame, pair, content_sha256) "
            "WHERE volcano = ? AND frame = ? ORDER BY pair",
            (volcano, str(frame)),
        )
        return {DatePair.parse(pair): f"{content} {removed}" for pair, content, removed in rows}

    def unusable_pairs(self, volcano: str, frame: FrameId) -> frozenset[DatePair]:
        """Pairs in the cube that were looked at as they are now, and have no patch with a score.

        Which model looked makes no difference: what is no ground, or noise, has none by any.
        """
        rows = self._connection.execute(
            "SELECT s.pair, s.score FROM scores s "
            "JOIN tiles t USING (volcano, frame, pair, content_sha256) "
            "LEFT JOIN recipes r USING (volcano, frame) "
            "WHERE volcano = ? AND frame = ? AND s.recipe_sha256 = COALESCE(r.sha256, '')",
            (volcano, str(frame)),
        )
        usable: dict[str, bool] = {}
        for pair, score in rows:
            usable[pair] = usable.get(pair, False) or json.loads(score)["patches_scored"] > 0
        return frozenset(DatePair.parse(pair) for pair, is_it in usable.items() if not is_it)
