"""The part of the ledger that remembers layers of cubes, and how each cube is scored."""

import datetime as dt
from collections.abc import Sequence

from catalogs.ledger.file import LedgerFile, asking_pause, parse_time, write_time
from catalogs.ledger.rows import LayerRow, ScoreRecipe
from catalogs.records import FrameId, FrameRaster


class LayerLedger(LedgerFile):
    """Rasters of frames that were asked for, and the recipe by which each cube is scored now."""

    def record_layer(self, volcano: str, frame: FrameId, row: LayerRow) -> None:
        """Remember what became of a raster of the frame that was asked for.

        One that was not had is asked for again after a pause that doubles each time, from most of
        a day to 30 days; one whose source gave no answer, in the next run.
        """
        before = self.layers(volcano, frame).get(row.raster)
        attempts = 0 if row.is_there else (before.attempts if before else 0) + 1
        again = None
        if not row.is_there and row.answered:
            again = write_time(dt.datetime.now(dt.UTC) + asking_pause(attempts))
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO layers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (volcano, str(frame), row.raster.value, row.url, row.sha256, row.reason, attempts,
                 again, write_time()),
            )  # fmt: skip

    def layers(self, volcano: str, frame: FrameId) -> dict[FrameRaster, LayerRow]:
        """What became of the rasters of a frame that were asked for."""
        rows = self._connection.execute(
            "SELECT raster, url, sha256, reason, attempts, next_attempt FROM layers "
            "WHERE volcano = ? AND frame = ? ORDER BY raster",
            (volcano, str(frame)),
        )
        return {
            FrameRaster(raster): LayerRow(
                FrameRaster(raster), url, sha256, reason, attempts,
                parse_time(again) if again else None, again is not None,
            )
            for raster, url, sha256, reason, attempts, again in rows
        }  # fmt: skip

    def record_delays(
        self, volcano: str, frame: FrameId, found: Sequence[tuple[dt.date, LayerRow]]
    ) -> None:
        """Remember what became of the delays of dates that were asked for.

        They are asked for again as layers are.
        """
        with self._transaction() as cursor:
            for date, row in found:
                key = (volcano, str(frame), row.raster.value, date.isoformat())
                before = cursor.execute(
                    "SELECT attempts FROM delays "
                    "WHERE volcano = ? AND frame = ? AND raster = ? AND date = ?",
                    key,
                ).fetchone()
                attempts = 0 if row.is_there else (before[0] if before else 0) + 1
                again = None
                if not row.is_there and row.answered:
                    again = write_time(dt.datetime.now(dt.UTC) + asking_pause(attempts))
                cursor.execute(
                    "INSERT OR REPLACE INTO delays VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*key, row.url, row.sha256, row.reason, attempts, again, write_time()),
                )

    def delays(self, volcano: str, frame: FrameId, raster: FrameRaster) -> dict[dt.date, LayerRow]:
        """What became of the delays of a frame's dates that were asked for, by date."""
        rows = self._connection.execute(
            "SELECT date, url, sha256, reason, attempts, next_attempt FROM delays "
            "WHERE volcano = ? AND frame = ? AND raster = ? ORDER BY date",
            (volcano, str(frame), raster.value),
        )
        return {
            dt.date.fromisoformat(date): LayerRow(
                raster, url, sha256, reason, attempts,
                parse_time(again) if again else None, again is not None,
            )
            for date, url, sha256, reason, attempts, again in rows
        }  # fmt: skip

    def record_recipe(self, volcano: str, frame: FrameId, recipe: ScoreRecipe) -> None:
        """Remember how a cube is scored from now on: scores by another recipe no longer count."""
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO recipes VALUES (?, ?, ?, ?)",
                (volcano, str(frame), recipe.sha256, recipe.text),
            )

    def recipe(self, volcano: str, frame: FrameId) -> ScoreRecipe | None:
        """How a cube is scored; None before it was scored."""
        row = self._connection.execute(
            "SELECT recipe FROM recipes WHERE volcano = ? AND frame = ?", (volcano, str(frame))
        ).fetchone()
        return ScoreRecipe.parse(row[0]) if row else None
