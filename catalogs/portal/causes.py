"""What lies behind an error of HTTP, for people and for decisions."""

from collections.abc import Iterator
from typing import Final

import requests
import urllib3.exceptions

from catalogs.portal.allowed_hosts import ForeignHostError
from fringewatch.errors import SourceUnavailableError
from fringewatch.plain_text import plain

_QUOTED_CHARACTERS: Final = 500

NO_ANSWER: Final = (
    requests.RequestException,
    ForeignHostError,
    # What requests lets through when a server redirects to something that is no address:
    urllib3.exceptions.HTTPError,
    ValueError,
)
"""What asking an address raises, other than what is ours to pass on."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Give `error`, what caused it, and so on to the innermost."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def describe(error: Exception) -> str:
    """Return one line for people: the error's kind and its innermost cause."""
    if isinstance(error, requests.TooManyRedirects) and error.response is not None:
        hops = [*error.response.history, error.response]
        return "it redirects without end: " + " -> ".join(hop.url for hop in hops)
    *_, innermost = causes(error)
    return f"{type(error).__name__} ({plain(innermost, _QUOTED_CHARACTERS)})"


def no_answer(url: str, error: Exception) -> SourceUnavailableError:
    """Return our error for one of `NO_ANSWER` that asking `url` has raised."""
    if isinstance(error, ForeignHostError):
        return ForeignHostError(f"no answer from {url}: {error}")
    return SourceUnavailableError(
        f"no answer from {url}: {describe(error)}; it is worth trying again later"
    )
