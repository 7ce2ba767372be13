"""One builder of a corpus at a time: a lock file on disk, a lease in a bucket.

On disk the system frees the lock when the process ends, however it ends. A bucket knows nothing of
processes, so there the builder's word is an object that holds for a minute and is renewed all the
time; when its builder dies, it runs out.

A version's content is decided by its plan, so even two builders at once would write the same
bytes: what this prevents is double work, and removing what another builds.
"""

import datetime as dt
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Self

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import override

from catalogs.corpora.versions import Corpus
from catalogs.storage.place import Place
from fringewatch.atomic import disk_errors
from fringewatch.errors import BadInputError, HomeBusyError, HomeError, StoreError

_FREE: Final = b"{}\n"
"""What a builder that is done leaves: removing the object could remove the next builder's."""
_TRIES: Final = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeaseTimes:
    """How long a lease in a bucket holds."""

    life: float = 60.0
    """Seconds for which it holds after it was last renewed."""
    renewal: float = 15.0
    """Seconds between renewals."""

    def __post_init__(self) -> None:
        if not 0.0 < 2.0 * self.renewal <= self.life:
            message = (
                f"a lease of {self.life} s cannot be renewed every {self.renewal} s: let it live "
                "for two renewals or more"
            )
            raise BadInputError(message)


class Builder(BaseModel):
    """Who builds a corpus, as ``builder.json`` says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    host: str
    process: int
    holder: str
    since: str
    """UTC."""
    expires: float = 0.0
    """Seconds since 1970 by the builder's own clock; 0 on disk."""

    @classmethod
    def of_this_process(cls, holder: str) -> Self:
        """Return this process, under an id of its own."""
        since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        return cls(
            id=uuid.uuid4().hex,
            host=socket.gethostname(),
            process=os.getpid(),
            holder=holder,
            since=since,
        )

    @classmethod
    def parse(cls, content: bytes, place: Place) -> Self:
        """Return the builder that an object names; raises `HomeError`."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            message = f"{place} is damaged: if nobody builds this corpus, remove it and try again"
            raise HomeError(message) from error

    @property
    def content(self) -> bytes:
        """What is kept of it."""
        return self.model_dump_json().encode() + b"\n"

    def __str__(self) -> str:
        named = f" ({self.holder})" if self.holder else ""
        return f"process {self.process} on {self.host}{named} since {self.since}"


class Lease:
    """The right to build, held until the block of `only_builder` ends."""

    def check(self) -> None:
        """Raise `HomeError` if another has it by now, or nobody can tell; on disk it is safe."""


@contextmanager
def only_builder(
    corpus: Corpus, holder: str = "", times: LeaseTimes | None = None
) -> Iterator[Lease]:
    """Hold a corpus for building and pruning; give the lease, which tells whether it still holds.

    Ask it before anything that cannot be done twice. In a bucket a lease may be lost: when the
    network is away or the machine sleeps for longer than its life. A builder that died is waited
    for: until its lease has run out by this machine's clock, and then for two renewals more, in
    which nothing may change. So clocks that differ cannot make two builders, as long as the holder
    can renew; they only make a dead builder's lease last longer or shorter.

    Parameters
    ----------
    corpus
        It need not be there yet.
    holder
        What others are told of this builder, such as the name of a run.
    times
        Of a lease in a bucket; a minute, renewed four times, if not given.

    Raises
    ------
    HomeError
        If another builds it, or the storage cannot be written; at the end of the block, if that
        ended well but the lease was lost in between.
    """
    folder = corpus.place.path
    if folder is not None:
        with _disk_lock(corpus, folder, holder):
            yield Lease()
        return
    lease = _BucketLease(corpus, Builder.of_this_process(holder), times or LeaseTimes())
    lease.take()
    try:
        yield lease
    finally:
        lease.give_back()
    lease.check()


@contextmanager
def _disk_lock(corpus: Corpus, folder: Path, holder: str) -> Iterator[None]:
    """Hold the corpus on disk; the system lets go of it when the process ends."""
    lock = FileLock(folder / "builder.lock", thread_local=False)
    note = corpus.place / "builder.json"
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise HomeBusyError(_refusal(corpus, _noted(note), "wait until it ends")) from error
    try:
        note.write(Builder.of_this_process(holder).content)
        yield
    finally:
        try:
            note.remove()
        finally:
            lock.release()


def _noted(note: Place) -> str:
    try:
        return str(Builder.parse(note.read(), note))
    except (StoreError, HomeError):  # the lock is what counts; the note comes a moment later
        return "another process"


def _refusal(corpus: Corpus, builder: object, advice: str) -> str:
    return f"corpus '{corpus.name}' at {corpus.place} is being built by {builder}: {advice}"


@dataclass(eq=False)
class _BucketLease(Lease):
    corpus: Corpus
    builder: Builder
    times: LeaseTimes
    lost: str = ""
    """How, if it is."""
    freed: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def place(self) -> Place:
        return self.corpus.place / "builder.json"

    def take(self) -> None:
        """Take the lease and keep it renewed; raises `HomeError` if another has it."""
        for _ in range(_TRIES):  # others may take it or give it back between two questions
            try:
                if self._try_to_take():
                    break
            except StoreError:  # the object went away between two questions
                continue
        else:
            words = _refusal(self.corpus, "several who ask at once", "try again in a minute")
            raise HomeBusyError(words)
        self.thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self.thread.start()

    @override
    def check(self) -> None:
        if not self.lost and not self.freed:  # the storage is asked: a clock stops in sleep
            self._look_who_has_it()
        if self.lost:
            message = (
                f"this build of corpus '{self.corpus.name}' lost its lease: {self.place} "
                f"{self.lost}. What was written is kept: run again when no other build goes on"
            )
            raise HomeBusyError(message)

    def give_back(self) -> None:
        """Free the lease for the next builder, if it still is ours; it was all the time, then."""
        self.stop.set()
        if self.thread is not None:
            self.thread.join()
        try:
            while not self.lost and not self.freed:
                self.freed = self.place.replace(self.builder.content, _FREE)
                if not self.freed:
                    self._look_who_has_it()
        except (HomeError, StoreError) as error:
            log.warning("could not free %s, it will run out: %s", self.place, error)

    def _try_to_take(self) -> bool:
        if self._put(self.place.create):
            return True
        seen = self.place.read()
        if seen != _FREE:
            self._wait_for_the_dead(seen)
        return self._put(partial(self.place.replace, seen))

    def _wait_for_the_dead(self, seen: bytes) -> None:
        other = Builder.parse(seen, self.place)
        advice = f"wait until it ends; if it is dead, its lease runs out by itself ({self.place})"
        if other.expires > time.time():
            raise HomeBusyError(_refusal(self.corpus, other, advice))
        log.info("the lease of %s has run out; waiting for a sign of life", other)
        time.sleep(2.0 * self.times.renewal)
        if self.place.read() not in {seen, _FREE}:
            raise HomeBusyError(_refusal(self.corpus, other, advice))

    def _put(self, put: Callable[[bytes], bool]) -> bool:
        """Put the builder's word there with a new date of expiry; tell whether it was taken."""
        mine = self.builder.model_copy(update={"expires": time.time() + self.times.life})
        if put(mine.content):
            self.builder = mine
        return self.builder is mine

    def _keep(self) -> None:
        while not self.lost and not self.stop.wait(self.times.renewal):
            try:
                if not self._put(partial(self.place.replace, self.builder.content)):
                    self._look_who_has_it()
            except (HomeError, StoreError) as error:
                log.warning("could not renew %s: %s", self.place, error)

    def _look_who_has_it(self) -> None:
        """Note that the lease is lost, unless a renewal succeeded whose answer did not come."""
        try:
            found = self.place.read()
        except StoreError:
            found = _FREE
        other = None if found == _FREE else Builder.parse(found, self.place)
        if other is None:
            self.lost = "was removed or freed"
        elif other.id != self.builder.id:
            self.lost = f"was taken over by {other}"
        else:
            self.builder = other
