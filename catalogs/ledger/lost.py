"""The part of the ledger that remembers which pairs were in a cube, and are not any more."""

from catalogs.ledger.file import LedgerFile
from catalogs.ledger.rows import LostPair
from catalogs.records import DatePair, FrameId


class LostLedger(LedgerFile):
    """Pairs that were tiled and got lost, until they are tiled again."""

    def lost_pairs(self, volcano: str) -> tuple[LostPair, ...]:
        """Every pair that the volcano's cubes have lost, by frame and date."""
        rows = self._connection.execute(
            "SELECT frame, pair, gone_since NOTNULL FROM lost_tiles "
            "LEFT JOIN pairs USING (frame, pair) WHERE volcano = ? ORDER BY frame, pair",
            (volcano,),
        )
        return tuple(
            LostPair(FrameId.parse(frame), DatePair.parse(pair), bool(gone))
            for frame, pair, gone in rows
        )

    def volcanoes_with_lost_pairs(self) -> tuple[str, ...]:
        """The volcanoes whose cubes have lost a pair, in order."""
        rows = self._connection.execute("SELECT DISTINCT volcano FROM lost_tiles ORDER BY volcano")
        return tuple(row[0] for row in rows)
