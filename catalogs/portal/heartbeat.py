"""The heartbeat: an address that is asked for when all is well, and alarms when it is not."""

from time import sleep
from typing import Final
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from catalogs.portal.causes import NO_ANSWER
from catalogs.portal.session import SessionSettings, make_session
from fringewatch.errors import FringewatchError
from fringewatch.unlogged import unlogged

_TRIES: Final = 3
_PAUSE_S: Final = 2.0
_BAD: Final = 400


def call_heartbeat(url: SecretStr, user_agent: str, pause_s: float = _PAUSE_S) -> str:
    """Ask for the address; return an empty text if it answered well, else why not.

    The address is a secret, so that no word of it is in the reason, nor in any log.

    Parameters
    ----------
    url
        The operator's own; it may lie in a private network.
    user_agent
        How we present ourselves.
    pause_s
        Before it is asked again; three times at the most.
    """
    reason = ""
    for repetition in range(_TRIES):
        if repetition:
            sleep(pause_s)
        reason = _ask(url.get_secret_value(), user_agent)
        if not reason:
            break
    return reason


def _ask(url: str, user_agent: str) -> str:
    """Why the address gave no good answer, without the address; empty if it did."""
    parts = urlsplit(url)
    # No repetition of the session's: that one logs what it asks for.
    try:
        host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        settings = SessionSettings(
            connect_timeout_s=10.0, read_timeout_s=15.0, retries=0, user_agent=user_agent,
            hosts=(host,),
        )  # fmt: skip
        with (
            unlogged("urllib3"),
            make_session(settings) as session,
            session.get(url, stream=True) as response,
        ):
            code = response.status_code
    except requests.Timeout:
        return "no answer in time"
    except (*NO_ANSWER, FringewatchError) as error:
        return f"no answer ({type(error).__name__})"
    return f"it answered {code}" if code >= _BAD else ""
