"""Ask for an address and turn every way of not getting it into one of our errors."""

import http.client
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import requests
import urllib3.exceptions

from catalogs.portal.session import PortalSession, SessionSettings
from fringewatch.errors import MissingProductError, SourceUnavailableError

logger = logging.getLogger(__name__)

Read = TypeVar("Read")

_NOT_THERE: Final = frozenset({404, 410})
_BROKEN_BODY: Final = (
    requests.ConnectionError,  # reset, or nothing more within the time limit
    requests.exceptions.ChunkedEncodingError,  # ended early
    requests.exceptions.ContentDecodingError,  # damaged compression
)


class CutAnswerError(SourceUnavailableError):
    """Each time, the body ended before the length that the server had announced."""


@dataclass(frozen=True)
class Page:
    """A listing or a manifest as it came."""

    text: str
    url: str
    """Where it was found in the end: relative links start from here."""


def read_page(session: PortalSession, url: str) -> Page:
    """Return the page at `url`.

    Its content type is not looked at: the portal serves its manifests as plain text.

    Raises
    ------
    MissingProductError
        If the server says that it is not there (404, 410).
    SourceUnavailableError
        If there is no answer, or another status than 200, after all repetitions.
    """
    return ask(session, url, _as_page)


def ask(
    session: PortalSession,
    url: str,
    read: Callable[[requests.Response], Read],
    headers: Mapping[str, str] | None = None,
) -> Read:
    """Return what `read` makes of the answer (status 200) to a GET of `url`.

    The session repeats what fails before the body starts. A body that breaks off is asked for
    again here, from its first byte: `read` is then called once more and has to start anew.

    Raises
    ------
    MissingProductError
        If the server says that it is not there (404, 410).
    SourceUnavailableError
        If there is no answer, or another status than 200, after all repetitions; a
        `CutAnswerError` if the body came shorter than announced each time.
    """
    attempt = 0
    while True:
        attempt += 1
        with _open(session, url, headers) as response:
            try:
                return read(response)
            except _BROKEN_BODY as error:
                if attempt > session.settings.body_retries:
                    raise _broken_body(url, attempt, error) from error
                logger.warning("%s broke off (%s); asking again", url, _describe(error))
        _pause(session.settings, attempt)


def _as_page(response: requests.Response) -> Page:
    # Names in these pages are ASCII; whatever else a server says must not stop the reading.
    return Page(response.content.decode("utf-8", errors="replace"), response.url)


def _open(session: PortalSession, url: str, headers: Mapping[str, str] | None) -> requests.Response:
    try:
        response = session.get(url, headers=headers, stream=True)
    except (
        requests.RequestException,
        # What requests lets through when a server redirects to something that is no address:
        urllib3.exceptions.HTTPError,
        ValueError,
    ) as error:
        message = f"no answer from {url}: {_describe(error)}; it is worth trying again later"
        raise SourceUnavailableError(message) from error
    if response.status_code == requests.codes.ok:
        return response
    response.close()
    answer = f"{url} answered {response.status_code} {response.reason}"
    if response.status_code in _NOT_THERE:
        message = f"{answer}: it is not there now"
        raise MissingProductError(message)
    message = f"{answer}; it is worth trying again later"
    raise SourceUnavailableError(message)


def _broken_body(url: str, attempts: int, error: Exception) -> SourceUnavailableError:
    message = f"the body of {url} broke off in each of {attempts} attempts: "
    message += _describe(error)
    # Also urllib3's own word for fewer bytes than announced is one of these.
    if any(isinstance(cause, http.client.IncompleteRead) for cause in _causes(error)):
        return CutAnswerError(message)
    return SourceUnavailableError(message)


def _describe(error: Exception) -> str:
    """Return one line for people: the error's kind and its innermost cause."""
    if isinstance(error, requests.TooManyRedirects) and error.response is not None:
        hops = [*error.response.history, error.response]
        return "it redirects without end: " + " -> ".join(hop.url for hop in hops)
    *_, innermost = _causes(error)
    return f"{type(error).__name__} ({innermost})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _pause(settings: SessionSettings, attempt: int) -> None:
    jitter_s = settings.backoff_jitter_s * random.random()  # noqa: S311 - spreads load, no secret
    time.sleep(settings.backoff_s * 2.0 ** (attempt - 1) + jitter_s)
