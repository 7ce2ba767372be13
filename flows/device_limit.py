"""One learner at a time on each device, as a global concurrency limit of Prefect's."""

import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

_LOGGER = logging.getLogger(__name__)

_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9-]+")


@contextmanager
def alone_on(device: str) -> Iterator[None]:
    """Wait until no other flow run learns on a device of this machine, and hold it for the block.

    The limit is made where it is missing; one that is there is left as it is, so that whoever
    wants two learners on a large GPU says so once (``prefect gcl update NAME --limit 2``).
    A run that is killed gives its place back after five minutes.

    Parameters
    ----------
    device
        As torch calls it, such as ``cuda:1`` or ``cpu``.
    """
    name = limit_name(device)
    with get_client(sync_client=True) as client:
        try:
            limit = client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            with suppress(ObjectAlreadyExists):  # another run was quicker
                client.create_global_concurrency_limit(
                    GlobalConcurrencyLimitCreate(name=name, limit=1)
                )
            _LOGGER.info("made the concurrency limit %s: one run at a time", name)
        else:
            if limit.active_slots >= limit.limit:
                _LOGGER.warning(
                    "%s is taken: waiting. If nothing runs there (the server was restarted, say), "
                    "free it with: prefect gcl update %s --active-slots 0",
                    device,
                    name,
                )
    # Hours of learning are not thrown away because the server gave no answer for a while.
    with concurrency(name, strict=True, raise_on_lease_renewal_failure=False):
        yield


def limit_name(device: str) -> str:
    """Return the name of the limit of a device of this machine, whatever a process calls it."""
    kind, _, number = device.partition(":")
    if kind == "cuda":
        place = int(number) if number.isdecimal() else 0
        visible = [word for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word]
        number = visible[place] if place < len(visible) else str(place)
    words = ("fringewatch", socket.gethostname(), kind, number)
    return "-".join(_NOT_IN_NAMES.sub("-", word.lower()) for word in words if word)
