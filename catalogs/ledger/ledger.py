"""The ledger: what was ever listed, fetched, refused, tiled, scored and said. The only truth.

One SQLite file in WAL mode. Every method is one transaction, so that a run that is killed leaves
whole rows. Stores and tables can be made again from the ledger and the portal; never the reverse.
Nothing is ever deleted because a source lost it.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.ledger.corrections import CorrectionLedger
from catalogs.ledger.file import asking_pause, open_database, parse_time, write_time
from catalogs.ledger.layers import LayerLedger
from catalogs.ledger.listings import ListingLedger
from catalogs.ledger.lost import LostLedger
from catalogs.ledger.measures import MeasureLedger
from catalogs.ledger.outbox import OutboxLedger
from catalogs.ledger.reviews import ReviewLedger
from catalogs.ledger.rows import (
    FileRow,
    FileState,
    PairAir,
    PairScore,
    ScoredPair,
    ScoreRecipe,
    TileRow,
)
from catalogs.ledger.runs import RunLedger
from catalogs.ledger.verdicts import VerdictLedger
from catalogs.records import DatePair, FrameId, ModelId, Product, RemoteFile

if TYPE_CHECKING:
    from catalogs.rasters.grid import Grid

_PAUSED_STATES = (FileState.MISSING, FileState.REJECTED)


class Ledger(
    ListingLedger,
    LostLedger,
    LayerLedger,
    CorrectionLedger,
    VerdictLedger,
    MeasureLedger,
    ReviewLedger,
    OutboxLedger,
    RunLedger,
):
    """Open ledger; use `open_ledger`."""

    def record_listed_file(self, remote: RemoteFile) -> None:
        """Remember where a product is; what is known of a fetched one stays."""
        now = write_time()
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO files(frame, pair, product, state, url, first_seen, last_seen) "
                "VALUES (?, ?, ?, 'listed', ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "last_seen = excluded.last_seen, url = excluded.url, "
                "state = CASE state WHEN 'fetched' THEN 'fetched' WHEN 'changed' THEN 'changed' "
                "ELSE 'listed' END",
                (str(remote.frame), str(remote.pair), remote.product.value, remote.url, now, now),
            )

    def record_file(self, frame: FrameId, row: FileRow) -> None:
        """Remember what became of a product: fetched, missing, rejected or changed, and why.

        A product that is missing or rejected is asked for again after a pause that doubles each
        time, from most of a day to 30 days.
        """
        now = write_time()
        attempts = 0 if row.state is FileState.FETCHED else self._attempts(frame, row) + 1
        again = None
        if row.state in _PAUSED_STATES:
            again = write_time(dt.datetime.now(dt.UTC) + asking_pause(attempts))
        modified = write_time(row.last_modified) if row.last_modified else None
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET state = excluded.state, reason = excluded.reason, "
                "url = COALESCE(excluded.url, url), size = excluded.size, "
                "last_modified = excluded.last_modified, sha256 = excluded.sha256, "
                "provenance = excluded.provenance, attempts = excluded.attempts, "
                "next_attempt = excluded.next_attempt, last_seen = excluded.last_seen",
                (str(frame), str(row.pair), row.product.value, row.state.value, row.reason,
                 row.url, row.size, modified, row.sha256, row.provenance, attempts, again,
                 now, now),
            )  # fmt: skip

    def _attempts(self, frame: FrameId, row: FileRow) -> int:
        found = self._connection.execute(
            "SELECT attempts FROM files WHERE frame = ? AND pair = ? AND product = ?",
            (str(frame), str(row.pair), row.product.value),
        ).fetchone()
        return int(found[0]) if found else 0

    def files(self, frame: FrameId) -> dict[tuple[DatePair, Product], FileRow]:
        """Every product of a frame that the ledger knows."""
        rows = self._connection.execute(
            "SELECT pair, product, state, reason, url, size, last_modified, sha256, provenance, "
            "attempts, next_attempt FROM files WHERE frame = ? ORDER BY pair, product",
            (str(frame),),
        )
        found = (
            FileRow(
                DatePair.parse(pair), Product(product), FileState(state), reason, url, size,
                parse_time(modified) if modified else None, sha256, provenance, attempts,
                parse_time(again) if again else None,
            )
            for pair, product, state, reason, url, size, modified, sha256, provenance, attempts,
            again in rows
        )  # fmt: skip
        return {(row.pair, row.product): row for row in found}

    def record_grid(self, frame: FrameId, grid: "Grid") -> None:
        """Remember the grid of a frame; the first one stays."""
        with self._transaction() as cursor:
            cursor.execute(
                "UPDATE frames SET grid = COALESCE(grid, ?) WHERE frame = ?",
                (json.dumps(asdict(grid)), str(frame)),
            )

    def forget_grid(self, frame: FrameId) -> None:
        """Let the next batch of a frame settle its grid anew."""
        with self._transaction() as cursor:
            cursor.execute("UPDATE frames SET grid = NULL WHERE frame = ?", (str(frame),))

    def grid(self, frame: FrameId) -> "Grid | None":
        """The grid of a frame, or None before its first pair."""
        row = self._connection.execute(
            "SELECT grid FROM frames WHERE frame = ?", (str(frame),)
        ).fetchone()
        if not (row and row[0]):
            return None
        from catalogs.rasters.grid import Grid  # noqa: PLC0415 - numpy, which a status goes without

        return Grid(**json.loads(row[0]))

    # Tiles and scores

    def record_tiles(self, volcano: str, frame: FrameId, rows: Iterable[TileRow]) -> None:
        """Remember that pairs are in the volcano's cube, and the files they came from."""
        now, made = write_time(), list(rows)
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (volcano, str(frame), str(row.pair), row.url, row.phase_sha256,
                     row.coherence_sha256, row.content_sha256, now)
                    for row in made
                ],
            )  # fmt: skip
            for table in ("outdated_tiles", "lost_tiles"):
                cursor.executemany(
                    f"DELETE FROM {table} WHERE volcano = ? AND frame = ? AND pair = ?",  # noqa: S608 - two names
                    [(volcano, str(frame), str(row.pair)) for row in made],
                )

    def mark_outdated(self, frame: FrameId, pairs: Iterable[DatePair]) -> None:
        """Remember that the source has other files of these pairs now, for every volcano's cube.

        The tiles stay, with their scores, until others take their place: what comes may be worse.
        """
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR IGNORE INTO outdated_tiles SELECT volcano, frame, pair FROM tiles "
                "WHERE frame = ? AND pair = ?",
                [(str(frame), str(pair)) for pair in pairs],
            )

    def outdated_pairs(self, volcano: str, frame: FrameId) -> tuple[DatePair, ...]:
        """The pairs in the volcano's cube of which the source has other files now, in order."""
        rows = self._connection.execute(
            "SELECT pair FROM outdated_tiles JOIN tiles USING (volcano, frame, pair) "
            "WHERE volcano = ? AND frame = ? ORDER BY pair",
            (volcano, str(frame)),
        )
        return tuple(DatePair.parse(row[0]) for row in rows)

    def tiles(self, volcano: str, frame: FrameId) -> tuple[TileRow, ...]:
        """The pairs of a frame that are in the volcano's cube, in order."""
        rows = self._connection.execute(
            "SELECT pair, url, sha256, coherence_sha256, content_sha256 FROM tiles "
            "WHERE volcano = ? AND frame = ? ORDER BY pair",
            (volcano, str(frame)),
        )
        return tuple(TileRow(DatePair.parse(row[0]), *row[1:]) for row in rows)

    def has_tiles(self, frame: FrameId) -> bool:
        """Whether a pair of the frame is in the cube of any volcano."""
        row = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM tiles WHERE frame = ?)", (str(frame),)
        ).fetchone()
        return bool(row[0])

    def tiled_pairs(self, volcano: str, frame: FrameId) -> tuple[DatePair, ...]:
        """The pairs of a frame that are in the volcano's cube, in order."""
        return tuple(row.pair for row in self.tiles(volcano, frame))

    def forget_tiles(
        self, frame: FrameId, pairs: Iterable[DatePair], volcano: str | None = None
    ) -> None:
        """Take back that pairs are in the cube of a volcano, or of all; their scores go too.

        For when the cube says otherwise. They are *lost* until they are tiled again: what was said
        with them is not judged anew without them as if they had never been.
        """
        pairs = tuple(pairs)
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR IGNORE INTO lost_tiles SELECT volcano, frame, pair, ? FROM tiles "
                "WHERE frame = ? AND pair = ? AND (? IS NULL OR volcano = ?)",
                [(write_time(), str(frame), str(pair), volcano, volcano) for pair in pairs],
            )
            for table in ("tiles", "scores", "corrections"):
                cursor.executemany(
                    f"DELETE FROM {table} WHERE frame = ? AND pair = ? "  # noqa: S608 - three names
                    "AND (? IS NULL OR volcano = ?)",
                    [(str(frame), str(pair), volcano, volcano) for pair in pairs],
                )

    def tiled_frames(self, volcano: str) -> tuple[FrameId, ...]:
        """The frames that have a pair in one of the volcano's cubes, in order."""
        rows = self._connection.execute(
            "SELECT DISTINCT frame FROM tiles WHERE volcano = ? ORDER BY frame", (volcano,)
        )
        return tuple(FrameId.parse(row[0]) for row in rows)

    def volcanoes(self) -> tuple[str, ...]:
        """The volcanoes that have a pair in a cube, in order."""
        rows = self._connection.execute("SELECT DISTINCT volcano FROM tiles ORDER BY volcano")
        return tuple(row[0] for row in rows)

    def unscored_pairs(self, volcano: str, frame: FrameId, model: ModelId) -> tuple[DatePair, ...]:
        """Pairs in the cube without a score of all that it depends on.

        A score counts if it is by `model`, of the very bytes in the cube less
        what is taken from them now, and by the recipe that the cube has now.
        """
        rows = self._connection.execute(
            "SELECT t.pair FROM tiles t LEFT JOIN recipes r USING (volcano, frame) "
            "LEFT JOIN corrections c USING (volcano, frame, pair, content_sha256) "
            "LEFT JOIN scores s ON s.volcano = t.volcano "
            "AND s.frame = t.frame AND s.pair = t.pair AND s.content_sha256 = t.content_sha256 "
            "AND s.recipe_sha256 = COALESCE(r.sha256, '') "
            "AND s.air_sha256 = COALESCE(c.removed_sha256, '') "
            "AND s.model = ? AND s.model_sha256 = ? "
            "WHERE t.volcano = ? AND t.frame = ? AND s.pair IS NULL ORDER BY t.pair",
            (*model, volcano, str(frame)),
        )
        return tuple(DatePair.parse(row[0]) for row in rows)

    def record_scores(
        self,
        volcano: str,
        frame: FrameId,
        model: ModelId,
        scores: Sequence[tuple[DatePair, PairScore]],
    ) -> None:
        """Remember what `model` says of pairs as they are corrected now.

        They are by the recipe that the cube has now.
        """
        now = write_time()
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO scores SELECT ?, ?, ?, ?, ?, content_sha256, ?, ?, "
                "COALESCE(recipe, ''), COALESCE(removed_sha256, '') "
                "FROM (SELECT t.*, r.sha256 AS recipe, removed_sha256 FROM tiles t "
                "LEFT JOIN recipes r USING (volcano, frame) "
                "LEFT JOIN corrections USING (volcano, frame, pair, content_sha256)) "
                "WHERE volcano = ? AND frame = ? AND pair = ?",
                [
                    (volcano, str(frame), str(pair), *model, json.dumps(asdict(score)), now,
                     volcano, str(frame), str(pair))
                    for pair, score in scores
                ],
            )  # fmt: skip

    def scored_pairs(self, volcano: str, model: ModelId) -> tuple[ScoredPair, ...]:
        """Every pair with a score by `model` that counts, by frame and date."""
        rows = self._connection.execute(
            "SELECT s.frame, s.pair, s.score, t.url, t.sha256, s.scored_at, r.recipe, c.air "
            "FROM scores s JOIN tiles t USING (volcano, frame, pair, content_sha256) "
            "LEFT JOIN recipes r USING (volcano, frame) "
            "LEFT JOIN corrections c USING (volcano, frame, pair, content_sha256) "
            "WHERE volcano = ? AND s.model = ? AND s.model_sha256 = ? "
            "AND s.recipe_sha256 = COALESCE(r.sha256, '') "
            "AND s.air_sha256 = COALESCE(c.removed_sha256, '') ORDER BY s.frame, s.pair",
            (volcano, *model),
        )
        return tuple(
            ScoredPair(
                FrameId.parse(frame), DatePair.parse(pair), PairScore(**json.loads(score)), url,
                sha256, parse_time(scored_at), ScoreRecipe.parse(recipe) if recipe else None,
                PairAir.parse(air) if air else None,
            )
            for frame, pair, score, url, sha256, scored_at, recipe, air in rows
        )  # fmt: skip


def open_ledger(path: Path) -> Ledger:
    """Return the ledger at `path`, made if it is missing.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    LedgerError
        If the file is no ledger, is damaged, or is one of a newer version.
    """
    return Ledger(open_database(path), path)
