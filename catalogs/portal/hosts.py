"""Manners toward a host: few connections, few requests a second, and rest when it is in trouble.

The state of a host is shared by all sessions and threads of this process, so that flows that run
side by side stay within the same limits together.
"""

import datetime as dt
import logging
import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final
from urllib.parse import urlsplit

from fringewatch.checked_fields import AboveZero, CheckedRecord, Count
from fringewatch.errors import SourceUnavailableError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manners(CheckedRecord):
    """What a host is asked to bear.

    Raises
    ------
    BadInputError
        If a number is zero, negative or not finite.
    """

    connections: Count = 4
    """Answers that may be under way at the same time; other clients of the portal use 4 to 8."""
    requests_per_s: AboveZero = 5.0
    """Requests that may start within any second."""
    failures_before_pause: Count = 8
    """Server errors, time-outs and broken connections in a row after which it is left alone."""
    pause_s: AboveZero = 120.0
    """How long it is left alone; then one request tries whether it is back."""


class HostPausedError(SourceUnavailableError):
    """A host failed again and again and is left alone until `until` (UTC)."""

    def __init__(self, host: str, until: dt.datetime, reason: str) -> None:
        super().__init__(
            f"{host} is not asked again before {until:%Y-%m-%d %H:%M:%S} UTC, because it failed "
            f"again and again (last: {reason}); what it lacks now is left for a later run"
        )
        self.host = host
        self.until = until


class Host:
    """One host, as all threads of this process see it; `host_at` gives it.

    Attributes
    ----------
    name : str
        With its port, if the address names one.
    under_way : int
        Answers that are being waited for or read.
    failures : int
        Failures in a row.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._changed = threading.Condition()
        self.under_way = 0
        self._starts: deque[float] = deque()
        self._not_before = -math.inf
        self.failures = 0
        self._reason = ""
        self._paused_until: float | None = None
        self._is_tried = False

    @contextmanager
    def visit(self, manners: Manners) -> Iterator["Visit"]:
        """Give a visit once it is this request's turn; it holds a connection until the block ends.

        Raises
        ------
        HostPausedError
            At once, while the host is left alone.
        """
        with self._changed:
            self._refuse_while_paused()
            while self.under_way >= manners.connections:
                self._changed.wait()
                self._refuse_while_paused()
            self.under_way += 1
            # A host that was paused gets one request; the others wait for what becomes of it.
            is_trial = self._is_tried = self._paused_until is not None
            start = self._reserve(manners)
        try:
            wait_s = start - monotonic()
            if wait_s > 0:
                sleep(wait_s)
            yield Visit(self, manners)
        finally:
            with self._changed:
                self.under_way -= 1
                if is_trial:
                    self._is_tried = False
                self._changed.notify_all()

    def hold(self, seconds: float) -> None:
        """Let no request start for so long: the host has asked for it."""
        with self._changed:
            self._not_before = max(self._not_before, monotonic() + seconds)

    def _reserve(self, manners: Manners) -> float:
        """Moment (`monotonic`) at which the next request may start; it is taken from now on."""
        at_once = max(1, math.floor(manners.requests_per_s))
        start = max(monotonic(), self._not_before)
        if len(self._starts) >= at_once:
            start = max(start, self._starts[-at_once] + at_once / manners.requests_per_s)
        self._starts.append(start)
        while len(self._starts) > at_once:
            self._starts.popleft()
        return start

    def _refuse_while_paused(self) -> None:
        if self._paused_until is None:
            return
        left_s = self._paused_until - monotonic()
        if left_s > 0 or self._is_tried:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=max(0.0, left_s))
            raise HostPausedError(self.name, until, self._reason)

    def succeeded(self) -> None:
        """Remember that the host answers."""
        with self._changed:
            if self._paused_until is not None:
                logger.info("%s answers again", self.name)
            self.failures, self._paused_until, self._is_tried = 0, None, False

    def failed(self, manners: Manners, reason: str) -> None:
        """Remember a failure; a failed trial, or too many in a row, let it rest."""
        with self._changed:
            self.failures += 1
            self._reason = reason
            self._is_tried = False
            if self._paused_until is not None or self.failures >= manners.failures_before_pause:
                self._paused_until = monotonic() + manners.pause_s
                logger.warning(
                    "%s is left alone for %g s: %d failures in a row, the last: %s",
                    self.name, manners.pause_s, self.failures, reason,
                )  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """A request that is under way."""

    host: Host
    manners: Manners

    def succeeded(self) -> None:
        """The host answered, if only with a 404."""
        self.host.succeeded()

    def failed(self, reason: str) -> None:
        """The host gave a server error, or nothing in time, or no connection."""
        self.host.failed(self.manners, reason)


_HOSTS: Final[dict[str, Host]] = {}
_HOSTS_LOCK: Final = threading.Lock()


def host_at(url: str) -> Host:
    """Return the host (name and port) of an address, the same object for the whole process."""
    name = urlsplit(url).netloc.lower()
    with _HOSTS_LOCK:
        return _HOSTS.setdefault(name, Host(name))
