"""Workers behind a Dask client: items go out a few at a time, results come as they end.

Dask says that a worker died, but not at which of the items it held: the one it worked at, or one
that waited behind it. So after a death each of them is tried again with nothing else under way,
and only deaths seen alone condemn an item.
"""

import concurrent.futures
import logging
import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic

import dask
from distributed import Client, Future, KilledWorker
from distributed.protocol.pickle import dumps, loads
from distributed.utils import silence_logging_cmgr
from typing_extensions import override

from fringewatch.errors import SourceUnavailableError
from tasks.progress import report_progress
from tasks.workers.base import Failure, R, T, Workers, attempt, name_item

ATTEMPTS: Final = 3
"""How often an item is tried at which workers die."""

_AHEAD: Final = 2  # items for each worker: one that it works at, one that waits beside it
_SILENCE = 5.0  # seconds without a result after which the scheduler is asked whether it is there
_ANSWER_LIMIT = 20.0  # seconds that it has for the answer
_NO_WORKERS_LIMIT = 120.0  # seconds without a single worker after which the run ends
_RESULT_LIMIT = 600.0  # seconds for the bytes of one result to arrive
_DISCONNECTED: Final = "the connection ended"
_LOST: Final = (OSError, TimeoutError, concurrent.futures.CancelledError)


@dataclass(frozen=True)
class LossWords:
    """What to tell a person when workers die."""

    lost: str
    """The beginning of a sentence: who was lost."""
    advice: str
    """What to do if a worker dies at an item."""


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Keep Dask's own log away from people: what matters in it, we say as results or errors."""
    logger = logging.getLogger("distributed")
    before = logger.propagate
    logger.propagate = False
    try:
        with silence_logging_cmgr(logging.CRITICAL):
            yield
    finally:
        logger.propagate = before


class ClusterWorkers(Workers):
    """The workers of a Dask scheduler: `count` now, and up to `most` if more of them come."""

    def __init__(self, client: Client, count: int, most: int | None, words: LossWords) -> None:
        self._client = client
        self._count = count
        self._most = most
        self._words = words

    @property
    @override
    def count(self) -> int:
        return self._count

    @override
    def run(
        self, work: Callable[[T], R], items: Sequence[T], step: str
    ) -> Iterator[tuple[int, R | Failure]]:
        sender = _Sender(self._client, work, self._words.lost)
        run = _Run[T, R](sender, items, step)
        threads = _Threads(sender, self._count, self._most)
        try:
            for done, (index, result) in enumerate(
                run.results(threads, self._words.advice), start=1
            ):
                report_progress(step, done, len(items))
                yield index, result
        finally:
            run.drop()


class _Run(Generic[T, R]):
    """One pass over the items: what is under way, and what has to be tried again."""

    def __init__(self, sender: "_Sender", items: Sequence[T], step: str) -> None:
        self._sender = sender
        self._items = items
        self._step = step
        self._fresh = iter(range(len(items)))
        self._suspects: deque[int] = deque()
        self._alone: set[int] = set()
        self._deaths: Counter[int] = Counter()
        self._under_way: dict[Future, int] = {}

    def results(self, threads: "_Threads", advice: str) -> Iterator[tuple[int, R | Failure]]:
        """Return what the items make, with a few of them for each thread under way."""
        while self._send(threads.now() * _AHEAD):
            future = self._sender.next_ended()
            index = self._under_way.pop(future)
            try:
                result: R | Failure = self._sender.result_of(future)
            except KilledWorker as error:
                # A scheduler of somebody else tries again by itself before it tells us.
                self._deaths[index] += error.allowed_failures + 1
                if self._deaths[index] < ATTEMPTS or index not in self._alone:
                    self._suspects.append(index)
                    continue
                result = Failure(
                    f"a worker died {self._deaths[index]} times while it worked at this item, "
                    f"probably out of memory: {advice}"
                )
            except SourceUnavailableError:
                raise
            except Exception as error:
                name_item(error, self._step, index, self._items[index])
                raise
            del future  # what it holds is freed at the workers before anyone looks at the result
            yield index, result

    def drop(self) -> None:
        """Let go of whatever has not ended."""
        self._sender.cancel(list(self._under_way))
        self._under_way.clear()

    def _send(self, most: int) -> bool:
        """Send what may be sent now; False if nothing is under way or left."""
        if self._suspects:
            if not self._under_way:
                self._alone.add(self._suspects[0])
                self._send_one(self._suspects.popleft())
            return True
        while len(self._under_way) < most and (index := next(self._fresh, None)) is not None:
            self._send_one(index)
        return bool(self._under_way)

    def _send_one(self, index: int) -> None:
        self._under_way[self._sender.send(self._items[index])] = index


class _Sender:
    """Sends items to a scheduler and gets results back, or finds that it is lost."""

    def __init__(self, client: Client, work: Callable[..., Any], lost: str) -> None:
        self._client = client
        self._work = dumps(work)
        self._lost = lost
        self._ended: queue.SimpleQueue[Future] = queue.SimpleQueue()

    def send(self, item: object) -> Future:
        """The promise of what the item makes."""
        if self._client.status != "running":
            raise self._loss(_DISCONNECTED)
        future = self._client.submit(_attempt, self._work, item, pure=False)
        future.add_done_callback(self._ended.put)
        return future

    def next_ended(self) -> Future:
        """The next promise that is kept or broken, as soon as there is one."""
        without_workers_since = None
        while True:
            try:
                return self._ended.get(timeout=_SILENCE)
            except queue.Empty:
                if self.threads():
                    without_workers_since = None
                    continue
            without_workers_since = without_workers_since or time.monotonic()
            if time.monotonic() - without_workers_since > _NO_WORKERS_LIMIT:
                reason = f"no workers for {_NO_WORKERS_LIMIT:.0f} seconds"
                raise self._loss(reason)

    def result_of(self, future: Future) -> Any:
        """What the item made; raises what it raised, or KilledWorker."""
        try:
            return future.result(timeout=_RESULT_LIMIT)
        except _LOST as error:
            if future.status == "error":  # raised by the item itself
                raise
            raise self._loss(type(error).__name__) from error

    def cancel(self, futures: list[Future]) -> None:
        """Begin none of these that has not begun."""
        if futures and self._client.status == "running":
            self._client.cancel(futures, force=True)

    def threads(self) -> int:
        """How many items its workers can work at together; raises if it does not answer in time."""
        if self._client.status != "running":
            raise self._loss(_DISCONNECTED)
        try:
            ask = self._client.scheduler.ncores
            return sum(self._client.sync(ask, callback_timeout=_ANSWER_LIMIT).values())
        except _LOST as error:
            raise self._loss(type(error).__name__) from error

    def _loss(self, reason: str) -> SourceUnavailableError:
        message = f"{self._lost} ({reason}): run again, what is done is kept"
        return SourceUnavailableError(message)


class _Threads:
    """How many workers there are: batch systems bring them one after the other."""

    def __init__(self, sender: _Sender, count: int, most: int | None) -> None:
        self._sender = sender
        self._count = count
        self._most = most
        self._asked = time.monotonic()

    def now(self) -> int:
        """Return as many as were counted last, at least as many as there were at first."""
        grows = self._most is None or self._count < self._most
        if grows and time.monotonic() - self._asked > _SILENCE:
            self._asked = time.monotonic()
            found = max(self._count, self._sender.threads())
            self._count = found if self._most is None else min(found, self._most)
        return self._count


@lru_cache(maxsize=4)
def _opened(work: bytes) -> Callable[[Any], Any]:
    function: Callable[[Any], Any] = loads(work)
    return function


def _attempt(work: bytes, item: Any) -> Any:
    """Run in a worker: opens the work once, and keeps Dask inside it to its own thread."""
    with dask.config.set(scheduler="synchronous"):
        return attempt(_opened(work), item)
