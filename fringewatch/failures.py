"""What an error that is none of ours means to whoever runs us: wait, mend, or report a bug.

Libraries say "the disk is full" in many ways: as an error of the system, of SQLite, of GDAL, or in
words inside another error. Here they become the one error that says what to do.
"""

import errno
from collections.abc import Iterator
from typing import Final

from fringewatch.errors import (
    DiskFullError,
    FringewatchError,
    LedgerError,
    OutOfMemoryError,
    ServerUnavailableError,
)

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_WORDS: Final = ("no space left on device", "disk quota exceeded", "disk is full")
_SERVER_WORDS: Final = ("Failed to reach API at", "ephemeral Prefect API server")
"""What Prefect's client says by an error of no kind of its own."""

_DAMAGE_WORDS: Final = ("malformed", "not a database")

_SERVER_ERRORS: Final = 500
_TOO_MANY: Final = 429

_MEMORY_WORDS: Final = ("can't allocate memory", "failed to allocate memory")
"""What torch and ONNX Runtime say of it on a CPU, by an error of no kind of its own."""

_FOREIGN: Final = frozenset({"rasterio._err", "rasterio.errors", "sqlite3"})
"""Modules whose errors carry the system's words as text alone."""


def foreseen(error: BaseException) -> FringewatchError | None:
    """Return the error of ours that stands for `error`; None for a bug.

    One of our own errors is returned as it is. A full disk or quota, a lack of memory, and a
    Prefect server that gives no answer, are found wherever in the chain of causes they stand.
    """
    if isinstance(error, FringewatchError):
        return error
    for cause in _causes(error):
        if _is_full(cause):
            return DiskFullError(f"the disk is full ({cause}): free some space and run again")
        if _is_of_memory(cause):
            return OutOfMemoryError(
                f"not enough memory ({str(cause) or type(cause).__name__}): run again when less "
                "else runs on this machine, or with fewer workers"
            )
        if _is_of_server(cause):
            return ServerUnavailableError(
                f"the Prefect server gives no good answer ({error}): check PREFECT_API_URL and the "
                "server, and run again; what is done is kept"
            )
        if _is_of_damage(cause):
            return LedgerError(
                f"the ledger of the home is damaged ({cause}): restore ledger.sqlite from a backup "
                "(docs/upkeep.md)"
            )
    return None


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return type(error).__module__ in _FOREIGN and says_full(str(error))


def _is_of_damage(error: BaseException) -> bool:
    """Whether SQLite says that a file is none of its own, or no longer: the ledger is one."""
    is_own = type(error).__module__ == "sqlite3" and type(error).__name__ == "DatabaseError"
    return is_own and any(words in str(error) for words in _DAMAGE_WORDS)


def says_full(text: str) -> bool:
    """Whether a library or a log says in words that a disk or a quota is full."""
    return any(words in text.lower() for words in _FULL_WORDS)


def _is_of_memory(error: BaseException) -> bool:
    """Whether there was too little memory, also that of a GPU."""
    kind = type(error)
    is_torch = kind.__module__.partition(".")[0] == "torch" and kind.__name__ == "OutOfMemoryError"
    says_so = isinstance(error, RuntimeError) and any(
        words in str(error).lower() for words in _MEMORY_WORDS
    )
    return isinstance(error, MemoryError) or is_torch or says_so


def _is_of_server(error: BaseException) -> bool:
    """Whether Prefect's client says that its server is away or in trouble; it speaks by httpx."""
    kinds = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(error).mro()}
    if "httpx.HTTPStatusError" in kinds:
        status = getattr(getattr(error, "response", None), "status_code", 0)
        return status >= _SERVER_ERRORS or status == _TOO_MANY
    is_start = isinstance(error, RuntimeError) and any(w in str(error) for w in _SERVER_WORDS)
    return is_start or "httpx.TransportError" in kinds


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
