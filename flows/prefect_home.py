"""Prefect as our flows want it: without a server by default, its files in the home.

To be called before Prefect is imported: it reads its settings then.
"""

import logging
import os

from catalogs.home.home import Home
from fringewatch.atomic import disk_errors

_LOGGER = logging.getLogger(__name__)

_START_LIMIT_S = 300
"""The embedded server takes 10 to 25 s on two cores; Prefect's own limit of 20 s is too tight."""


def prepare_prefect(home: Home) -> None:
    """Point Prefect at the home, quiet, and give its embedded server time to start.

    What the user has set in the environment stays. With ``PREFECT_API_URL`` set, runs go to that
    server and nothing is started here.

    Raises
    ------
    HomeError
        If the home cannot be written.
    """
    with disk_errors(home.prefect):
        home.prefect.mkdir(parents=True, exist_ok=True)
    defaults = {
        "PREFECT_HOME": str(home.prefect.resolve()),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(_START_LIMIT_S),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # A cached task result can outlive the file that it names.
        "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        # What a person should know is said by our own log lines and messages.
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    server = os.environ.get("PREFECT_API_URL")
    if server:
        _LOGGER.info("running through the Prefect server at %s", server)
    else:
        _LOGGER.info(
            "starting Prefect's embedded server (10 to 25 s; its database is in %s)", home.prefect
        )
