"""Steps whose errors say which step it was, and whose the error is."""

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from fringewatch.errors import UnforeseenError
from fringewatch.failures import foreseen
from fringewatch.plugins import PluginError
from tasks.records import FrameRequest

_LOGGER = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


def named_step(name: str, step: Callable[P, R]) -> Callable[P, R]:
    """Return the step with errors of our own alone; tracebacks of what nobody foresaw are logged.

    What libraries say of a full disk, of memory or of Prefect's server becomes one of our errors
    (`foreseen`); any other becomes an `UnforeseenError` that names the step and the frame. The
    traceback of an error in another package is logged too: whoever mends that needs it.

    Parameters
    ----------
    name
        Of the step, for the message.
    step
        Its first argument is what it is about: a `FrameRequest`, or a volcano.
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return step(*args, **kwargs)
        except Exception as error:
            where = f"{name} of {_subject(*args)}"
            found = foreseen(error)
            if isinstance(found, PluginError):
                _LOGGER.exception("%s failed in another package", where)
            if found is None:
                _LOGGER.exception("%s failed in a way that nobody foresaw", where)
                message = (
                    f"{where} failed ({type(error).__name__}: {error}): this is a bug, please "
                    "report it with the traceback in the log"
                )
                raise UnforeseenError(message) from error
            if found is error:
                raise
            raise found from error

    return run


def _subject(*about: object) -> str:
    """Return what a step is about, in words."""
    first = about[0] if about else "a run"
    if isinstance(first, FrameRequest):
        return f"{first.volcano.slug} {first.frame}"
    return str(getattr(first, "slug", first))
