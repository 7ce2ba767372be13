"""The part of the ledger that remembers what of each pair is air, and is taken from it."""

from collections.abc import Sequence

from catalogs.ledger.file import LedgerFile, write_time
from catalogs.ledger.rows import PairAir
from catalogs.records import DatePair, FrameId


class CorrectionLedger(LedgerFile):
    """Corrections of pairs in cubes; the cubes keep the phase as it came."""

    def record_corrections(
        self, volcano: str, frame: FrameId, found: Sequence[tuple[DatePair, PairAir]]
    ) -> None:
        """Remember the air of pairs, as their bytes in the cube are now.

        A score of a pair from which something else was taken no longer counts.
        """
        now = write_time()
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO corrections SELECT volcano, frame, pair, content_sha256, "
                "?, ?, ? FROM tiles WHERE volcano = ? AND frame = ? AND pair = ?",
                [
                    (air.text, air.removed_sha256, now, volcano, str(frame), str(pair))
                    for pair, air in found
                ],
            )

    def corrections(self, volcano: str, frame: FrameId) -> dict[DatePair, PairAir]:
        """The air of each pair whose bytes in the cube are still those that it was found in."""
        rows = self._connection.execute(
            "SELECT pair, air FROM corrections JOIN tiles USING (volcano, frame, pair, "
            "content_sha256) WHERE volcano = ? AND frame = ? ORDER BY pair",
            (volcano, str(frame)),
        )
        return {DatePair.parse(pair): PairAir.parse(air) for pair, air in rows}

    def forget_corrections(self, volcano: str, frame: FrameId, pairs: Sequence[DatePair]) -> None:
        """Take nothing from these pairs any more."""
        with self._transaction() as cursor:
            cursor.executemany(
                "DELETE FROM corrections WHERE volcano = ? AND frame = ? AND pair = ?",
                [(volcano, str(frame), str(pair)) for pair in pairs],
            )
