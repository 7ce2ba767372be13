"""The ledger's file: its tables, its transactions, its times."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from catalogs.ledger.blank import is_there
from catalogs.ledger.operation_tables import OPERATION_TABLES
from catalogs.ledger.review_rows import REVIEW_TABLES
from fringewatch.atomic import disk_errors
from fringewatch.errors import DiskFullError, HomeBusyError, HomeError, LedgerError

LEDGER_FORMAT = 7
"""Format 1 had no verdicts, 2 no layers and no recipes of scores, 3 no corrections, 4 no reviews,
no messages and no runs, 5 no lost pairs, 6 no words of messages that were sent.

An older ledger gets what it lacks when it is opened for writing.
"""

_FIRST_PAUSE = dt.timedelta(hours=20)
_LONGEST_PAUSE = dt.timedelta(days=30)

OLDEST_READABLE = 1

_RESTORE: Final = (
    "restore it from a backup with its -wal file; without one, move it aside, save what can be "
    "read with `sqlite3 MOVED .recover | sqlite3 LEDGER`, and run `fringewatch verify`; or begin "
    "anew, without reviews and first verdicts: move it, cubes and detections elsewhere; the next "
    "backfill fetches every pair again"
)

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
CREATE TABLE IF NOT EXISTS outdated_tiles(
    volcano TEXT, frame TEXT, pair TEXT, PRIMARY KEY (volcano, frame, pair));
CREATE TABLE IF NOT EXISTS lost_tiles(
    volcano TEXT, frame TEXT, pair TEXT, lost_at TEXT NOT NULL,
    PRIMARY KEY (volcano, frame, pair));
CREATE TABLE IF NOT EXISTS scores(
    volcano TEXT, frame TEXT, pair TEXT, model TEXT, model_sha256 TEXT,
    content_sha256 TEXT NOT NULL, score TEXT NOT NULL, scored_at TEXT NOT NULL,
    recipe_sha256 TEXT NOT NULL DEFAULT '', air_sha256 TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (volcano, frame, pair, model, model_sha256));
CREATE TABLE IF NOT EXISTS recipes(
    volcano TEXT, frame TEXT, sha256 TEXT NOT NULL, recipe TEXT NOT NULL,
    PRIMARY KEY (volcano, frame));
CREATE TABLE IF NOT EXISTS delays(
    volcano TEXT, frame TEXT, raster TEXT, date TEXT, url TEXT, sha256 TEXT, reason TEXT,
    attempts INTEGER NOT NULL, next_attempt TEXT, asked_at TEXT NOT NULL,
    PRIMARY KEY (volcano, frame, raster, date));
CREATE TABLE IF NOT EXISTS corrections(
    volcano TEXT, frame TEXT, pair TEXT, content_sha256 TEXT NOT NULL, air TEXT NOT NULL,
    removed_sha256 TEXT NOT NULL, corrected_at TEXT NOT NULL, PRIMARY KEY (volcano, frame, pair));
CREATE TABLE IF NOT EXISTS layers(
    volcano TEXT, frame TEXT, raster TEXT, url TEXT, sha256 TEXT, reason TEXT,
    attempts INTEGER NOT NULL, next_attempt TEXT, asked_at TEXT NOT NULL,
    PRIMARY KEY (volcano, frame, raster));
CREATE TABLE IF NOT EXISTS measures(
    volcano TEXT, frame TEXT, date TEXT, since TEXT, made_from TEXT NOT NULL, measure TEXT NOT NULL,
    PRIMARY KEY (volcano, frame, date, since));
CREATE TABLE IF NOT EXISTS verdicts(
    volcano TEXT, date TEXT, number INTEGER, state TEXT NOT NULL, since TEXT, probability REAL,
    method TEXT NOT NULL, model TEXT NOT NULL, model_sha256 TEXT NOT NULL, judged_at TEXT NOT NULL,
    PRIMARY KEY (volcano, date, number));
"""


class LedgerFile:
    """An open SQLite file whose writes are transactions.

    What SQLite says inside a ``with`` block leaves it as one of our errors: see `ledger_error`.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, written_format: int = LEDGER_FORMAT
    ) -> None:
        self._connection = connection
        self._path = path
        self._written_format = written_format

    @property
    def age_words(self) -> str | None:
        """What is said of a file that an older version wrote, and no run of this one yet."""
        if self._written_format == LEDGER_FORMAT:
            return None
        return (
            f"the home {self._path.parent} is of an older version (ledger format "
            f"{self._written_format}, this one writes {LEDGER_FORMAT}): run `fringewatch nightly`, "
            "or a backfill of each volcano, which brings its tables up to date; until then they "
            "say what that version said"
        )

    def __enter__(self) -> Self:
        """Return the open ledger itself."""
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Close it."""
        self._connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise ledger_error(self._path, error) from error

    def close(self) -> None:
        """Close it, without a block."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        """A cursor whose writes all count, or none."""
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            cursor.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise ledger_error(self._path, error) from error
        finally:
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")


def ledger_error(path: Path, error: sqlite3.DatabaseError) -> HomeError | LedgerError:
    """Return our error for what SQLite said of the ledger at `path`.

    A full disk and a lock that another holds are worth trying again later; a disk that cannot be
    used is the home's fault, and anything else is damage.
    """
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None  # the rest tells where it happened
    if primary == sqlite3.SQLITE_FULL:
        return DiskFullError(f"cannot write the ledger {path}: the disk is full ({error})")
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return HomeBusyError(f"another program holds the ledger {path} ({error}): try again later")
    if isinstance(error, sqlite3.OperationalError):
        advice = "check the disk, its room and its owner"
        return HomeError(f"cannot use the ledger {path} ({error}): {advice}")
    return LedgerError(f"{path} is no ledger, or is damaged ({error}): {_RESTORE}")


def open_database(path: Path) -> sqlite3.Connection:
    """Return the open file, its tables made where they are missing.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    LedgerError
        If the file is no ledger, or one of a newer version.
    """
    is_there(path)  # else SQLite would remove what a damaged one left beside it
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    try:
        _check_once(connection, path)
        _set_up(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ledger_error(path, error) from error
    except LedgerError:
        connection.close()
        raise
    return connection


_CHECKED: Final[set[tuple[int, int]]] = set()
"""Files that this process found whole: what it writes after that is its own."""


def _check_once(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage before the first write of this process: nothing is added to what is broken.

    It takes a third of a second for a hundred megabytes.
    """
    if not path.is_file():
        return
    facts = path.stat()
    key = (facts.st_dev, facts.st_ino)
    if key not in _CHECKED:
        check_whole(connection, path)
        _CHECKED.add(key)


def check_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a ledger of which a page is damaged, whether or not anybody asks for that page.

    Raises
    ------
    LedgerError
        If SQLite finds fault with the file; errors of its own pass.
    """
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        message = f"{path} is damaged ({' '.join(found.split())}): {_RESTORE}"
        raise LedgerError(message)


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    """Pass a ledger of this format or an older one, which gets what it lacks."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > LEDGER_FORMAT:
        message = (
            f"the ledger {path} was written by a newer Fringewatch (format {found}, this one "
            f"reads {LEDGER_FORMAT}): install that version"
        )
        raise LedgerError(message)
    if found == LEDGER_FORMAT:  # nothing is written: every opening would wait for the disk
        add_what_is_lacking(connection)
        return
    with connection:  # one wait for the disk, and none sees half of the tables
        connection.execute("BEGIN IMMEDIATE")
        add_what_is_lacking(connection)
        connection.execute(f"PRAGMA user_version = {LEDGER_FORMAT}")


def add_what_is_lacking(connection: sqlite3.Connection) -> None:
    """Give an older ledger the tables and columns that it lacks."""
    for statement in f"{TABLES}{REVIEW_TABLES}{OPERATION_TABLES}".split(";"):
        connection.execute(statement)
    columns = {row[1] for row in connection.execute("PRAGMA table_info(scores)")}
    # Older scores are by no recipe that is known, and all are made anew; or of phase as it came.
    for name in ("recipe_sha256", "air_sha256"):
        if name not in columns:
            connection.execute(f"ALTER TABLE scores ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=60, isolation_level=None)
    except sqlite3.DatabaseError as error:
        raise ledger_error(path, error) from error


def asking_pause(attempts: int) -> dt.timedelta:
    """Return how long what was asked for in vain so many times is left alone."""
    # Not computed far beyond the longest pause: powers of two grow out of any date.
    return min(_FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10)), _LONGEST_PAUSE)


def write_time(time: dt.datetime | None = None) -> str:
    """Return a time as the ledger writes it, UTC to the second; now if none is given."""
    return (time or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="seconds")


def parse_time(text: str) -> dt.datetime:
    """Return the time that the ledger wrote, UTC."""
    return dt.datetime.fromisoformat(text)
