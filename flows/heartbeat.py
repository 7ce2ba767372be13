"""Heartbeat: is the watch well? Its address is called after a good night, its numbers are kept."""

import logging
from pathlib import Path
from typing import cast

from httpx import HTTPError
from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.exceptions import PrefectException
from prefect.states import Failed

from flows.run_log import RUN_LOG
from flows.run_settings import run_settings
from flows.steps import try_later_named
from tasks.health.after_run import after_run
from tasks.health.health import health_of
from tasks.health.records import Health

_LOGGER = logging.getLogger(__name__)

KEY = "fringewatch-health"


@flow(name="heartbeat", **RUN_LOG)
@try_later_named
def heartbeat(home: Path | None = None) -> Health:
    """Call the heartbeat's address if the last night was good, and return the watch's health.

    A watch that is not well ends the run as failed, in a state called *Unwell*: an automation of
    Prefect's can act on it.

    Parameters
    ----------
    home
        Folder that holds everything that is kept; the settings' if not given.

    Raises
    ------
    HomeError
        If the home cannot be read.
    """
    settings = run_settings(home=home)
    after_run(settings)
    health = health_of(settings)
    lines = list(health.lines())
    try:
        create_markdown_artifact(
            markdown="\n".join(["# Health of the watch", "", *(f"- {line}" for line in lines)]),
            key=KEY,
            description=lines[0],
        )
    except (HTTPError, PrefectException, OSError) as error:
        _LOGGER.warning("the run's page has no artifact: %s", error)
    for line in lines:
        _LOGGER.info("%s", line)
    if health.is_well:
        return health
    return cast("Health", Failed(name="Unwell", message=lines[0], data=health))
