"""Places where things are kept: a folder on disk, or a prefix in a bucket of object storage.

Cubes, corpora, models and tables go through a `Place`, so that one setting moves them all. What
both kinds promise: a file is there whole or not at all, also after a kill; `create` and `replace`
are decided by the storage itself, so that of two writers exactly one wins. Places are small and
can be pickled: they travel to workers, which open the storage themselves.
"""

import fcntl
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from typing_extensions import override

from fringewatch.atomic import (
    disk_error,
    disk_errors,
    draft_of,
    sweep_drafts,
    sync_file,
    write_atomically,
)
from fringewatch.errors import StoreError

if TYPE_CHECKING:
    from zarr.abc.store import Store

ZARR_ROOT: Final = "zarr.json"
"""The file of a Zarr store that is put last, and without which the store is not there."""


@dataclass(frozen=True, order=True)
class PlacedFile:
    """A file below a place."""

    name: str
    """Its path below the place, with slashes."""
    size: int
    """Bytes."""


class Place(ABC):
    """Somewhere that holds one file, or files below it; nothing need be there yet."""

    @abstractmethod
    def __truediv__(self, name: str) -> Self:
        """Return the place `name` below this one; `name` may hold slashes."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The last part of its address."""

    @property
    @abstractmethod
    def parent(self) -> Self:
        """The place that holds this one."""

    @property
    @abstractmethod
    def path(self) -> Path | None:
        """Where it lies on disk; None in a bucket."""

    @abstractmethod
    def is_file(self) -> bool:
        """Whether a file is there."""

    @abstractmethod
    def is_folder(self) -> bool:
        """Whether there are files below it, or an empty folder."""

    @abstractmethod
    def read(self) -> bytes:
        """Return the file's bytes; raises `StoreError` where there is none."""

    @abstractmethod
    def write(self, content: bytes) -> bool:
        """Put the file there, unless it has these bytes already; tell whether it was written."""

    @abstractmethod
    def create(self, content: bytes) -> bool:
        """Put the file there if nothing is; False where something was, which stays as it is."""

    @abstractmethod
    def replace(self, seen: bytes, content: bytes) -> bool:
        """Put the file there if it still holds the bytes `seen`; False where it does not."""

    @abstractmethod
    def children(self) -> tuple[str, ...]:
        """Names of the files and folders right below, sorted; hidden ones are left out."""

    @abstractmethod
    def files(self) -> Iterator[PlacedFile]:
        """Give every file at any depth below, sorted by name; hidden ones are left out."""

    @abstractmethod
    def move(self, name: str) -> Self:
        """Give it, with all that is below, another name beside this one; return where it is now."""

    @abstractmethod
    def remove(self) -> None:
        """Remove the file, or everything below; nothing there is no error."""

    @abstractmethod
    def sweep(self) -> None:
        """Remove what killed writers left below; what others write just now is let alone."""

    @abstractmethod
    def sync(self) -> None:
        """Return when all that was written below survives a power cut."""

    @abstractmethod
    def zarr_store(self, *, read_only: bool = False) -> "Store":
        """Return the place as a store that zarr and xarray open."""

    @abstractmethod
    def errors(self) -> AbstractContextManager[None]:
        """Turn the storage's own errors inside the block into `HomeError` with advice."""


def is_hidden(name: str) -> bool:
    """Whether a file is our own lock or draft: it, or a folder it lies in, begins with a dot."""
    return any(part.startswith(".") for part in name.split("/"))


@dataclass(frozen=True)
class Folder(Place):
    """A place on disk."""

    folder: Path

    @override
    def __str__(self) -> str:
        return str(self.folder)

    @override
    def __truediv__(self, name: str) -> Self:
        return type(self)(self.folder / name)

    @property
    @override
    def name(self) -> str:
        return self.folder.name

    @property
    @override
    def parent(self) -> Self:
        return type(self)(self.folder.parent)

    @property
    @override
    def path(self) -> Path:
        return self.folder

    @override
    def is_file(self) -> bool:
        return self.folder.is_file()

    @override
    def is_folder(self) -> bool:
        return self.folder.is_dir()

    @override
    def read(self) -> bytes:
        try:
            return self.folder.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            message = f"there is no file {self.folder}"
            raise StoreError(message) from error
        except OSError as error:
            message = f"cannot read {self.folder}: check the disk and its owner ({error.strerror})"
            raise disk_error(error, message) from error

    @override
    def write(self, content: bytes) -> bool:
        with self.errors():
            return write_atomically(self.folder, content)

    @override
    def create(self, content: bytes) -> bool:
        # A link fails where its name is taken, and gives the name to a file that is whole.
        with self.errors():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            sweep_drafts(self.folder.parent, self.folder.name)
            draft = draft_of(self.folder)
            try:
                draft.write_bytes(content)
                sync_file(draft)
                os.link(draft, self.folder)
                sync_file(self.folder.parent)
            except FileExistsError:
                return False
            finally:
                draft.unlink(missing_ok=True)
        return True

    @override
    def replace(self, seen: bytes, content: bytes) -> bool:
        with self.errors():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            guard = self.folder.with_name(f".{self.folder.name}.lock")
            with guard.open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not self.is_file() or self.read() != seen:
                    return False
                self.write(content)
        return True

    @override
    def children(self) -> tuple[str, ...]:
        if not self.folder.is_dir():
            return ()
        with self.errors():
            return tuple(sorted(p.name for p in self.folder.iterdir() if not is_hidden(p.name)))

    @override
    def files(self) -> Iterator[PlacedFile]:
        found = [
            PlacedFile(path.relative_to(self.folder).as_posix(), path.stat().st_size)
            for path in self.folder.rglob("*")
            if path.is_file()
        ]
        yield from sorted(file for file in found if not is_hidden(file.name))

    @override
    def move(self, name: str) -> Self:
        target = self.parent / name
        with self.errors():
            self.folder.rename(target.folder)
            sync_file(self.folder.parent)
        return target

    @override
    def remove(self) -> None:
        with self.errors():
            if self.folder.is_dir() and self.folder.is_symlink():
                # Somebody keeps it on another disk: the link stays, for what comes next.
                for child in self.folder.iterdir():
                    Folder(child).remove()
            elif self.folder.is_dir():
                shutil.rmtree(self.folder)
            else:
                self.folder.unlink(missing_ok=True)

    @override
    def sweep(self) -> None:
        sweep_drafts(self.folder)

    @override
    def sync(self) -> None:
        os.sync()

    @override
    def zarr_store(self, *, read_only: bool = False) -> "Store":
        from zarr.storage import LocalStore  # noqa: PLC0415 - a second that most looks do without

        return LocalStore(self.folder, read_only=read_only)

    @override
    def errors(self) -> AbstractContextManager[None]:
        return disk_errors(self.folder)
