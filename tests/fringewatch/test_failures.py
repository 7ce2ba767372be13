import errno
import sqlite3
from pathlib import Path

import pytest
from rasterio._err import CPLE_AppDefinedError
from rasterio.errors import RasterioIOError

from fringewatch.errors import (
    BadInputError,
    DiskFullError,
    OutOfMemoryError,
    TryLaterError,
)
from fringewatch.failures import foreseen


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        sqlite3.OperationalError("database or disk is full"),
        CPLE_AppDefinedError(3, 1, "_tiffWriteProc: No space left on device."),
    ],
)
def test_a_full_disk_is_found_wherever_it_is_said(error: Exception) -> None:
    for seen in (raised(error), raised(RasterioIOError("Write failed."), error),
                 raised(RuntimeError("a library's own words"), error)):  # fmt: skip
        found = foreseen(seen)
        assert isinstance(found, DiskFullError)
        assert isinstance(found, TryLaterError)
        assert "free some space" in str(found)


def test_a_lack_of_memory_is_worth_another_try() -> None:
    assert isinstance(foreseen(MemoryError("Unable to allocate 3 GiB")), OutOfMemoryError)


def test_our_own_errors_stay_and_a_bug_is_a_bug() -> None:
    ours = BadInputError("a word")
    assert foreseen(ours) is ours
    assert foreseen(KeyError("disk is full")) is None  # a name that happens to hold the words
    assert foreseen(CPLE_AppDefinedError(3, 1, "a cut file")) is None
    with pytest.raises(FileNotFoundError) as caught:
        Path("nowhere/at/all").read_bytes()
    assert foreseen(caught.value) is None
