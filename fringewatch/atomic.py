"""Files that are there whole or not at all."""

import errno
import hashlib
import os
import re
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from fringewatch.errors import DiskFullError, HomeError, StorageUnavailableError

_ADVICE: Final = {
    errno.ENOSPC: "the disk is full: free some space and run the command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the command again",
    errno.EROFS: "the file system is read-only: make it writable, or choose another folder",
    errno.EACCES: "this user may not write there: change its owner, or choose another folder",
    errno.EPERM: "this user may not write there: change its owner, or choose another folder",
    errno.ENOTDIR: "a file stands where a folder is needed: move it, or choose another folder",
    errno.EEXIST: "a file stands where a folder is needed: move it, or choose another folder",
}


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

_AWAY: Final = frozenset(
    {
        errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN, errno.EHOSTUNREACH,
        errno.ENETDOWN, errno.ENETUNREACH,
    }
)  # fmt: skip
"""What a file system says that lies on another machine, which gives no answer."""

_DRAFT: Final = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.tmp")
_FOREIGN_LIFE_S: Final = 86_400.0
"""Age at which a draft is dead whose writer we cannot ask after: it is on another machine."""


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write `path` into an error that says what to do.

    Raises
    ------
    DiskFullError
        If the disk or the quota is full.
    StorageUnavailableError
        If the disk is one of another machine, which gives no answer.
    HomeError
        If the disk is read-only, not ours or out of order, or a file stands where a folder is
        needed.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not the system's: errors of HTTP, say, are OSErrors too
            raise
        advice = _ADVICE.get(error.errno, f"check the disk and the path ({error.strerror})")
        raise disk_error(error, f"cannot write {path}: {advice}") from error


def disk_error(error: OSError, message: str) -> HomeError:
    """Return our error for what the system said of a disk, with the message."""
    if error.errno in _FULL:
        return DiskFullError(message)
    return (StorageUnavailableError if error.errno in _AWAY else HomeError)(message)


def sync_file(path: Path) -> None:
    """Make what is in `path`, a file or a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its name when the block ends without error.

    The folder is made where it is missing. After an error nothing is left behind, and a file that
    was at `path` before is untouched. Any number may write the same file: each has a path of its
    own, and the last to end wins. What killed writers of this file left is removed.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_drafts(path.parent, path.name)
        temporary = draft_of(path)
        try:
            yield temporary
            sync_file(temporary)
            temporary.replace(path)
            sync_file(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> bool:
    """Write `content` to `path` unless it stands there already; tell whether it was written."""
    if path.is_file() and path.read_bytes() == content:
        return False
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)
    return True


def draft_of(path: Path) -> Path:
    """Return a new hidden path beside `path`, which nobody else has and which tells its writer."""
    writer = f"{_this_machine()}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
    return path.with_name(f".{path.name}.{writer}.tmp")


def sweep_drafts(folder: Path, name: str = "") -> None:
    """Remove drafts that killed writers left in a folder; those that grow are left alone.

    A draft of this machine is dead when its process is; one of another when it is a day old.

    Parameters
    ----------
    folder
        Need not be there.
    name
        Only drafts of this file, right in the folder; else of all files, at any depth.
    """
    beginning = f".{name}." if name else "."
    for where, _, files in os.walk(folder):
        for file in files:
            if file.startswith(beginning) and file.endswith(".tmp"):
                with suppress(OSError):  # gone by now, or not ours: no reason to write nothing
                    if _is_dead(Path(where, file)):
                        Path(where, file).unlink()
        if name:
            return


def _is_dead(draft: Path) -> bool:
    writer = _DRAFT.fullmatch(draft.name)
    if writer is None or writer[1] != _this_machine():
        return time.time() - draft.stat().st_mtime > _FOREIGN_LIFE_S
    try:
        os.kill(int(writer[2]), 0)
    except ProcessLookupError:
        return True
    return False


@cache
def _this_machine() -> str:
    """What tells apart machines, and containers on one, whose numbers of processes differ."""
    words = [socket.gethostname()]
    with suppress(OSError):
        words.append(str(Path("/proc/self/ns/pid").readlink()))
        words.append(Path("/proc/sys/kernel/random/boot_id").read_text())
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:8]
