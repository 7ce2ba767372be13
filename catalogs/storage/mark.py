"""Which home a storage belongs to, and which storage a home uses: each remembers the other.

Tables are made from one home's ledger, so that two homes in one storage would write over each
other's. And a run that forgets its storage would fetch everything again.
"""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from typing import Any, Final

from catalogs.storage.opening import open_place
from catalogs.storage.place import Place
from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import HomeError, StoreError

STORAGE_FORMAT: Final = 1
"""Raised by one whenever an older Fringewatch could no longer read what a newer one wrote."""

_IN_THE_HOME: Final = "storage.json"
_IN_THE_STORAGE: Final = "fringewatch-storage.json"


@dataclass(frozen=True)
class _Link:
    """What the home remembers."""

    home_id: str
    storage: str
    settled: bool
    """Whether the storage said that it is ours: an address with a slip of the pen never does."""


def check_storage(root: Path, storage: str) -> None:
    """Refuse a storage that is not the one this home has used; asks nobody.

    Raises
    ------
    HomeError
        If it is another, or none where there was one.
    """
    link = _read_link(root)
    if link is not None and link.settled and link.storage != _address(storage):
        message = (
            f"the home {root} keeps its cubes at {link.storage}, not at "
            f"{_address(storage) or 'itself'}: set FRINGEWATCH_STORAGE={link.storage}; to move "
            f"them, copy what lies there and remove {root / _IN_THE_HOME}"
        )
        raise HomeError(message)


def has_used_storage(root: Path) -> bool:
    """Return whether a storage ever said that it is this home's; asks nobody."""
    link = _read_link(root)
    return link is not None and link.settled


def claim_storage(root: Path, storage: str) -> None:
    """Make the storage this home's own, if it is nobody's; no storage is left at that.

    Raises
    ------
    HomeError
        If the storage does not answer, belongs to another home or to a newer version, or is not
        the one that this home has used.
    """
    check_storage(root, storage)
    if not storage:
        return
    link = _read_link(root)
    home_id = link.home_id if link else uuid.uuid4().hex
    if link is None or not link.settled:
        # Before the storage is marked: a run that is killed between the two must know its name.
        _write_link(root, _Link(home_id, _address(storage), settled=False))
    mark = open_place(storage) / _IN_THE_STORAGE
    if not mark.is_file():
        words = {
            "format": STORAGE_FORMAT,
            "what": "Fringewatch storage",
            "home": home_id,
            "made_by": f"{gethostname()}:{root.resolve()}",
        }
        mark.create((json.dumps(words) + "\n").encode())
    _check_mark(mark, home_id)
    _write_link(root, _Link(home_id, _address(storage), settled=True))


def _address(storage: str) -> str:
    place = open_place(storage) if storage else None
    if place is None:
        return ""
    return str(place if place.path is None else place.path.resolve())


def _read_link(root: Path) -> _Link | None:
    file = root / _IN_THE_HOME
    if not file.is_file():
        return None
    words = _parse(file.read_bytes(), str(file))
    return _Link(str(words.get("home")), str(words.get("storage")), bool(words.get("settled")))


def _write_link(root: Path, link: _Link) -> None:
    words = {"home": link.home_id, "storage": link.storage, "settled": link.settled}
    with disk_errors(root):
        write_atomically(root / _IN_THE_HOME, (json.dumps(words) + "\n").encode())


def _check_mark(mark: Place, home_id: str) -> None:
    """Pass a storage whose mark is this home's, and of a format that we read."""
    try:
        words = _parse(mark.read(), str(mark))
    except StoreError as error:
        message = f"{mark.parent} does not keep what is written to it: is it a cache? ({error})"
        raise HomeError(message) from error
    found = words.get("format")
    if not isinstance(found, int) or found > STORAGE_FORMAT:
        message = (
            f"{mark.parent} was written by a newer Fringewatch (format {found}, this one reads "
            f"{STORAGE_FORMAT}): install that version, or choose another storage"
        )
        raise HomeError(message)
    if words.get("home") != home_id:
        message = (
            f"{mark.parent} belongs to another home ({words.get('made_by')}): choose another "
            f"prefix; if that home is gone for good, remove {mark} and run again"
        )
        raise HomeError(message)


def _parse(content: bytes, where: str) -> dict[str, Any]:
    try:
        words = json.loads(content)
    except ValueError:
        words = None
    if not isinstance(words, dict):
        message = f"{where} is damaged: restore it from a backup, or remove it if you know why"
        raise HomeError(message)
    return words
