"""The one place where HTTP sessions are made: patient, bounded, and honest about who asks."""

import math
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from fringewatch import __version__
from fringewatch.errors import BadInputError

RETRIED_STATUS: Final = (429, 500, 502, 503, 504)
"""Answers that may be better a moment later; a 404 is final and not among them."""

MAX_REDIRECTS: Final = 5
"""The portal needs one or two; a folder asked without its last slash redirects for ever."""

DEFAULT_USER_AGENT: Final = (
    f"fringewatch/{__version__} (reads new LiCSAR interferograms of volcanoes; "
    "contact: whoever runs this address)"
)


@dataclass(frozen=True)
class SessionSettings:
    """How patient a session is, and what it calls itself.

    Raises
    ------
    BadInputError
        If a number is negative, not finite, or a time limit is zero, or if `user_agent` cannot be
        sent in an HTTP header.
    """

    connect_timeout_s: float = 10.0
    """How long to wait for a connection."""
    read_timeout_s: float = 60.0
    """How long to wait for the next bytes; not a limit on a whole transfer."""
    retries: int = 4
    """How often a request without an answer, or with one of `RETRIED_STATUS`, is repeated."""
    body_retries: int = 2
    """How often a request is repeated from the start when its body broke off."""
    backoff_s: float = 1.0
    """Waiting time that doubles with each repetition; urllib3 makes the first one at once."""
    backoff_jitter_s: float = 1.0
    """Random time added to it, so that many machines do not come back together."""
    retry_after_max_s: int = 120
    """Longest time that a server's Retry-After is obeyed."""
    user_agent: str = DEFAULT_USER_AGENT
    """Sent with every request; an observatory may put its own address in it."""

    def __post_init__(self) -> None:
        """Refuse what would hang, never ask, or break a request."""
        for name in ("connect_timeout_s", "read_timeout_s"):
            seconds = getattr(self, name)
            if not (math.isfinite(seconds) and seconds > 0):
                message = f"{name} is {seconds}: give a number of seconds above 0"
                raise BadInputError(message)
        counts = ("retries", "body_retries")
        for name in (*counts, "backoff_s", "backoff_jitter_s", "retry_after_max_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                message = f"{name} is {value}: give 0 or more"
                raise BadInputError(message)
        agent = self.user_agent
        if not (agent.isascii() and agent.isprintable() and agent == agent.strip() != ""):
            message = f"user_agent is {agent!r}: give one line of plain ASCII text"
            raise BadInputError(message)


class PortalSession(requests.Session):
    """A session whose every request has a time limit; TLS certificates are verified."""

    def __init__(self, settings: SessionSettings) -> None:
        super().__init__()
        self.settings = settings

    # Any: requests' own keywords, which are passed on as they are.
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send `request`, with the settings' time limits where the caller gave none."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (self.settings.connect_timeout_s, self.settings.read_timeout_s)
        return super().send(request, **kwargs)


def make_session(settings: SessionSettings) -> PortalSession:
    """Return a session that repeats what may pass and gives up in bounded time.

    Failed connections and `RETRIED_STATUS` are repeated with exponential backoff and jitter, and a
    server's Retry-After is obeyed up to a limit. When all is used up, the last answer is returned
    as it is (so that its status can be named), and a failed connection raises requests' error.

    Parameters
    ----------
    settings : SessionSettings
        Time limits, repetitions and name.

    Returns
    -------
    PortalSession
        For http and https; close it after use. Threads may share it.
    """
    session = PortalSession(settings)
    retry = Retry(
        total=settings.retries,
        status_forcelist=RETRIED_STATUS,
        allowed_methods={"GET", "HEAD"},
        backoff_factor=settings.backoff_s,
        backoff_jitter=settings.backoff_jitter_s,
        retry_after_max=settings.retry_after_max_s,
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    session.max_redirects = MAX_REDIRECTS
    session.headers["User-Agent"] = settings.user_agent
    return session
