"""Which workers tile: this process, or others that a run starts once, when it is worth it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Final

from catalogs.settings import Settings
from tasks.workers.base import Workers
from tasks.workers.here import ThisProcess

WORTH_WORKERS: Final = 250
"""Pairs of a frame from which on worker processes are started. To start two takes some three
seconds and 600 MB; they save at most half of the 41 ms of processor time that a pair of whole files
takes, or of the 23 ms of a window, so that they earn their start after 150 to 260 pairs. A night
brings a few."""

_AT_HAND: ContextVar[Workers] = ContextVar("workers at hand")
_THIS_PROCESS: Final = ThisProcess()


def workers_at_hand() -> Workers:
    """Return the workers of the `workers_on_demand` block that runs this; else this process.

    A step is told them this way, not by an argument: a step may be a Prefect task, whose arguments
    are written down, and open connections cannot be.
    """
    return _AT_HAND.get(_THIS_PROCESS)


@contextmanager
def workers_on_demand(settings: Settings) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many pairs come, and starts workers if that is worth it.

    Inside the block `workers_at_hand` returns them from then on; they end with the block. With
    `scheduler` in the settings any pair is worth it, with `workers = 1` none is. The workers of a
    scheduler read the home's downloaded files themselves: it has to lie on a file system that
    they share, under the same path.

    Raises
    ------
    BadInputError, SourceUnavailableError, HomeError
        The function, as `open_workers` does.
    """
    worth = 1 if settings.scheduler else WORTH_WORKERS
    with ExitStack() as stack:
        token = _AT_HAND.set(workers_at_hand())
        stack.callback(_AT_HAND.reset, token)
        opened = False

        def demand(pairs: int) -> None:
            nonlocal opened
            if opened or pairs < worth or (settings.workers == 1 and not settings.scheduler):
                return
            from tasks.workers.opening import open_workers  # noqa: PLC0415 - Dask is slow to import

            workers = stack.enter_context(open_workers(settings, most=settings.pairs_per_batch))
            _AT_HAND.set(workers)
            opened = True

        yield demand
