"""What lies behind an error of HTTP, for people and for decisions."""

from collections.abc import Iterator

import requests


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
    return f"{type(error).__name__} ({innermost})"
