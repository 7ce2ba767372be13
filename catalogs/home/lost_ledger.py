"""A home whose ledger is lost while what was made by it is there: damaged, and no new one.

A power cut or a full disk can leave a ledger of no bytes, a copy of one the file without what was
still beside it. A run that took such a home for a new one would fetch everything again, and what
people said of it, and what was said first, would be gone without a word.
"""

from pathlib import Path
from typing import Final

from catalogs.ledger.blank import is_there, knows_nothing
from catalogs.storage.place import Place
from fringewatch.errors import HomeError, LedgerError

_MADE_BY_RUNS: Final = ("cubes", "detections")
"""What lies there the ledger knows of: a run writes it before the first of them."""


def refuse_lost_ledger(ledger: Path, kept: Place) -> None:
    """Pass a home whose ledger knows of data, and one that is new.

    Parameters
    ----------
    ledger
        The file.
    kept
        Where cubes and tables lie; looked at only where the ledger knows of nothing.

    Raises
    ------
    LedgerError
        If there are cubes or tables, and the ledger knows of nothing.
    HomeError
        If something else lies in the ledger's place, or the storage gives no answer.
    """
    if not knows_nothing(ledger):
        return
    found = _found_in(kept)
    if found is None:
        return
    what = (
        "is not there" if not ledger.exists()
        else "knows of no data" if is_there(ledger)
        else "is empty (0 bytes)"
    )  # fmt: skip
    parts = [ledger.name] * ledger.exists() + [f"{name} of {kept}" for name in _MADE_BY_RUNS]
    message = (
        f"the home {ledger.parent} is damaged: its ledger {ledger} {what}, while {found} holds "
        "what runs have made. Restore the ledger from a backup, with a -wal file if that has one "
        "(docs/upkeep.md). To begin anew, without reviews and first verdicts, first move elsewhere "
        f"{', '.join(parts)}"
    )
    raise LedgerError(message)


def refuse_lost_mark(mark: Path, ledger: Path) -> None:
    """Refuse a folder without a home's mark that holds a ledger: it is a home, and damaged.

    Raises
    ------
    HomeError
        If there is a ledger.
    """
    if ledger.exists():
        message = (
            f"the home {ledger.parent} is damaged: it has a ledger, and no {mark.name}: restore "
            f"that from a backup, or copy the one of any other home of this version: all are alike"
        )
        raise HomeError(message)


def _found_in(kept: Place) -> Place | None:
    """The first folder of a volcano that holds anything; None if there is none."""
    for name in _MADE_BY_RUNS:
        for volcano in (kept / name).children():
            if (kept / name / volcano).children():
                return kept / name / volcano
    return None
