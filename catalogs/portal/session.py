"""The one place where HTTP sessions are made: patient, polite, bounded, honest about who asks."""

import logging
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import sleep
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from typing_extensions import override

from catalogs.portal.allowed_hosts import AllowedHosts
from catalogs.portal.causes import causes, describe
from catalogs.portal.guarded_connections import guarded_pools
from catalogs.portal.hosts import Manners, Visit, host_at
from catalogs.portal.patience import backoff_s, retry_after_s
from catalogs.portal.roots import DEFAULT_USER_AGENT
from fringewatch.checked_fields import AboveZero, Count, FromZero, WholeFromZero, check_fields
from fringewatch.errors import BadInputError

logger = logging.getLogger(__name__)

RETRIED_STATUS: Final = (429, 500, 502, 503, 504)
"""Answers that may be better a moment later; a 404 is final and not among them."""

MAX_REDIRECTS: Final = 5
"""The portal needs one or two; a folder asked without its last slash redirects for ever."""

_SERVER_ERRORS: Final = 500


@dataclass(frozen=True)
class SessionSettings:
    """How patient and how polite a session is, and what it calls itself.

    Raises
    ------
    BadInputError
        If a number is negative, not finite, or a time limit is zero, or if `user_agent` cannot be
        sent in an HTTP header.
    """

    connect_timeout_s: AboveZero = 10.0
    """How long to wait for a connection."""
    read_timeout_s: AboveZero = 60.0
    """How long to wait for the next bytes; not a limit on a whole transfer."""
    retries: WholeFromZero = 4
    """How often a request without an answer, or with one of `RETRIED_STATUS`, is repeated."""
    body_retries: WholeFromZero = 2
    """How often a request is repeated when its body broke off and next to nothing had come."""
    backoff_s: FromZero = 1.0
    """Waiting time before the first repetition; it doubles with each."""
    backoff_jitter_s: FromZero = 1.0
    """Random time added to it, so that many machines do not come back together."""
    retry_after_max_s: FromZero = 120.0
    """Longest time that a server's Retry-After is obeyed."""
    slowest_bytes_s: FromZero = 1000.0
    """A body that comes slower than this is given up; 0 for none. Users have met 9000."""
    slow_for_s: AboveZero = 60.0
    """Over how long that speed is measured."""
    user_agent: str = DEFAULT_USER_AGENT
    """Sent with every request; an observatory may put its own address in it."""
    manners: Manners = field(default_factory=Manners)
    """What each host is asked to bear."""
    hosts: tuple[str, ...] = ()
    """Hosts that links and redirects may lead to, beside the portal's own: see `AllowedHosts`."""
    netrc: bool = False
    """Whether hosts get the credentials that ``~/.netrc`` has for them."""
    page_bytes_max: Count = 1 << 23
    """A listing or a manifest that is longer, unpacked, is none: 4540 pairs in Apache's widest
    form take 1 MB."""
    file_bytes_max: Count = 1 << 30
    """A raster that is longer is none: 25 times an uncompressed frame."""

    def __post_init__(self) -> None:
        """Refuse what would hang, never ask, or break a request."""
        check_fields(self)
        agent = self.user_agent
        if not (agent.isascii() and agent.isprintable() and agent == agent.strip() != ""):
            message = f"user_agent is {agent!r}: give one line of plain ASCII text"
            raise BadInputError(message)


class PortalResponse(requests.Response):
    """An answer that counts as a connection to its host until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.visit = ExitStack()

    @override
    def close(self) -> None:
        """Give the connection back, and the place that it took."""
        super().close()
        self.visit.close()


class _PortalAdapter(HTTPAdapter):
    """Makes answers that know their place, over connections that lead where they may.

    What a proxy of the environment connects to is the proxy's to say.
    """

    def __init__(self, allowed: AllowedHosts, pool_maxsize: int) -> None:
        super().__init__(pool_maxsize=pool_maxsize)
        # requests gives no way to hand these in; the pools are made as they are needed.
        self.poolmanager.pool_classes_by_scheme = guarded_pools(allowed)

    @override
    def build_response(
        self, req: requests.PreparedRequest, resp: urllib3.BaseHTTPResponse
    ) -> PortalResponse:
        response = PortalResponse()
        vars(response).update(vars(super().build_response(req, resp)) | {"visit": ExitStack()})
        return response


class PortalSession(requests.Session):
    """A session that repeats, waits and rests as its settings say; TLS is verified.

    Every request has a time limit, keeps the manners of its host, and follows a few redirects at
    most; so does whoever asks it directly. A streamed answer must be closed: until then it counts
    as a connection.
    """

    def __init__(self, settings: SessionSettings) -> None:
        super().__init__()
        self.settings = settings
        self.allowed = AllowedHosts(settings.hosts)
        if not settings.netrc:
            self.auth = _no_credentials

    @override
    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Take credentials off a request that a redirect has made; .netrc's only when asked."""
        if self.settings.netrc:
            super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]  # requests'
        else:
            prepared_request.headers.pop("Authorization", None)

    # Any: requests' own keywords, which are passed on as they are.
    @override
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send `request`, with the settings' time limits where the caller gave none.

        Raises
        ------
        ForeignHostError
            At once, if the address or a redirect leads to a host that is not allowed.
        HostPausedError
            At once, while a host that failed again and again is left alone.
        requests.RequestException
            If there is no answer after all repetitions, or too many redirects.
        """
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (self.settings.connect_timeout_s, self.settings.read_timeout_s)
        follow = kwargs.pop("allow_redirects", True)
        stream = kwargs.pop("stream", self.stream)
        response = self._send_patiently(request, kwargs)
        history: list[requests.Response] = []
        while follow and response.next is not None:
            response.close()
            response.history = [*history]
            if len(history) >= self.max_redirects:
                message = f"more than {self.max_redirects} redirects"
                raise requests.TooManyRedirects(message, response=response)
            history.append(response)
            response = self._send_patiently(response.next, kwargs)
        response.history = history
        if not stream:
            with response:
                _ = response.content  # reads it, as requests does
        return response

    def _send_patiently(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> requests.Response:
        """Return the answer to one request, repeated while that may help."""
        for repetition in range(1, self.settings.retries + 1):
            asked_s = None
            try:
                response = self._send_once(request, kwargs)
            except (requests.ConnectionError, requests.Timeout) as error:
                if _is_refused_certificate(error):
                    raise
                logger.info("no answer from %s: %s; asking again", request.url, describe(error))
            else:
                if response.status_code not in RETRIED_STATUS:
                    return response
                asked_s = retry_after_s(response)
                response.close()
                logger.info("%s answered %d; asking again", request.url, response.status_code)
            # Where the host asked for time, everybody's next request waits for it.
            if asked_s is None:
                sleep(backoff_s(self.settings, repetition))
        return self._send_once(request, kwargs)

    def _send_once(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> requests.Response:
        """Return the answer to one request, which keeps its place at the host until closed."""
        self.allowed.refuse_foreign(request.url or "")
        host = host_at(request.url or "")
        with ExitStack() as stack:
            visit = stack.enter_context(host.visit(self.settings.manners))
            try:
                response = super().send(request, allow_redirects=False, stream=True, **kwargs)
            except (requests.ConnectionError, requests.Timeout) as error:
                if not _is_refused_certificate(error):
                    visit.failed(describe(error))
                raise
            self._judge(visit, response)
            if isinstance(response, PortalResponse):
                response.visit = stack.pop_all()
        return response

    def _judge(self, visit: Visit, response: requests.Response) -> None:
        if response.status_code >= _SERVER_ERRORS:
            visit.failed(f"it answered {response.status_code}")
        else:
            visit.succeeded()
        if response.status_code in RETRIED_STATUS:
            asked_s = retry_after_s(response)
            if asked_s is not None:
                visit.host.hold(min(asked_s, self.settings.retry_after_max_s))


def make_session(settings: SessionSettings) -> PortalSession:
    """Return a session that repeats what may pass and gives up in bounded time.

    Failed connections and `RETRIED_STATUS` are repeated with exponential backoff and jitter, and a
    server's Retry-After is obeyed up to a limit. When all is used up, the last answer is returned
    as it is (so that its status can be named), and a failed connection raises requests' error.

    Parameters
    ----------
    settings : SessionSettings
        Time limits, repetitions, manners and name.

    Returns
    -------
    PortalSession
        For http and https; close it after use. Threads may share it.
    """
    session = PortalSession(settings)
    for scheme in ("http://", "https://"):
        session.mount(scheme, _PortalAdapter(session.allowed, settings.manners.connections))
    session.max_redirects = MAX_REDIRECTS
    session.headers["User-Agent"] = settings.user_agent
    return session


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is; requests looks into .netrc only where a session says nothing."""
    return request


def _is_refused_certificate(error: Exception) -> bool:
    """Whether the server could not prove who it is: asking again would not help."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error))
