"""Schedules without a pool: one process that keeps them, for a laptop or one systemd unit."""

import asyncio
import datetime as dt
import logging
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from anyio.from_thread import start_blocking_portal
from httpx import HTTPError
from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from catalogs.settings import Settings
from flows.backfill import backfill
from flows.heartbeat import heartbeat
from flows.messages import messages
from flows.nightly import nightly
from flows.orphans import SERVED_BY
from flows.told_to_end import ToldToEnd
from flows.verify import verify
from fringewatch.errors import ServerUnavailableError

_LOGGER = logging.getLogger(__name__)

_LOOK_EACH_S: Final = 0.5


@dataclass(frozen=True)
class Served:
    """A flow, and when it runs by itself; never without a schedule."""

    flow: Flow[..., Any]
    tags: tuple[str, ...]
    cron: str = ""
    """In UTC."""


SERVED: Final[Mapping[str, Served]] = {
    "nightly": Served(nightly, ("fringewatch", "ingest"), "17 2 * * *"),
    "messages": Served(messages, ("fringewatch", "messages"), "*/15 * * * *"),
    "heartbeat": Served(heartbeat, ("fringewatch", "health"), "41 * * * *"),
    "verify": Served(verify, ("fringewatch", "upkeep"), "23 5 * * 0"),
    "backfill": Served(backfill, ("fringewatch", "ingest")),
}
"""As in prefect.yaml; a test holds both together."""


def serve_schedules(settings: Settings, say: Callable[[str], None]) -> None:
    """Keep the schedules until the process is told to end; runs are processes of their own.

    What was missed while nothing ran is not made up for, but a night looks back as far as the
    settings say.

    Parameters
    ----------
    settings
        Name the home, which the runs are told by the environment.
    say
        Takes the lines that tell a person what is served: the last one once all of it is.

    Raises
    ------
    ServerUnavailableError
        If the server gives no answer any more.
    """
    os.environ["FRINGEWATCH_HOME"] = str(settings.home.resolve())
    os.environ[SERVED_BY] = str(os.getpid())
    told = asyncio.Event()

    def say_served() -> None:
        for name, each in SERVED.items():
            say(f"{name}: {f'cron {each.cron} UTC' if each.cron else 'waits to be asked'}")
        since = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"
        say(f"serving {settings.home} since {since}; ends with Ctrl-C")

    # In a thread of its own: signals are for this one, which tells the other in good order.
    with start_blocking_portal() as portal:
        # Runs inherit what their parent thread is deaf to: Ctrl-C is for us, who end them.
        portal.call(signal.pthread_sigmask, signal.SIG_BLOCK, {signal.SIGINT})
        keeping = portal.start_task_soon(_keep, told, say_served)
        try:
            keeping.result()
        except ToldToEnd:
            portal.call(told.set)
            if error := keeping.exception():  # once it has ended
                _LOGGER.warning("the end was not in order: %s", error)
            raise


async def _keep(told: asyncio.Event, say_served: Callable[[], None]) -> None:
    """Have runs started when they are due, until told to end."""
    # Schedules stay on: whoever starts this again finds them as they were.
    runner = Runner(pause_on_shutdown=False)
    for deployment in _deployments():
        await runner.aadd_deployment(deployment)
    polling = asyncio.create_task(runner.start())
    end = asyncio.create_task(told.wait())
    is_said = False
    while not polling.done() and not end.done():
        pause = None if is_said else _LOOK_EACH_S
        await asyncio.wait((polling, end), timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        if not is_said and runner.last_polled is not None:  # the server has said what is due
            say_served()
            is_said = True
    if end.done():
        return await _end(runner, polling)
    end.cancel()
    try:
        await polling
    except* (HTTPError, RuntimeError) as errors:
        message = (
            "the Prefect server gives no answer any more: see to it, and start this again; the "
            "schedules are as they were"
        )
        raise ServerUnavailableError(message) from errors


async def _end(runner: Runner, polling: asyncio.Task[None]) -> None:
    """Tell the runs to end, and wait for them; those that do not are killed, by Prefect."""
    if not runner.started:  # it is on its way, and has no runs yet
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling
        return
    await runner.astop()
    while not polling.done():  # a run that was just about to start
        await runner.cancel_all()
        await asyncio.wait((polling,), timeout=_LOOK_EACH_S)


def _deployments() -> list[RunnerDeployment]:
    return [
        RunnerDeployment.from_flow(
            each.flow,
            name,
            schedule=Cron(each.cron, timezone="UTC") if each.cron else None,
            tags=[*each.tags],
            description=(each.flow.description or "").partition("\n")[0],
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for name, each in SERVED.items()
    ]
