"""Read a home without writing a byte to it: for whoever only looks.

SQLite leaves its own files (``-shm``, ``-wal``) beside a database that is opened for reading, and
a page that changes while it is read cannot be told from a damaged one. Hence a reader takes a
copy into memory: one moment of the ledger, whatever a run writes to it meanwhile.
"""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from catalogs.home.home import Home, check_format, check_ledger
from catalogs.home.lost_ledger import refuse_lost_mark
from catalogs.ledger.blank import connect_for_reading, has_no_data, is_there
from catalogs.ledger.file import (
    LEDGER_FORMAT,
    OLDEST_READABLE,
    add_what_is_lacking,
    check_whole,
    ledger_error,
)
from catalogs.ledger.ledger import Ledger
from catalogs.storage.mark import check_storage
from fringewatch.errors import HomeError, LedgerError, NoHomeError


def find_home(home: Home) -> Home:
    """Return the home, which is there already; nothing is made.

    Raises
    ------
    NoHomeError
        If there is none.
    HomeError
        If it is damaged, was written by a newer version, or keeps its cubes in another storage.
    LedgerError
        If its ledger is lost: it knows of nothing, while there are cubes or tables. A storage is
        asked for them only where the home has used it.
    """
    mark = home.root / "home.json"
    if not mark.is_file():
        refuse_lost_mark(mark, home.ledger)
        what = (
            "the folder is there, and is none" if home.root.is_dir() else "there is no such folder"
        )
        message = (
            f"there is no Fringewatch home at {home.root} ({what}): name one with --home, or run "
            "`fringewatch backfill` first, which makes it"
        )
        raise NoHomeError(message)
    check_format(mark)
    check_storage(home.root, home.storage)
    check_ledger(home)
    return home


def kept_ledger(home: Home) -> Ledger:
    """Return the ledger of a home as it is now, for reading.

    Raises
    ------
    NoHomeError
        If the home has none: nothing ran in it yet.
    HomeError, LedgerError
        As `read_ledger`.
    """
    ledger = read_ledger(home.ledger)
    if ledger is None:
        message = f"the home {home.root} is empty: nothing ran in it yet (`fringewatch backfill`)"
        raise NoHomeError(message)
    return ledger


def read_ledger(path: Path) -> Ledger | None:
    """Return the ledger at `path` as it is now, for reading; None if there is none yet.

    Raises
    ------
    HomeError
        If the file cannot be read.
    LedgerError
        If the file is no ledger, is damaged, or is one of a newer version.
    """
    if not is_there(path):
        return None
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with ExitStack() as after_an_error:
        after_an_error.callback(copy.close)
        try:
            _copy_into(copy, path)
            check_whole(copy, path)
            found = copy.execute("PRAGMA user_version").fetchone()[0]
            if not found and has_no_data(copy):
                return None  # its maker was killed, or found no room, before it was one
            written = found
            if OLDEST_READABLE <= found < LEDGER_FORMAT:
                add_what_is_lacking(copy)  # the copy gets what it lacks; the file stays as it is
                found = LEDGER_FORMAT
            copy.execute("PRAGMA query_only = ON")
        except sqlite3.DatabaseError as error:
            raise ledger_error(path, error) from error
        if found != LEDGER_FORMAT:
            message = (
                f"the ledger {path} has format {found}, this version reads {LEDGER_FORMAT}: "
                "install the Fringewatch that wrote it"
            )
            raise LedgerError(message)
        after_an_error.pop_all()
    return Ledger(copy, path, written)


def refuse_older_version(home: Home) -> None:
    """Refuse a home that no run of this version has brought up to date yet.

    Raises
    ------
    HomeError
        If an older version wrote its ledger; and as `kept_ledger`.
    """
    with kept_ledger(home) as ledger:
        if ledger.age_words:
            raise HomeError(ledger.age_words)


def _copy_into(copy: sqlite3.Connection, path: Path) -> None:
    written = path.with_name(f"{path.name}-wal")
    if not written.exists():
        # Nobody writes: without "immutable" SQLite would make files of its own.
        with closing(connect_for_reading(path)) as source:
            source.backup(copy)
        if not written.exists():
            return
    with closing(connect_for_reading(path)) as source:
        source.backup(copy)
