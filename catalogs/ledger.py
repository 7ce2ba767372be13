"""The ledger: what was ever listed, fetched, refused, tiled and scored. The only truth about it.

One SQLite file in WAL mode. Every method is one transaction, so that a run that is killed leaves
whole rows. Stores and tables can be made again from the ledger and the portal; never the reverse.
"""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Self

from catalogs.grid import Grid
from catalogs.ledger_rows import FileRow, FileState, PairScore, ScoredPair
from catalogs.records import DatePair, FrameId, Product, RemoteFile
from fringewatch.atomic import disk_errors
from fringewatch.errors import HomeError, StoreError

_LEDGER_FORMAT = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS frames(
    frame TEXT PRIMARY KEY, source TEXT NOT NULL, listed_at TEXT NOT NULL, grid TEXT);
CREATE TABLE IF NOT EXISTS pairs(
    frame TEXT, pair TEXT, source TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
    PRIMARY KEY (frame, pair));
CREATE TABLE IF NOT EXISTS files(
    frame TEXT, pair TEXT, product TEXT, state TEXT NOT NULL, reason TEXT, url TEXT, size INTEGER,
    last_modified TEXT, sha256 TEXT, attempts INTEGER NOT NULL DEFAULT 0, changed_at TEXT NOT NULL,
    PRIMARY KEY (frame, pair, product));
CREATE TABLE IF NOT EXISTS tiles(
    volcano TEXT, frame TEXT, pair TEXT, url TEXT NOT NULL, sha256 TEXT NOT NULL,
    tiled_at TEXT NOT NULL, PRIMARY KEY (volcano, frame, pair));
CREATE TABLE IF NOT EXISTS scores(
    volcano TEXT, frame TEXT, pair TEXT, model TEXT, model_sha256 TEXT, sha256 TEXT NOT NULL,
    score TEXT NOT NULL, scored_at TEXT NOT NULL,
    PRIMARY KEY (volcano, frame, pair, model, model_sha256));
"""


class Ledger:
    """Open ledger; use `open_ledger`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        """Return the open ledger itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._connection.close()

    def record_listing(self, frame: FrameId, source: str, pairs: Iterable[DatePair]) -> None:
        """Remember which source listed a frame, and every pair that it listed."""
        now = _now()
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO frames(frame, source, listed_at) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET source = excluded.source, "
                "listed_at = excluded.listed_at",
                (str(frame), source, now),
            )
            cursor.executemany(
                "INSERT INTO pairs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "source = excluded.source, last_seen = excluded.last_seen",
                [(str(frame), str(pair), source, now, now) for pair in pairs],
            )

    def listed_pairs(self, frame: FrameId) -> tuple[DatePair, ...]:
        """Every pair of a frame that a source ever listed, in order."""
        rows = self._connection.execute(
            "SELECT pair FROM pairs WHERE frame = ? ORDER BY pair", (str(frame),)
        )
        return tuple(DatePair.parse(row[0]) for row in rows)

    def record_listed_file(self, remote: RemoteFile) -> None:
        """Remember where a product is; what is known of a fetched one stays."""
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO files(frame, pair, product, state, url, changed_at) "
                "VALUES (?, ?, ?, 'listed', ?, ?) ON CONFLICT DO UPDATE SET state = 'listed', "
                "url = excluded.url, changed_at = excluded.changed_at "
                "WHERE files.state <> 'fetched'",
                (str(remote.frame), str(remote.pair), remote.product.value, remote.url, _now()),
            )

    def record_file(self, frame: FrameId, row: FileRow) -> None:
        """Remember what became of a product: fetched, missing or rejected, and why."""
        modified = row.last_modified.isoformat() if row.last_modified else None
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?) "
                "ON CONFLICT DO UPDATE SET state = excluded.state, reason = excluded.reason, "
                "url = COALESCE(excluded.url, url), size = excluded.size, "
                "last_modified = excluded.last_modified, sha256 = excluded.sha256, "
                "attempts = attempts + 1, changed_at = excluded.changed_at",
                (str(frame), str(row.pair), row.product.value, row.state.value, row.reason,
                 row.url, row.size, modified, row.sha256, _now()),
            )  # fmt: skip

    def files(self, frame: FrameId) -> dict[tuple[DatePair, Product], FileRow]:
        """Every product of a frame that the ledger knows."""
        rows = self._connection.execute(
            "SELECT pair, product, state, reason, url, size, last_modified, sha256 FROM files "
            "WHERE frame = ? ORDER BY pair, product",
            (str(frame),),
        )
        found = (
            FileRow(
                DatePair.parse(pair), Product(product), FileState(state), reason, url, size,
                dt.datetime.fromisoformat(modified) if modified else None, sha256,
            )
            for pair, product, state, reason, url, size, modified, sha256 in rows
        )  # fmt: skip
        return {(row.pair, row.product): row for row in found}

    def record_grid(self, frame: FrameId, grid: Grid) -> None:
        """Remember the grid of a frame; the first one stays."""
        with self._transaction() as cursor:
            cursor.execute(
                "UPDATE frames SET grid = COALESCE(grid, ?) WHERE frame = ?",
                (json.dumps(asdict(grid)), str(frame)),
            )

    def grid(self, frame: FrameId) -> Grid | None:
        """The grid of a frame, or None before its first pair."""
        row = self._connection.execute(
            "SELECT grid FROM frames WHERE frame = ?", (str(frame),)
        ).fetchone()
        return Grid(**json.loads(row[0])) if row and row[0] else None

    def record_tiles(self, volcano: str, frame: FrameId, rows: Iterable[FileRow]) -> None:
        """Remember that pairs are in the volcano's cube, and the phase file each came from."""
        now = _now()
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?, ?)",
                [(volcano, str(frame), str(row.pair), row.url, row.sha256, now) for row in rows],
            )

    def tiled_pairs(self, volcano: str, frame: FrameId) -> tuple[DatePair, ...]:
        """The pairs of a frame that are in the volcano's cube, in order."""
        rows = self._connection.execute(
            "SELECT pair FROM tiles WHERE volcano = ? AND frame = ? ORDER BY pair",
            (volcano, str(frame)),
        )
        return tuple(DatePair.parse(row[0]) for row in rows)

    def forget_tiles(self, volcano: str, frame: FrameId, pairs: Iterable[DatePair]) -> None:
        """Take back that pairs are in a cube, when the cube says otherwise."""
        with self._transaction() as cursor:
            cursor.executemany(
                "DELETE FROM tiles WHERE volcano = ? AND frame = ? AND pair = ?",
                [(volcano, str(frame), str(pair)) for pair in pairs],
            )

    def tiled_frames(self, volcano: str) -> tuple[FrameId, ...]:
        """The frames that have a pair in one of the volcano's cubes, in order."""
        rows = self._connection.execute(
            "SELECT DISTINCT frame FROM tiles WHERE volcano = ? ORDER BY frame", (volcano,)
        )
        return tuple(FrameId.parse(row[0]) for row in rows)

    def unscored_pairs(
        self, volcano: str, frame: FrameId, model: tuple[str, str]
    ) -> tuple[DatePair, ...]:
        """Pairs in the cube that `model` (name and sha256) has not scored from the same file."""
        rows = self._connection.execute(
            "SELECT t.pair FROM tiles t LEFT JOIN scores s ON s.volcano = t.volcano "
            "AND s.frame = t.frame AND s.pair = t.pair AND s.sha256 = t.sha256 "
            "AND s.model = ? AND s.model_sha256 = ? "
            "WHERE t.volcano = ? AND t.frame = ? AND s.pair IS NULL ORDER BY t.pair",
            (*model, volcano, str(frame)),
        )
        return tuple(DatePair.parse(row[0]) for row in rows)

    def record_scores(
        self,
        volcano: str,
        frame: FrameId,
        model: tuple[str, str],
        scores: Sequence[tuple[DatePair, PairScore]],
    ) -> None:
        """Remember what `model` (name and sha256) says of pairs in the cube."""
        now = _now()
        with self._transaction() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO scores SELECT ?, ?, ?, ?, ?, sha256, ?, ? FROM tiles "
                "WHERE volcano = ? AND frame = ? AND pair = ?",
                [
                    (volcano, str(frame), str(pair), *model, json.dumps(asdict(score)), now,
                     volcano, str(frame), str(pair))
                    for pair, score in scores
                ],
            )  # fmt: skip

    def scored_pairs(self, volcano: str, model: tuple[str, str]) -> tuple[ScoredPair, ...]:
        """Every pair that `model` (name and sha256) has scored, by frame and date."""
        rows = self._connection.execute(
            "SELECT s.frame, s.pair, s.score, t.url, s.sha256, s.scored_at FROM scores s "
            "JOIN tiles t USING (volcano, frame, pair, sha256) "
            "WHERE volcano = ? AND s.model = ? AND s.model_sha256 = ? ORDER BY s.frame, s.pair",
            (volcano, *model),
        )
        return tuple(
            ScoredPair(
                FrameId.parse(frame), DatePair.parse(pair), PairScore(**json.loads(score)), url,
                sha256, dt.datetime.fromisoformat(scored_at),
            )
            for frame, pair, score, url, sha256, scored_at in rows
        )  # fmt: skip

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            cursor.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")
            message = f"cannot write the ledger ({error}): check that the disk has room"
            raise HomeError(message) from error


def open_ledger(path: Path) -> Ledger:
    """Return the ledger at `path`, made if it is missing.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    StoreError
        If the file is no ledger, or one of a newer version.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > _LEDGER_FORMAT:
            message = (
                f"the ledger {path} was written by a newer Fringewatch (format {found}, this one "
                f"reads {_LEDGER_FORMAT}): install that version"
            )
            raise StoreError(message)
        connection.executescript(_TABLES + f"PRAGMA user_version = {_LEDGER_FORMAT};")
    except sqlite3.OperationalError as error:
        message = f"cannot open the ledger {path} ({error}): check the disk and its owner"
        raise HomeError(message) from error
    except sqlite3.DatabaseError as error:
        message = f"{path} is no ledger ({error}): restore it from a backup"
        raise StoreError(message) from error
    return Ledger(connection)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
