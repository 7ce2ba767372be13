"""Nightly: every volcano of the watch list, only what is new."""

import datetime as dt
import logging
from dataclasses import replace
from pathlib import Path

from prefect import flow

from catalogs.settings import load_settings
from flows.artifacts import leave_artifacts
from flows.run_log import RUN_LOG
from flows.steps import PREFECT_STEPS, partial
from fringewatch.errors import BadInputError, FringewatchError, SourceUnavailableError
from tasks.records import Outcome, RunReport
from tasks.watch import parse_request, watch_volcano

_LOGGER = logging.getLogger(__name__)


@flow(name="nightly", **RUN_LOG)
def nightly(
    volcanoes: list[str] | None = None,
    portal: list[str] | None = None,
    home: Path | None = None,
    model: str | None = None,
    today: dt.date | None = None,
) -> list[RunReport]:
    """Bring the tables of all watched volcanoes up to today; return a report for each.

    One volcano that fails does not stop the others.

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
    SourceUnavailableError
        If nothing could be had for any of them.
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
    requests = [replace(parse_request(name, start, end), scheduled=True) for name in settings.watch]
    reports = []
    for request in requests:
        try:
            report = watch_volcano(request, settings, PREFECT_STEPS)
        except FringewatchError as error:
            _LOGGER.error("%s: %s", request.volcano.slug, error)  # noqa: TRY400 - said plainly
            report = RunReport(request.volcano.slug, Outcome.NOTHING, notes=(str(error),))
        reports.append(_quiet_is_done(report))
    leave_artifacts(reports, settings)
    return _conclude_all(reports)


def _quiet_is_done(report: RunReport) -> RunReport:
    """A night on which the source lists nothing in the range is a night like any other."""
    nothing_listed = report.outcome is Outcome.NOTHING and not report.problems
    if nothing_listed and report.published is not None:
        return replace(report, outcome=Outcome.DONE)
    return report


def _conclude_all(reports: list[RunReport]) -> list[RunReport]:
    outcomes = {report.outcome for report in reports}
    if outcomes == {Outcome.NOTHING}:
        raise SourceUnavailableError("\n".join(line for r in reports for line in r.lines()))
    if outcomes == {Outcome.DONE}:
        return reports
    counts = f"{sum(r.outcome is Outcome.DONE for r in reports)} of {len(reports)} without gaps"
    return partial(reports, counts)
