"""Schedules without a pool: one process that keeps them, for a laptop or one systemd unit."""

import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prefect import Flow, serve
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from catalogs.settings import Settings
from flows.backfill import backfill
from flows.heartbeat import heartbeat
from flows.messages import messages
from flows.nightly import nightly
from flows.verify import verify


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
        Takes the lines that tell a person what is served.
    """
    os.environ["FRINGEWATCH_HOME"] = str(settings.home.resolve())
    deployments = [
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
    for name, each in SERVED.items():
        say(f"{name}: {f'cron {each.cron} UTC' if each.cron else 'waits to be asked'}")
    since = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"
    say(f"serving {settings.home} since {since}; ends with Ctrl-C")
    # Schedules stay on: whoever starts this again finds them as they were.
    serve(*deployments, pause_on_shutdown=False, print_starting_message=False)
