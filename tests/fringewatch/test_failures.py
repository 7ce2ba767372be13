import errno
import sqlite3
from pathlib import Path

import httpx
import pytest
from rasterio._err import CPLE_AppDefinedError
from rasterio.errors import RasterioIOError

from fringewatch.errors import (
    BadInputError,
    DiskFullError,
    OutOfMemoryError,
    ServerUnavailableError,
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


def test_a_server_that_is_away_or_in_trouble_is_worth_another_try() -> None:
    away = httpx.ConnectError("[Errno 111] Connection refused")
    request = httpx.Request("GET", "http://127.0.0.1:9/api")
    for error in (
        raised(RuntimeError("Failed to reach API at http://127.0.0.1:9/api/"), away),
        httpx.HTTPStatusError("x", request=request, response=httpx.Response(503)),
        RuntimeError("Timed out while attempting to connect to ephemeral Prefect API server."),
    ):
        assert isinstance(foreseen(error), ServerUnavailableError)
    refused = httpx.HTTPStatusError("x", request=request, response=httpx.Response(422))
    assert foreseen(refused) is None


def test_our_own_errors_stay_and_a_bug_is_a_bug() -> None:
    ours = BadInputError("a word")
    assert foreseen(ours) is ours
    assert foreseen(KeyError("disk is full")) is None  # a name that happens to hold the words
    assert foreseen(CPLE_AppDefinedError(3, 1, "a cut file")) is None
    with pytest.raises(FileNotFoundError) as caught:
        Path("nowhere/at/all").read_bytes()
    assert foreseen(caught.value) is None
