"""Nightly: every volcano of the watch list, only what is new."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from prefect import flow

from catalogs.ledger.runs import NIGHTLY
from flows.artifacts import leave_artifacts
from flows.exports import leave_exports
from flows.run_log import RUN_LOG
from flows.run_settings import checked_watch_list, run_settings
from flows.site import leave_site
from flows.steps import PREFECT_STEPS, conclude_all, try_later_named
from tasks.health.after_run import after_run
from tasks.night import refused_reports, watch_night
from tasks.records import RunReport
from tasks.runs import recorded_run
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

    One volcano that fails does not stop the others, and neither does a name of the watch list that
    is none, or a place over which no frame is known: it is refused by itself. Those that got
    nothing because something was out of reach, busy or full are tried again until the settings'
    hour (``retry_until``). Then the messages go out, and the heartbeat's address hears of a good
    night.

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
        If the watch list is empty, or none of its names is a volcano that can be watched.
    TryLaterError
        If nothing could be had for any of them and a later try may do better, or the home was
        full, busy or its storage out of reach for one; the state is then called *TryLater*.
    MissingProductError
        If the sources have nothing of any of them.
    UnforeseenError
        If one of them met a bug.
    """
    settings = run_settings(
        portal=portal or None, home=home, model=model, watch=tuple(volcanoes) if volcanoes else None
    )
    watched = checked_watch_list(settings)
    end = today or dt.datetime.now(dt.UTC).date()
    start = end - dt.timedelta(days=settings.lookback_days)
    requests = [
        replace(parse_request(volcano.slug, start, end, (), settings), scheduled=True)
        for volcano in watched.volcanoes
    ]
    refused = refused_reports(watched)
    slugs = tuple(volcano.slug for volcano in watched.volcanoes)
    with recorded_run(settings, NIGHTLY, (*slugs, *watched.faults)) as run:
        done = watch_night(requests, settings, PREFECT_STEPS)
        reports = leave_exports(leave_site(done, settings, refused=refused), settings)
        run.reports = reports
    after_run(settings)
    leave_artifacts(reports, settings)
    return conclude_all(reports)
