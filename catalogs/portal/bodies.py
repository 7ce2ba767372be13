"""Read the body of an answer as it arrives, and give up one that breaks off or only drips."""

import http.client
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Final

import requests
import urllib3.exceptions

from catalogs.portal.causes import causes, describe
from catalogs.portal.session import SessionSettings
from fringewatch.errors import SourceUnavailableError

CHUNK_BYTES: Final = 1 << 18


class BrokenBodyError(SourceUnavailableError):
    """A body broke off."""


class CutAnswerError(BrokenBodyError):
    """The body ended in good order, but before the length that the server had announced."""


class TooSlowError(SourceUnavailableError):
    """A body came more slowly than the settings allow; it was given up."""


class SpeedWatch:
    """Tells when less than a number of bytes a second came, over a sliding time.

    Parameters
    ----------
    slowest_bytes_s : float
        The least speed in bytes a second.
    over_s : float
        Seconds over which it is measured; before they have passed, nothing is too slow.
    """

    def __init__(self, slowest_bytes_s: float, over_s: float) -> None:
        self._least_bytes = slowest_bytes_s * over_s
        self._over_s = over_s
        self._start = monotonic()
        self._arrivals: deque[tuple[float, int]] = deque()
        self._recent_bytes = 0

    def is_too_slow_after(self, size: int) -> bool:
        """Take in that `size` bytes came now, and tell whether that is too slow."""
        now = monotonic()
        self._arrivals.append((now, size))
        self._recent_bytes += size
        while self._arrivals[0][0] < now - self._over_s:
            self._recent_bytes -= self._arrivals.popleft()[1]
        return now - self._start >= self._over_s and self._recent_bytes < self._least_bytes


def body_chunks(response: requests.Response, settings: SessionSettings) -> Iterator[bytes]:
    """Give the body of a streamed answer as it arrives, at most `CHUNK_BYTES` at a time.

    Raises
    ------
    BrokenBodyError
        If the connection broke or nothing more came in time; a `CutAnswerError` if the body ended
        before the announced length.
    TooSlowError
        If it came more slowly than `settings.slowest_bytes_s`.
    """
    watch = SpeedWatch(settings.slowest_bytes_s, settings.slow_for_s)
    while chunk := _read_some(response):
        yield chunk
        if watch.is_too_slow_after(len(chunk)):
            message = (
                f"{response.url} came with less than {settings.slowest_bytes_s:g} bytes a second "
                f"over {settings.slow_for_s:g} s and was given up; what came is kept for later"
            )
            raise TooSlowError(message)


def _read_some(response: requests.Response) -> bytes:
    """The bytes that are there now, at least one; empty at the end."""
    try:
        # What is there now. requests' own iter_content waits until a chunk is full, and a body
        # that drips would hold it for ever.
        chunk: bytes = response.raw.read1(CHUNK_BYTES, decode_content=True)
    except urllib3.exceptions.HTTPError as error:
        message = f"the body of {response.url} broke off: {describe(error)}"
        # Also urllib3's own word for fewer bytes than announced is one of these.
        if any(isinstance(cause, http.client.IncompleteRead) for cause in causes(error)):
            raise CutAnswerError(message) from error
        raise BrokenBodyError(message) from error
    return chunk
