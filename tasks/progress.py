"""How far a step is: told to whoever listens, by default the log."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOGGER = logging.getLogger(__name__)

Listener = Callable[[str, int, int], None]
"""Called with the step's name, how many items are done, and how many there are."""


_LEAST_BETWEEN_LINES = 20


def _log_tenths(step: str, done: int, total: int) -> None:
    if done % max(total // 10, _LEAST_BETWEEN_LINES) == 0 or done == total:
        _LOGGER.info("%s: %d of %d", step, done, total)


_listeners: list[Listener] = [_log_tenths]


def report_progress(step: str, done: int, total: int) -> None:
    """Tell that `done` of `total` items of `step` are finished."""
    _listeners[-1](step, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send progress to `listener` instead of the log, inside the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
