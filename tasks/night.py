"""A night: every watched volcano once, and those that got nothing again until morning."""

import datetime as dt
import logging
from collections.abc import Sequence
from time import sleep
from typing import Final

from catalogs.places import WatchList
from catalogs.settings import Settings
from fringewatch.errors import (
    HomeBusyError,
    HomeError,
    MissingProductError,
    TryLaterError,
    UnforeseenError,
)
from fringewatch.failures import foreseen
from tasks.records import Outcome, RunReport, WatchRequest
from tasks.watch import Steps, watch_volcano

_LOGGER = logging.getLogger(__name__)

LONGEST_NIGHT: Final = dt.timedelta(hours=12)
"""A run that begins earlier before `Settings.retry_until` is no night: it tries once."""


def watch_night(
    requests: Sequence[WatchRequest], settings: Settings, steps: Steps | None = None
) -> list[RunReport]:
    """Return a report for each volcano, in the order of the requests.

    One that fails, in whatever way, does not end the others' night. Those that got nothing because
    something was out of reach, busy or full are tried again after a pause, until the hour that the
    settings name; what could be had is published meanwhile.
    """
    wanted = {request.volcano.slug: request for request in requests}
    reports: dict[str, RunReport] = {}
    last_try = _last_try(dt.datetime.now(dt.UTC), settings.retry_until)
    todo = list(wanted)
    while todo:
        patient = settings  # one wait for a busy home is enough for all that come after
        for slug in todo:
            reports[slug], is_busy = _watch_one(wanted[slug], patient, steps)
            if is_busy:
                patient = settings.model_copy(update={"busy_wait_minutes": 0.0})
        todo = [slug for slug in todo if reports[slug].got_nothing]
        if todo and not _wait_for_the_next_try(todo, settings, last_try):
            break
    return [reports[slug] for slug in wanted]


def refused_reports(watched: WatchList) -> list[RunReport]:
    """Return the reports of what the watch list names and nobody can watch, after logging why."""
    for reason in watched.faults.values():
        _LOGGER.error("watch list: %s", reason)
    return [
        RunReport(slug, Outcome.REFUSED, notes=(reason,)) for slug, reason in watched.faults.items()
    ]


def report_failure(volcano: str, error: Exception, log: logging.Logger) -> RunReport:
    """Return the report of a volcano that `error` ended, after logging it.

    A bug is logged with its traceback.
    """
    found = foreseen(error)
    if found is None:
        log.error("%s failed in a way that nobody foresaw", volcano, exc_info=error)
    else:
        log.error("%s: %s", volcano, found)
    return report_of(volcano, error)


def report_of(volcano: str, error: Exception) -> RunReport:
    """Return the report of a volcano that `error` ended."""
    found = foreseen(error)
    if found is None:
        words = (
            f"{volcano} failed ({type(error).__name__}: {error}): this is a bug, please report it "
            "with the traceback in the log"
        )
        return RunReport(volcano, Outcome.FAILED, notes=(words,))
    if isinstance(found, UnforeseenError):
        return RunReport(volcano, Outcome.FAILED, notes=(str(found),))
    if isinstance(found, TryLaterError):
        by_home = isinstance(found, HomeError)
        return RunReport(volcano, Outcome.LATER, notes=(str(found),), home_stopped=by_home)
    is_missing = isinstance(found, MissingProductError)
    outcome = Outcome.NOTHING if is_missing else Outcome.REFUSED
    return RunReport(volcano, outcome, notes=(str(found),))


def _watch_one(
    request: WatchRequest, settings: Settings, steps: Steps | None
) -> tuple[RunReport, bool]:
    """Return what became of a volcano, and whether the home was busy."""
    try:
        return watch_volcano(request, settings, steps), False
    except Exception as error:  # noqa: BLE001 - whatever it is, the others have their night
        is_busy = isinstance(error, HomeBusyError)
        return report_failure(request.volcano.slug, error, _LOGGER), is_busy


def _wait_for_the_next_try(
    slugs: Sequence[str], settings: Settings, last_try: dt.datetime | None
) -> bool:
    """Wait out the pause before the next try; False, at once, if there is none."""
    pause = dt.timedelta(minutes=settings.retry_pause_minutes)
    again = dt.datetime.now(dt.UTC) + pause
    if last_try is None or again > last_try:
        return False
    _LOGGER.warning(
        "%s got nothing: asked for again at %s UTC, and so on until %s UTC",
        ", ".join(slugs), f"{again:%H:%M}", f"{last_try:%H:%M}",
    )  # fmt: skip
    sleep(pause.total_seconds())
    return True


def _last_try(now: dt.datetime, hour: dt.time | None) -> dt.datetime | None:
    """The next time that it is `hour` (UTC); None if there is none within a night."""
    if hour is None:
        return None
    morning = dt.datetime.combine(now.date(), hour, dt.UTC)
    if morning < now:
        morning += dt.timedelta(days=1)
    return morning if morning - now <= LONGEST_NIGHT else None
