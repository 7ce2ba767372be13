"""Prefect as our flows want it: without a server by default, its files in the home.

To be called before Prefect is imported: it reads its settings then.
"""

import logging
import os
from typing import Final
from urllib.parse import urlsplit

from catalogs.home.home import Home
from fringewatch.atomic import disk_errors
from fringewatch.errors import BadInputError, ServerUnavailableError
from fringewatch.plain_text import without_secrets

_LOGGER = logging.getLogger(__name__)

_NO_ANSWER_S: Final = 15
"""A server on the same network that takes longer to say its version is no help."""

_ADVICE: Final = (
    "write it whole, as http://HOST:4200/api (it begins with http:// or https://, and ends with "
    "/api), or unset it to run without a server"
)

_THIS_MACHINE: Final = ("127.0.0.1", "localhost")


def prepare_prefect(home: Home, *, lasting: bool = False) -> None:
    """Point Prefect at the home, quiet, and see to a server: the user's if named, else our own.

    What the user has set in the environment stays. With ``PREFECT_API_URL`` set (or in a profile),
    runs go to that server, which is asked first whether it is there and takes our password;
    otherwise one is started that ends with this process; a `lasting` one keeps schedules, too.

    Raises
    ------
    HomeError
        If the home cannot be written, or the server of our own does not start.
    BadInputError
        If the address of the user's server is none, or the server refuses the password.
    ServerUnavailableError
        If it gives no answer.
    """
    with disk_errors(home.prefect):
        home.prefect.mkdir(parents=True, exist_ok=True)
    defaults = {
        "PREFECT_HOME": str(home.prefect.resolve()),
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
    _leave_proxies_out()
    _find_server(home, lasting=lasting)


def _leave_proxies_out() -> None:
    """What is on this machine is not asked for through a proxy, which cannot reach it."""
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name) or os.environ.get(name.swapcase(), "")
        hosts = [host.strip() for host in known.split(",") if host.strip()]
        if "*" not in hosts:
            hosts += [host for host in _THIS_MACHINE if host not in hosts]
        os.environ[name] = ",".join(hosts)


def _find_server(home: Home, *, lasting: bool) -> None:
    """Have `PREFECT_API_URL` name a server that answers: the one given, or our own."""
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - see above
    from prefect.settings import get_current_settings  # noqa: PLC0415

    server = get_current_settings().api.url
    if server:
        _refuse_no_address(server)
        _LOGGER.info("running through the Prefect server at %s", without_secrets(server))
        _ask_server(server)
        return
    from flows.embedded_server import start_embedded_server  # noqa: PLC0415

    _LOGGER.info(
        "starting Prefect's embedded server (10 to 25 s, longer on a busy machine; its database "
        "is in %s)",
        home.prefect,
    )
    os.environ["PREFECT_API_URL"] = start_embedded_server(home.prefect, lasting=lasting)
    refresh_global_settings_context()


def _refuse_no_address(server: str) -> None:
    """Refuse what can be no server's address, however often it is asked."""
    try:
        parts = urlsplit(server)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port  # a ValueError where it is no number
    except ValueError:
        is_address = False
    if not is_address:
        message = (
            f"PREFECT_API_URL = '{without_secrets(server)}' is no address of a server: {_ADVICE}"
        )
        raise BadInputError(message)


def _is_of_the_api(server: str) -> bool:
    return "api" in urlsplit(server).path.split("/")


def _ask_server(server: str) -> None:
    """Pass a server that answers."""
    from httpx import HTTPError, HTTPStatusError, InvalidURL  # noqa: PLC0415
    from prefect import get_client  # noqa: PLC0415
    from prefect.settings import (  # noqa: PLC0415
        PREFECT_API_URL,
        PREFECT_CLIENT_MAX_RETRIES,
        temporary_settings,
    )

    shown = without_secrets(server)
    try:
        with (
            temporary_settings({PREFECT_API_URL: server, PREFECT_CLIENT_MAX_RETRIES: 0}),
            get_client(sync_client=True, httpx_settings={"timeout": _NO_ANSWER_S}) as client,
        ):
            client.api_version()
    except HTTPStatusError as error:
        code = error.response.status_code
        if code in {401, 403}:
            message = (
                f"the Prefect server at {shown} refuses us (status {code}): set "
                "PREFECT_API_AUTH_STRING to its user:password"
            )
            raise BadInputError(message) from error
        raise _no_good_answer(server, f"answers with status {code}") from error
    except ValueError as error:  # it answers, and not as Prefect does
        raise _no_good_answer(server, f"gives no answer of Prefect's ({error})") from error
    except (HTTPError, InvalidURL, RuntimeError) as error:
        message = (
            f"the Prefect server at {shown} gives no answer ({error}): start it, or unset "
            "PREFECT_API_URL to run without one"
        )
        raise ServerUnavailableError(message) from error


def _no_good_answer(server: str, what: str) -> BadInputError | ServerUnavailableError:
    """The error for what answers at an address: one without ``/api`` will never do better."""
    shown = without_secrets(server)
    if not _is_of_the_api(server):
        return BadInputError(f"PREFECT_API_URL = '{shown}' {what}: {_ADVICE}")
    return ServerUnavailableError(
        f"the Prefect server at {shown} {what}: start it, or unset PREFECT_API_URL to run without "
        "one"
    )
