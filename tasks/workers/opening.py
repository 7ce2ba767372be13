"""Workers: share large work among processes here, or among those of a Dask scheduler.

A work is a plain function that is called once for each item. What an item makes lies on disk or in
a bucket when it ends, and what comes back is small. So a lost worker costs one item, and a lost
run nothing that was done.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from catalogs.settings import Settings
from tasks.workers.base import Failure, Workers
from tasks.workers.cluster import ClusterWorkers, LossWords
from tasks.workers.embedded import embedded_client, fitting_workers
from tasks.workers.here import ThisProcess
from tasks.workers.scheduler import scheduler_client

__all__ = ["Failure", "Workers", "open_workers"]


@contextmanager
def open_workers(settings: Settings, *, most: int | None = None) -> Iterator[Workers]:
    """Return workers for the block, as the settings say; no process of theirs outlives it.

    Parameters
    ----------
    settings : Settings
        With `scheduler`, the workers of that Dask scheduler. Without, `workers` processes of this
        machine, each stopped when it holds more than `worker_memory_gb`; 0 is one for each
        processor, as far as the machine's memory is enough for them, and 1 is this process itself.
    most : int, optional
        As many as there is work for: no more are started, and no more items are begun at once.

    Raises
    ------
    BadInputError
        If the scheduler's address is none, or its workers run other versions than we do.
    SourceUnavailableError
        If the scheduler gives no answer, or has no workers.
    HomeError
        If processes cannot be started here.
    """
    if settings.scheduler:
        with scheduler_client(settings.scheduler) as (client, threads):
            words = LossWords(
                lost=f"the scheduler at {settings.scheduler} was lost",
                advice="give the scheduler's workers more memory, or cut the work smaller (fewer "
                "patches in a shard)",
            )
            yield ClusterWorkers(client, _limited(threads, most), most, words)
        return
    count = _limited(settings.workers or fitting_workers(settings.worker_memory_gb), most)
    if count == 1:
        yield ThisProcess()
        return
    with embedded_client(count, settings.worker_memory_gb) as client:
        words = LossWords(
            lost="the worker processes were lost",
            advice="give workers more memory (worker_memory_gb, now "
            f"{settings.worker_memory_gb:g}), or cut the work smaller (fewer patches in a shard)",
        )
        yield ClusterWorkers(client, count, count, words)


def _limited(count: int, most: int | None) -> int:
    return count if most is None else max(1, min(count, most))
