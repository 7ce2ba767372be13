"""The locks of the one that writes to a home and of the one that serves it, with notes of who.

The system holds them, so that a process that is killed leaves none.
"""

import datetime as dt
import logging
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from fringewatch.atomic import disk_errors, write_atomically
from fringewatch.errors import HomeBusyError

if TYPE_CHECKING:
    from filelock import FileLock

_LOGGER = logging.getLogger(__name__)

LOCK_NAME: Final = "writer.lock"
NOTE_NAME: Final = "writer.json"
_LONGEST_COMMAND: Final = 200


@dataclass(frozen=True)
class LockKind:
    """What a lock is for, its files, and the words of who meets it."""

    lock: str
    note: str
    other: str
    does: str
    advice: str

    @property
    def names(self) -> tuple[str, str]:
        """Of the files in the home."""
        return self.lock, self.note


WRITING: Final = LockKind(
    LOCK_NAME, NOTE_NAME, "another Fringewatch run", "writes to",
    "run again when it has ended, wait longer (busy_wait_minutes), or name another --home",
)  # fmt: skip
SERVING: Final = LockKind(
    "serve.lock", "serve.json", "another process", "keeps the schedules of",
    "end that one first, or name another --home",
)  # fmt: skip


class Writer(BaseModel):
    """Who writes to a home, or serves it."""

    model_config = ConfigDict(frozen=True)

    pid: int
    host: str
    command: str
    since: dt.datetime
    """UTC."""

    @classmethod
    def of_this_process(cls) -> Self:
        """Return the note of this process, from now on."""
        program = Path(sys.argv[0] or "python").name
        command = shlex.join([program, *sys.argv[1:]])[:_LONGEST_COMMAND]
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        return cls(pid=os.getpid(), host=socket.gethostname(), command=command, since=now)

    def __str__(self) -> str:
        """Return the writer for a person."""
        return (
            f"`{self.command}` (process {self.pid} on {self.host}, since "
            f"{self.since.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC)"
        )


@contextmanager
def hold_lock(root: Path, wait_s: float, kind: LockKind = WRITING) -> Iterator[None]:
    """Hold the folder for the block, to write to it or to serve it; wait for another for so long.

    Raises
    ------
    HomeBusyError
        If another still holds it then; the message names it.
    HomeError
        If the lock cannot be made there.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - asyncio, which readers go without

    lock = FileLock(root / kind.lock)
    note = root / kind.note
    with disk_errors(root):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _wait(lock, note, wait_s, kind)
    try:
        # For a person who waits; without it the lock holds just as well.
        write_atomically(note, Writer.of_this_process().model_dump_json(indent=2).encode() + b"\n")
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def _wait(lock: "FileLock", note: Path, wait_s: float, kind: LockKind) -> None:
    """Hold the lock in the end, or raise once the wait was in vain."""
    from filelock import Timeout  # noqa: PLC0415 - as above

    if wait_s > 0:
        _LOGGER.warning(
            "%s %s %s: waiting for it, %g minutes at the most",
            _noted(note, kind), kind.does, note.parent, wait_s / 60,
        )  # fmt: skip
    try:
        lock.acquire(timeout=wait_s, poll_interval=min(1.0, max(wait_s / 20, 0.01)))
    except Timeout as error:
        waited = f" (waited {wait_s / 60:g} minutes)" if wait_s > 0 else ""
        message = (
            f"{note.parent} is busy: {_noted(note, kind)} {kind.does} it{waited}; {kind.advice}"
        )
        raise HomeBusyError(message) from error
    _LOGGER.info("%s is free now", note.parent)


def _noted(note: Path, kind: LockKind) -> str:
    """Who holds the lock, as far as is known: the note comes a moment after the lock."""
    try:
        return f"{kind.other}, {Writer.model_validate_json(note.read_bytes())},"
    except (OSError, ValidationError):
        return kind.other
