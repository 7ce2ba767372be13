"""Read a home without writing a byte to it: for whoever only looks.

SQLite leaves its own files (``-shm``, ``-wal``) beside a database that is opened for reading, and
a page that changes while it is read cannot be told from a damaged one. Hence a reader takes a
copy into memory: one moment of the ledger, whatever a run writes to it meanwhile.
"""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from catalogs.home.home import Home, check_format
from catalogs.ledger.file import LEDGER_FORMAT, OLDEST_READABLE, TABLES
from catalogs.ledger.ledger import Ledger
from catalogs.storage.mark import check_storage
from fringewatch.errors import HomeError, StoreError


class NoHomeError(HomeError):
    """There is no home where one was expected; whoever only looks makes none."""


def find_home(home: Home) -> Home:
    """Return the home, which is there already; nothing is made.

    Raises
    ------
    NoHomeError
        If there is none.
    HomeError
        If it is damaged, was written by a newer version, or keeps its cubes in another storage.
    """
    mark = home.root / "home.json"
    if not mark.is_file():
        message = (
            f"there is no Fringewatch home at {home.root}: name one with --home, or run "
            "`fringewatch backfill` first, which makes it"
        )
        raise NoHomeError(message)
    check_format(mark)
    check_storage(home.root, home.storage)
    return home


def read_ledger(path: Path) -> Ledger | None:
    """Return the ledger at `path` as it is now, for reading; None if there is none yet.

    Raises
    ------
    HomeError
        If the file cannot be read.
    StoreError
        If the file is no ledger, or one of a newer version.
    """
    if not path.is_file():
        return None
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with ExitStack() as after_an_error:
        after_an_error.callback(copy.close)
        try:
            _copy_into(copy, path)
            found = copy.execute("PRAGMA user_version").fetchone()[0]
            if OLDEST_READABLE <= found < LEDGER_FORMAT:
                copy.executescript(TABLES)  # the copy gets what it lacks; the file stays as it is
                found = LEDGER_FORMAT
            copy.execute("PRAGMA query_only = ON")
        except sqlite3.OperationalError as error:
            message = f"cannot read the ledger {path} ({error}): check the disk and its owner"
            raise HomeError(message) from error
        except sqlite3.DatabaseError as error:
            message = f"{path} is no ledger ({error}): restore it from a backup"
            raise StoreError(message) from error
        if found != LEDGER_FORMAT:
            message = (
                f"the ledger {path} has format {found}, this version reads {LEDGER_FORMAT}: "
                "install the Fringewatch that wrote it"
            )
            raise StoreError(message)
        after_an_error.pop_all()
    return Ledger(copy)


def _copy_into(copy: sqlite3.Connection, path: Path) -> None:
    written = path.with_name(f"{path.name}-wal")
    if not written.exists():
        # Nobody writes: without "immutable" SQLite would make files of its own.
        with closing(_connect(path, "immutable=1")) as source:
            source.backup(copy)
        if not written.exists():
            return
    with closing(_connect(path, "mode=ro")) as source:
        source.backup(copy)


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=60)
