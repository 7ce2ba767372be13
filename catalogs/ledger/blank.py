"""Whether a ledger's file is one, and whether it knows of any data: a cut one is empty, not new."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from fringewatch.atomic import disk_errors
from fringewatch.errors import HomeError, LedgerError

_OF_THE_SERVICE: Final = frozenset(
    {"runs", "run_volcanoes", "standings", "messages", "message_keys", "channels", "deliveries"}
)
"""Tables that get rows where no data ever came: a run that failed is remembered, too."""


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing, and makes no file beside one that nobody writes."""
    how = "mode=ro" if _log_of(path).exists() else "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=60)


def is_there(path: Path) -> bool:
    """Return whether a ledger was ever begun at `path`: a file of no bytes is none.

    Raises
    ------
    HomeError
        If something else lies there, or a link that leads nowhere.
    LedgerError
        If the file is empty, and its ``-wal`` file is not: SQLite would remove that.
    """
    with disk_errors(path):
        if not path.exists():
            if path.is_symlink():
                message = (
                    f"the ledger {path} is a link to {path.readlink()}, which is not there: mount "
                    "the disk that holds it, or correct the link"
                )
                raise HomeError(message)
            return False
        if not path.is_file():
            message = f"{path} is no file: the ledger belongs there; restore it from a backup"
            raise HomeError(message)
        if path.stat().st_size:
            return True
        log = _log_of(path)
        written = log.stat().st_size if log.exists() else 0
    if written:
        message = (
            f"the ledger {path} is damaged: it holds 0 bytes, and {log.name} {written}: restore "
            "both from a backup (docs/upkeep.md), and keep what is there aside till then"
        )
        raise LedgerError(message)
    return False


def knows_nothing(path: Path) -> bool:
    """Return whether the ledger at `path` knows of no data: it is not there, or has no such row.

    One that cannot be read for damage is not taken for empty.

    Raises
    ------
    HomeError, LedgerError
        As `is_there`.
    """
    if not is_there(path):
        return True
    try:
        with closing(connect_for_reading(path)) as connection:
            return has_no_data(connection)
    except sqlite3.DatabaseError:
        return False  # whoever opens it to read says what is wrong with it


def has_no_data(connection: sqlite3.Connection) -> bool:
    """Return whether no table has a row, but for those of runs and messages."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    names = {name for (name,) in found if not name.startswith("sqlite_")} - _OF_THE_SERVICE
    return not any(
        connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()  # noqa: S608 - its own
        for name in names
    )


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
