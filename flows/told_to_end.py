"""How a command that runs for long ends when a person or the system tells it to: in one line."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Never

_Handler = Callable[[int, FrameType | None], Any] | int | None

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
"""A service manager's, and Ctrl-C."""


class ToldToEnd(BaseException):
    """The process was told to end: no error, and nothing that catches errors may keep it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)


@contextmanager
def ends_when_told(say: Callable[[str], None]) -> Iterator[None]:
    """Leave the block when the process is told to end, and say so in a line.

    `ToldToEnd` is raised in the main thread, wherever that is. To be told again changes nothing:
    what is on its way to its end is not cut short, also not after the block.

    Parameters
    ----------
    say
        Takes the line.
    """
    before = {number: signal.signal(number, _raise) for number in _SIGNALS}
    try:
        yield
    except ToldToEnd as told:
        say(f"ended by {told}; what was going on goes on with the next run")
    else:
        _listen_as(before)
    finally:
        if any(signal.getsignal(number) is _raise for number in _SIGNALS):  # by an error
            _listen_as(before)


def _listen_as(before: Mapping[signal.Signals, _Handler]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> Never:  # noqa: ARG001 - a handler's form
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise ToldToEnd(number)
