"""What follows a run: messages are sent, the heartbeat is called, numbers are written.

Nothing of it is worth a run: what fails is logged, and seen by `fringewatch health`.
"""

import datetime as dt
import logging
from collections.abc import Callable
from typing import Final

from catalogs.home.home import home_of
from catalogs.home.reading import find_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.runs import GOOD_OUTCOMES, NIGHTLY
from catalogs.portal.heartbeat import call_heartbeat
from catalogs.settings import Settings
from fringewatch.errors import FringewatchError, HomeError, StoreError
from tasks.health.health import health_of
from tasks.health.metrics import write_metrics
from tasks.health.records import Check, Finding, Health
from tasks.messages.send import send_messages

_LOGGER = logging.getLogger(__name__)

_LOCK_WAIT_S: Final = 30.0


def after_run(settings: Settings) -> None:
    """Send what is due, tell the heartbeat's address of a good night, and write the numbers."""
    steps: dict[str, Callable[[Settings], object]] = {
        "the messages wait": lambda settings: send_messages(settings, wait_s=_LOCK_WAIT_S),
        "the heartbeat is not called": beat,
        "the numbers for Prometheus are not written": keep_metrics,
    }
    for what_fails, step in steps.items():
        try:
            step(settings)
        except (FringewatchError, OSError) as error:
            _LOGGER.warning("%s: %s", what_fails, error)


def keep_metrics(settings: Settings) -> None:
    """Write the numbers for Prometheus, if the settings name a file."""
    if settings.metrics_file is None:
        return
    try:
        health = health_of(settings)
    except (HomeError, StoreError) as error:  # else the numbers of a better day would stay
        now = dt.datetime.now(dt.UTC)
        health = Health(now, settings.home, (Finding(Check.HOME, str(error)),))
    write_metrics(health, settings.metrics_file)


def beat(settings: Settings) -> str:
    """Call the heartbeat's address for the last night, if it was good; return what came of it.

    Of each good night it is told once. It stays silent after a night that brought nothing for
    anybody, that met a bug or that was killed: whoever listens there gives the alarm.

    Raises
    ------
    HomeError
        If there is no home, or it cannot be written.
    """
    if settings.heartbeat_url is None:
        return "no heartbeat_url is set"
    home = find_home(home_of(settings))
    with open_ledger(home.ledger) as ledger:
        nights = ledger.runs(NIGHTLY, last=1)
        if not nights:
            return "no night has run yet"
        night = nights[0]
        if night.outcome not in GOOD_OUTCOMES:
            return f"not called: the last night is {night.outcome or 'not ended'}"
        if night.heartbeat_at is not None:
            return "called before"
        reason = call_heartbeat(settings.heartbeat_url, settings.user_agent)
        if reason:
            _LOGGER.warning("the heartbeat's address was not reached: %s", reason)
            return f"not reached: {reason}"
        ledger.record_heartbeat(night.number)
    return "called"
