"""Files that are there whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fringewatch.errors import HomeError

_ADVICE: Final = {
    errno.ENOSPC: "the disk is full: free some space and run the command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the command again",
    errno.EROFS: "the file system is read-only: make it writable, or choose another folder",
    errno.EACCES: "this user may not write there: change its owner, or choose another folder",
    errno.EPERM: "this user may not write there: change its owner, or choose another folder",
    errno.ENOTDIR: "a file stands where a folder is needed: move it, or choose another folder",
    errno.EEXIST: "a file stands where a folder is needed: move it, or choose another folder",
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write `path` into an error that says what to do.

    Raises
    ------
    HomeError
        If the disk is full, read-only, not ours or out of order, or a file stands where a folder
        is needed.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not the system's: errors of HTTP, say, are OSErrors too
            raise
        advice = _ADVICE.get(error.errno, f"check the disk and the path ({error.strerror})")
        message = f"cannot write {path}: {advice}"
        raise HomeError(message) from error


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
    was at `path` before is untouched.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    # Always the same name: what a killed run left is written over by the next.
    temporary = path.with_name(f".{path.name}.tmp")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
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
