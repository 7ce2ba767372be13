"""How long to wait before a request is made again."""

import datetime as dt
import email.utils
import random
from typing import Final, Protocol

import requests

REWRITING_S: Final = 5.0
"""Pause before a page is asked for again that was met in the middle of its rewriting."""


class Patience(Protocol):
    """What the settings of a session say about waiting."""

    @property
    def backoff_s(self) -> float:
        """Waiting time before the first repetition."""

    @property
    def backoff_jitter_s(self) -> float:
        """Upper end of the random time added to it."""


def backoff_s(patience: Patience, repetition: int) -> float:
    """Return seconds to wait before `repetition` (1 is the first): doubling, with jitter."""
    jitter_s = patience.backoff_jitter_s * random.random()  # noqa: S311 - spreads load, no secret
    return patience.backoff_s * 2.0 ** (repetition - 1) + jitter_s


def retry_after_s(response: requests.Response) -> float | None:
    """Return the seconds for which a server asks to be left alone; None if it does not say.

    Its Retry-After may be a number of seconds or a date (RFC 9110, section 10.2.3); a date is
    taken against the server's own clock where it tells it.
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until = parse_http_time(text)
    if until is None:
        return None
    now = parse_http_time(response.headers.get("Date")) or dt.datetime.now(dt.UTC)
    return max(0.0, (until - now).total_seconds())


def parse_http_time(header: str | None) -> dt.datetime | None:
    """Return the time (UTC) of an HTTP header, or None if there is none that can be read."""
    if header is None:
        return None
    try:
        time = email.utils.parsedate_to_datetime(header)
        # Without a zone it is UTC: HTTP knows no other.
        return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
