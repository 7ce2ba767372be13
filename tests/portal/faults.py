"""What can go wrong on the way, as data: `portal.faults["20240106_20240118"] = Fault(...)`."""

from dataclasses import dataclass
from enum import Enum, auto


class FaultKind(Enum):
    """A way of answering that is not the right one."""

    STATUS = auto()
    """Answer `code`, with a Retry-After of `retry_after_s` if there is one."""
    HTML = auto()
    """Answer 200 with an HTML page that says that something is wrong."""
    EMPTY = auto()
    """Answer 200 with no byte."""
    CUT = auto()
    """Announce the right length, send `after_bytes` of it and close the connection."""
    RESET = auto()
    """The same, but break the connection (TCP reset)."""
    STALL = auto()
    """Answer rightly, `seconds` later."""
    REDIRECT = auto()
    """Redirect to `location`; without one, to the same address, which never ends."""


@dataclass(frozen=True)
class Fault:
    """A fault that happens on the first `times` requests, or on all of them."""

    kind: FaultKind
    times: int | None = None
    code: int = 503
    retry_after_s: int | None = None
    after_bytes: int = 0
    seconds: float = 0.0
    location: str | None = None
