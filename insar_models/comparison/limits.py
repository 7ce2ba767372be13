"""How long a row may learn, and how long a call may take."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fringewatch.atomic import write_atomically
from fringewatch.errors import FringewatchError

SPENT: Final = "spent.json"
_WRITTEN_EVERY_S: Final = 20.0


class NotYetError(FringewatchError):
    """A call's time is over before the row is made: the same command goes on."""


def clock_of(device: str) -> Callable[[], float]:
    """Return the clock by which hours count: the processor's, or the wall's for a GPU.

    On a machine that does other things as well, the processor's hours are what a net had.
    """
    return time.process_time if device == "cpu" else time.monotonic


@dataclass(frozen=True)
class Limits:
    """What a call may take."""

    hours: float
    """Of learning, for each net."""
    until: float | None = None
    """Reading of `time.monotonic` at which the call ends; None: it runs to its end."""
    asked_to_stop: Callable[[], bool] = field(default=lambda: False)

    def is_over(self) -> bool:
        """Return whether the call has to end."""
        late = self.until is not None and time.monotonic() >= self.until
        return late or self.asked_to_stop()

    def check(self, doing: str) -> None:
        """Raise NotYetError where the call has to end."""
        if self.is_over():
            message = f"the time of this call ended before {doing}: the same command goes on"
            raise NotYetError(message)


class Spent:
    """Seconds that a net has learned for, over all calls; kept in its folder.

    Parameters
    ----------
    folder
        Of the run.
    clock
        As `clock_of` gives it.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._path, self._clock = folder / SPENT, clock
        self._before, self._since = 0.0, clock()
        if self._path.is_file():
            self._before = float(json.loads(self._path.read_text("utf-8"))["seconds"])
        self._written = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds until now."""
        return self._before + self._clock() - self._since

    def keep(self, *, at_once: bool = True) -> None:
        """Write them down; else only where the last time is some while ago."""
        if at_once or time.monotonic() - self._written > _WRITTEN_EVERY_S:
            write_atomically(self._path, f'{{"seconds": {self.seconds:.1f}}}\n'.encode())
            self._written = time.monotonic()
