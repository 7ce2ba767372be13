"""The ledger's file: its tables, its transactions, its times."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from fringewatch.atomic import disk_errors
from fringewatch.errors import HomeError, StoreError

LEDGER_FORMAT = 2
"""Format 1 had no verdicts. A ledger of it gets their table when it is opened for writing."""

OLDEST_READABLE = 1

TABLES = """
CREATE TABLE IF NOT EXISTS frames(frame TEXT PRIMARY KEY, source TEXT NOT NULL, grid TEXT);
CREATE TABLE IF NOT EXISTS sources(
    frame TEXT, source TEXT, asked_at TEXT NOT NULL, state TEXT NOT NULL, pairs INTEGER NOT NULL,
    newest TEXT, reason TEXT, PRIMARY KEY (frame, source));
CREATE TABLE IF NOT EXISTS pairs(
    frame TEXT, pair TEXT, source TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
    gone_since TEXT, PRIMARY KEY (frame, pair));
CREATE TABLE IF NOT EXISTS files(
    frame TEXT, pair TEXT, product TEXT, state TEXT NOT NULL, reason TEXT, url TEXT, size INTEGER,
    last_modified TEXT, sha256 TEXT, provenance TEXT, attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt TEXT, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
    PRIMARY KEY (frame, pair, product));
CREATE TABLE IF NOT EXISTS tiles(
    volcano TEXT, frame TEXT, pair TEXT, url TEXT NOT NULL, sha256 TEXT NOT NULL,
    coherence_sha256 TEXT NOT NULL, content_sha256 TEXT NOT NULL, tiled_at TEXT NOT NULL,
    PRIMARY KEY (volcano, frame, pair));
CREATE TABLE IF NOT EXISTS scores(
    volcano TEXT, frame TEXT, pair TEXT, model TEXT, model_sha256 TEXT,
    content_sha256 TEXT NOT NULL, score TEXT NOT NULL, scored_at TEXT NOT NULL,
    PRIMARY KEY (volcano, frame, pair, model, model_sha256));
CREATE TABLE IF NOT EXISTS verdicts(
    volcano TEXT, date TEXT, number INTEGER, state TEXT NOT NULL, since TEXT, probability REAL,
    method TEXT NOT NULL, model TEXT NOT NULL, model_sha256 TEXT NOT NULL, judged_at TEXT NOT NULL,
    PRIMARY KEY (volcano, date, number));
"""


class LedgerFile:
    """An open SQLite file whose writes are transactions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        """Return the open ledger itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            cursor.execute("COMMIT")
        except sqlite3.OperationalError as error:
            message = f"cannot write the ledger ({error}): check that the disk has room"
            raise HomeError(message) from error
        finally:
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")


def open_database(path: Path) -> sqlite3.Connection:
    """Return the open file, its tables made where they are missing.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    StoreError
        If the file is no ledger, or one of a newer version.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    try:
        _set_up(connection, path)
    except sqlite3.OperationalError as error:
        connection.close()
        message = f"cannot open the ledger {path} ({error}): check the disk and its owner"
        raise HomeError(message) from error
    except sqlite3.DatabaseError as error:
        connection.close()
        message = f"{path} is no ledger ({error}): restore it from a backup"
        raise StoreError(message) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > LEDGER_FORMAT:
        message = (
            f"the ledger {path} was written by a newer Fringewatch (format {found}, this one "
            f"reads {LEDGER_FORMAT}): install that version"
        )
        raise StoreError(message)
    connection.executescript(TABLES + f"PRAGMA user_version = {LEDGER_FORMAT};")


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=60, isolation_level=None)
    except sqlite3.OperationalError as error:
        message = f"cannot open the ledger {path} ({error}): check the disk and its owner"
        raise HomeError(message) from error


def write_time(time: dt.datetime | None = None) -> str:
    """Return a time as the ledger writes it, UTC to the second; now if none is given."""
    return (time or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="seconds")


def parse_time(text: str) -> dt.datetime:
    """Return the time that the ledger wrote, UTC."""
    return dt.datetime.fromisoformat(text)
