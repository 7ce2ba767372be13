"""The home: one folder that holds everything Fringewatch keeps.

What is large may lie elsewhere: with a storage, cubes, corpora, models and tables are places below
it. The ledger, downloaded files and the lock of the one writer stay in the home.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalogs.home.lost_ledger import refuse_lost_ledger, refuse_lost_mark
from catalogs.home.writer_lock import SERVING, WRITING, hold_lock
from catalogs.records import DatePair, FrameId, Product
from catalogs.settings import Settings
from catalogs.storage.mark import claim_storage, has_used_storage
from catalogs.storage.opening import open_place
from catalogs.storage.place import Place
from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import HomeError

HOME_FORMAT = 1
"""Raised by one whenever an older Fringewatch could no longer read what a newer one wrote."""


@dataclass(frozen=True)
class Home:
    """Where each thing lies: below the home's root, or below its storage; see `home_of`."""

    root: Path
    storage: str = ""
    """A folder or ``s3://bucket/prefix`` for what is large; empty: the home itself."""

    @property
    def kept(self) -> Place:
        """Where cubes, corpora, models and tables lie."""
        return open_place(self.storage or self.root)

    @property
    def ledger(self) -> Path:
        """The SQLite file that knows what was done."""
        return self.root / "ledger.sqlite"

    @property
    def settings_file(self) -> Path:
        """The user's own settings, if there are any."""
        return self.root / "fringewatch.toml"

    @property
    def model_copies(self) -> Path:
        """Models of the storage, brought here to be read."""
        return self.root / "model-copies"

    @property
    def models(self) -> Place:
        """The models trained here; those that ship with the package are elsewhere."""
        return self.kept / "models"

    @property
    def corpora(self) -> Place:
        """Patches for learning."""
        return self.kept / "corpora"

    @property
    def cubes(self) -> Place:
        """The cubes of all volcanoes, a folder each."""
        return self.kept / "cubes"

    @property
    def prefect(self) -> Path:
        """Prefect's own files: run history for its pages, never our memory."""
        return self.root / "prefect"

    def granules(self, frame: FrameId, volcano: str = "") -> Path:
        """The folder of a frame's whole files, or of a volcano's windows of them."""
        return self.root / "granules" / str(frame) / volcano

    def granule(self, frame: FrameId, pair: DatePair, product: Product) -> Path:
        """A downloaded file, until it is in the cube."""
        return self.granules(frame) / f"{pair}.{product.value}.tif"

    def window(self, volcano: str, frame: FrameId, pair: DatePair, product: Product) -> Path:
        """A volcano's window of a file, where only that travelled, until it is in the cube."""
        return self.granules(frame, volcano) / f"{pair}.{product.value}.tif"

    def cube(self, volcano: str, frame: FrameId) -> Place:
        """A volcano's window through time, as one frame sees it."""
        return self.cubes / volcano / f"{frame}.zarr"

    def detections(self, volcano: str) -> Place:
        """The folder of a volcano's tables and pictures."""
        return self.kept / "detections" / volcano

    @property
    def exports(self) -> Place:
        """What the tables say, in the forms that other systems read."""
        return self.kept / "exports"

    @property
    def site(self) -> Place:
        """The pages for people."""
        return self.kept / "site"


def home_of(settings: Settings) -> Home:
    """Return the home that the settings name, with its storage; nothing is looked at or made."""
    return Home(settings.home, settings.storage)


def open_home(home: Home) -> Home:
    """Return the home, made if it is missing; with a storage, that one answers and is ours.

    Raises
    ------
    HomeError
        If it cannot be written, was written by a newer version, or its root is another kind of
        folder: one that holds files but no ``home.json``. If the storage does not answer, or is
        that of another home.
    LedgerError
        If its ledger is lost: it knows of nothing, while there are cubes or tables.
    """
    open_folder(home)
    claim_storage(home.root, home.storage)
    refuse_lost_ledger(home.ledger, home.kept)
    return home


def open_folder(home: Home) -> Home:
    """Return the home, its folder on this machine made if it is missing; no storage is asked.

    Raises
    ------
    HomeError
        If it cannot be written, was written by a newer version, or its root is another kind of
        folder.
    """
    root = home.root
    mark = root / "home.json"
    with disk_errors(root):
        if root.exists() and not root.is_dir():
            message = f"the home {root} is a file: name a folder with --home"
            raise HomeError(message)
        if mark.is_file():
            check_format(mark)
        elif home.ledger.exists():
            refuse_lost_mark(mark, home.ledger)
        elif root.is_dir() and any(not _may_precede(entry) for entry in root.iterdir()):
            message = (
                f"{root} holds files, but is no Fringewatch home (no home.json): "
                "name an empty or a new folder with --home"
            )
            raise HomeError(message)
        root.mkdir(parents=True, exist_ok=True)
        if not mark.exists():
            content = json.dumps({"format": HOME_FORMAT, "what": "Fringewatch home"}) + "\n"
            write_atomically(mark, content.encode())
        if not os.access(root, os.W_OK):
            message = f"cannot write the home {root}: choose another --home or change its owner"
            raise HomeError(message)
    return home


def check_ledger(home: Home) -> None:
    """Pass a home that is new, or whose ledger knows of data.

    Raises
    ------
    LedgerError
        If its ledger is lost: it knows of nothing, while there are cubes or tables. A storage is
        asked for them only where the home has used it.
    HomeError
        If something else lies in the ledger's place, or that storage gives no answer.
    """
    if not home.storage or has_used_storage(home.root):
        refuse_lost_ledger(home.ledger, home.kept)


@contextmanager
def only_writer(home: Home, wait_minutes: float = 0.0) -> Iterator[None]:
    """Hold the home for writing: one run at a time, so that no two touch one cube or table.

    Raises
    ------
    HomeBusyError
        If another run holds it, and still does after so many minutes.
    """
    with hold_lock(home.root, 60.0 * wait_minutes):
        yield


@contextmanager
def only_server(home: Home) -> Iterator[None]:
    """Hold the home for keeping its schedules: by two, each night would run twice.

    Raises
    ------
    HomeBusyError
        If another process keeps them.
    """
    with hold_lock(home.root, 0.0, SERVING):
        yield


def _may_precede(entry: Path) -> bool:
    """Whether a user, Prefect or a corpus may have put this into a home before its first run."""
    names = {"fringewatch.toml", "prefect", "models", "corpora", *WRITING.names, *SERVING.names}
    return entry.name in names or entry.name.startswith(".")


def check_format(mark: Path) -> None:
    """Refuse a home of a newer version, or whose mark is damaged; raises `HomeError`."""
    try:
        found = json.loads(mark.read_text())["format"]
    except (ValueError, KeyError, TypeError) as error:
        message = f"{mark} is damaged: restore it from a backup, or name another --home"
        raise HomeError(message) from error
    if not isinstance(found, int) or found > HOME_FORMAT:
        message = (
            f"the home {mark.parent} was written by a newer Fringewatch (format {found}, this one "
            f"reads {HOME_FORMAT}): install that version, or name another --home"
        )
        raise HomeError(message)
