"""The workers of a Dask scheduler that somebody else runs."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from distributed import Client
from distributed.comm import get_address_host_port
from distributed.versions import VersionMismatchWarning, get_versions

from fringewatch.errors import BadInputError, SourceUnavailableError
from tasks.workers.cluster import quiet_dask

_CONNECT_LIMIT = 20.0  # seconds
_WORKERS_LIMIT = 60.0  # seconds until the first worker is there: batch systems start them late
_CLOSE_LIMIT = 10.0  # seconds
_ANSWER_LIMIT = 20.0  # seconds
_BETWEEN_US = ("python", "dask", "distributed", "cloudpickle")
_SAME_EVERYWHERE = (*_BETWEEN_US, "numpy", "fringewatch")


@contextmanager
def scheduler_client(address: str) -> Iterator[tuple[Client, int]]:
    """Return a client of the scheduler, and how many threads its workers have together.

    Raises
    ------
    BadInputError
        If the address is none, or a worker runs other versions than we do.
    SourceUnavailableError
        If nobody answers at the address, or there are no workers.
    """
    with quiet_dask():
        client = _connect(address)
        try:
            threads = _wait_for_threads(client, address)
            _compare_versions(client, address)
            yield client, threads
        finally:
            with suppress(TimeoutError, OSError):
                client.close(timeout=_CLOSE_LIMIT)


def _connect(address: str) -> Client:
    """A client of the scheduler at an address."""
    try:
        get_address_host_port(address)  # a client of no address would take 40 seconds to give up
        with warnings.catch_warnings():  # of versions we raise more, and say it in our words
            warnings.simplefilter("ignore", VersionMismatchWarning)
            return Client(address, timeout=_CONNECT_LIMIT, set_as_default=False)
    # An AssertionError: Dask's own event loop had no processor for ten seconds.
    except (OSError, TimeoutError, AssertionError) as error:
        message = (
            f"no Dask scheduler answers at {address} within {_CONNECT_LIMIT:.0f} seconds: is it "
            "running, and does the setting `scheduler` name it? Leave it empty for workers of "
            "this machine"
        )
        raise SourceUnavailableError(message) from error
    except (ValueError, TypeError, RuntimeError, ImportError) as error:
        message = (
            f"scheduler = {address!r} is no address of a scheduler such as tcp://host:8786: {error}"
        )
        raise BadInputError(message) from error


def _wait_for_threads(client: Client, address: str) -> int:
    """How many threads the workers have together, once there is one."""
    end = time.monotonic() + _WORKERS_LIMIT
    while not (threads := int(sum(_ask(client, address, client.scheduler.ncores).values()))):
        if time.monotonic() > end:
            message = (
                f"the scheduler at {address} has no workers, and none came within "
                f"{_WORKERS_LIMIT:.0f} seconds: start some with `dask worker {address}`"
            )
            raise SourceUnavailableError(message)
        time.sleep(0.2)
    return threads


def _compare_versions(client: Client, address: str) -> None:
    """Pass a scheduler and workers that have the versions that we have."""
    found = _ask(client, address, client.scheduler.versions, packages=["fringewatch"])
    workers = _ask(
        client,
        address,
        client.scheduler.broadcast,
        msg={"op": "versions", "packages": ["fringewatch"]},
        on_error="ignore",
    )
    ours = get_versions(packages=["fringewatch"])["packages"]
    places = {"the scheduler": found, **{f"worker {name}": said for name, said in workers.items()}}
    for place, said in places.items():
        names = _BETWEEN_US if place == "the scheduler" else _SAME_EVERYWHERE
        for name in names:
            theirs = said["packages"].get(name) or "not installed"
            if theirs != ours[name]:
                message = (
                    f"{place} at {address} has {name} {theirs}, and here it is {ours[name]}: "
                    "results would differ; install the same versions in both places"
                )
                raise BadInputError(message)


def _ask(client: Client, address: str, question: Callable[..., Any], **words: Any) -> Any:
    try:
        return client.sync(question, callback_timeout=_ANSWER_LIMIT, **words)
    except (OSError, TimeoutError) as error:
        message = (
            f"the scheduler at {address} stopped answering ({type(error).__name__}): look at its "
            "log, and run again"
        )
        raise SourceUnavailableError(message) from error
