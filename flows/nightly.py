"""Nightly: every volcano of the watch list, only what is new."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from prefect import flow

from catalogs.settings import load_settings
from flows.artifacts import leave_artifacts
from flows.exports import leave_exports
from flows.run_log import RUN_LOG
from flows.site import leave_site
from flows.steps import PREFECT_STEPS, conclude_all, try_later_named
from fringewatch.errors import BadInputError
from tasks.health.after_run import after_run
from tasks.night import watch_night
from tasks.records import RunReport
from tasks.runs import NIGHTLY, recorded_run
from tasks.watch import parse_request


@flow(name="nightly", **RUN_LOG)
@try_later_named
def nightly(
    volcanoes: list[str] | None = None,
    portal: list[str] | None = None,
    home: Path | None = None,
    model: str | None = None,
    today: dt.date | None = None,
) -> list[RunReport]:
    """Bring the tables of all watched volcanoes up to today; return a report for each.

    One volcano that fails does not stop the others. Those that got nothing because something was
    out of reach, busy or full are tried again until the settings' hour (``retry_until``). Then the
    messages go out, and the heartbeat's address hears of a good night.

    Parameters
    ----------
    volcanoes
        The watch list; the settings' (``watch``) if none is given.
    portal, home, model
        As for a backfill.
    today
        Last day to look at, UTC; the settings' ``lookback_days`` say how far back to look.

    Raises
    ------
    BadInputError
        If the watch list is empty or names an unknown volcano: before any of them is started.
    TryLaterError
        If nothing could be had for any of them and a later try may do better, or the home was
        full, busy or its storage out of reach for one; the state is then called *TryLater*.
    MissingProductError
        If the sources have nothing of any of them.
    UnforeseenError
        If one of them met a bug.
    """
    settings = load_settings(
        portal=portal or None, home=home, model=model, watch=tuple(volcanoes) if volcanoes else None
    )
    if not settings.watch:
        message = (
            "the watch list is empty: name volcanoes, or set watch = [...] in "
            f"{settings.home / 'fringewatch.toml'}"
        )
        raise BadInputError(message)
    end = today or dt.datetime.now(dt.UTC).date()
    start = end - dt.timedelta(days=settings.lookback_days)
    requests = [
        replace(parse_request(name, start, end, (), settings), scheduled=True)
        for name in settings.watch
    ]
    slugs = tuple(dict.fromkeys(request.volcano.slug for request in requests))
    with recorded_run(settings, NIGHTLY, slugs) as run:
        reports = leave_site(watch_night(requests, settings, PREFECT_STEPS), settings)
        run.reports = reports
    after_run(settings)
    leave_artifacts(reports, settings)
    leave_exports(reports, settings)
    return conclude_all(reports)
