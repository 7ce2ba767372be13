"""Ask for an address and turn every way of not getting it into one of our errors."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from time import sleep
from typing import Final, TypeVar

import requests

from catalogs.portal.bodies import BrokenBodyError, CutAnswerError, TooSlowError, body_chunks
from catalogs.portal.causes import NO_ANSWER, describe, no_answer
from catalogs.portal.patience import backoff_s
from catalogs.portal.session import PortalSession
from fringewatch.errors import MissingProductError, SourceUnavailableError

__all__ = [
    "BrokenBodyError",
    "CutAnswerError",
    "Page",
    "TooSlowError",
    "ask",
    "open_answer",
    "read_page",
]

logger = logging.getLogger(__name__)

Read = TypeVar("Read")

OK_ONLY: Final = frozenset({200})

_NOT_THERE: Final = frozenset({404, 410})
_BROKEN_BODY: Final = (
    BrokenBodyError,
    # The same, for a `read` that uses requests' own ways to read a body:
    requests.ConnectionError,  # reset, or nothing more within the time limit
    requests.exceptions.ChunkedEncodingError,  # ended early
    requests.exceptions.ContentDecodingError,  # damaged compression
)


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
        If there is no answer, or another status than 200, after all repetitions; a `TooSlowError`
        if it only dripped.
    """

    def as_page(response: requests.Response) -> Page:
        content = bytearray()
        for chunk in body_chunks(response, session.settings):
            content += chunk
            if len(content) > (most := session.settings.page_bytes_max):
                message = (
                    f"{url} is longer than {most} bytes: no page of the portal is; if it is right, "
                    f"set `largest_page_mb` higher"
                )
                raise SourceUnavailableError(message)
        # Names in these pages are ASCII; whatever else a server says must not stop the reading.
        return Page(content.decode("utf-8", errors="replace"), response.url)

    return ask(session, url, as_page)


def ask(
    session: PortalSession,
    url: str,
    read: Callable[[requests.Response], Read],
    headers: Mapping[str, str] | None = None,
    accepted: Collection[int] = OK_ONLY,
) -> Read:
    """Return what `read` makes of the answer to a GET of `url`, if its status is `accepted`.

    The session repeats what fails before the body starts. A body that breaks off is asked for
    again here, from its first byte: `read` is then called once more and has to start anew.

    Raises
    ------
    MissingProductError
        If the server says that it is not there (404, 410).
    SourceUnavailableError
        If there is no answer, or another status, after all repetitions; a `CutAnswerError` if the
        body came shorter than announced the last time.
    """
    attempt = 0
    while True:
        attempt += 1
        with open_answer(session, url, headers, accepted) as response:
            try:
                return read(response)
            except _BROKEN_BODY as error:
                if attempt > session.settings.body_retries:
                    message = f"the body of {url} broke off in each of {attempt} attempts: "
                    kind = type(error) if isinstance(error, BrokenBodyError) else BrokenBodyError
                    raise kind(message + describe(error)) from error
                logger.warning("%s broke off (%s); asking again", url, describe(error))
        sleep(backoff_s(session.settings, attempt))


@contextmanager
def open_answer(
    session: PortalSession,
    url: str,
    headers: Mapping[str, str] | None = None,
    accepted: Collection[int] = OK_ONLY,
) -> Iterator[requests.Response]:
    """Give the answer to a GET of `url`, its body still to be read; it is closed afterwards.

    Raises
    ------
    MissingProductError
        If the server says that it is not there (404, 410).
    SourceUnavailableError
        If there is no answer, or a status that is not `accepted`, after all repetitions; a
        `HostPausedError` if the host is left alone for now, a `ForeignHostError` if the address
        or a redirect leads to a host that is not allowed.
    """
    try:
        response = session.get(url, headers=headers, stream=True)
    except NO_ANSWER as error:
        raise no_answer(url, error) from error
    with response:
        if response.status_code not in accepted:
            raise _refusal(url, response)
        yield response


def status_of(response: requests.Response) -> str:
    """Return the status of an answer in the standard's words; the server's own are not quoted."""
    try:
        status = HTTPStatus(response.status_code)
    except ValueError:
        return str(response.status_code)
    return f"{status.value} {status.phrase}"


def _refusal(url: str, response: requests.Response) -> MissingProductError | SourceUnavailableError:
    answer = f"{url} answered {status_of(response)}"
    hops = [hop.url for hop in (*response.history, response)]
    if len(hops) > 1:
        answer += f" (redirected: {' -> '.join(hops)})"
    if response.status_code in _NOT_THERE:
        return MissingProductError(f"{answer}: it is not there now")
    return SourceUnavailableError(f"{answer}; it is worth trying again later")
