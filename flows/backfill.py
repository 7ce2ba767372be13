"""Backfill: one volcano between two dates, from the portal to the detection table."""

import datetime as dt
from pathlib import Path

from prefect import flow

from catalogs.ledger.runs import BACKFILL
from flows.artifacts import leave_artifacts
from flows.exports import leave_exports
from flows.run_log import RUN_LOG
from flows.run_settings import run_settings
from flows.site import leave_site
from flows.steps import PREFECT_STEPS, conclude, try_later_named
from tasks.health.after_run import after_run
from tasks.records import RunReport
from tasks.runs import recorded_run
from tasks.watch import parse_request, watch_volcano


@flow(name="backfill", flow_run_name="{volcano} {start} to {end}", **RUN_LOG)
@try_later_named
def backfill(  # noqa: PLR0913, PLR0917 - each is a field of the deployment's form
    volcano: str,
    start: dt.date,
    end: dt.date,
    frames: list[str] | None = None,
    portal: list[str] | None = None,
    home: Path | None = None,
    model: str | None = None,
    whole_files: bool | None = None,  # noqa: FBT001 - a field of the deployment's form
    product: str | None = None,
) -> RunReport:
    """Bring the detection table of a volcano up to date between two dates.

    Parameters
    ----------
    volcano
        Name, slug or GVP number.
    start, end
        Both acquisitions of a pair lie between them, both included.
    frames
        LiCSAR frames; all of the volcano's if none is given.
    portal
        Addresses or folders that hold the track folders, best first; the settings' if none.
    home
        Folder that holds everything that is kept; the settings' if not given.
    model
        The detector, by name; the settings' if not given.
    whole_files
        Bring and keep whole files, not only the bytes of the volcano's window.
    product
        The phase that is read: diff_pha, unw or diff_unfiltered_pha; the settings' if not given.

    Raises
    ------
    BadInputError
        If an argument is wrong.
    TryLaterError
        If something was busy, full or out of reach, and nothing could be had; the state is then
        called *TryLater*.
    MissingProductError
        If the sources have nothing of it.
    """
    settings = run_settings(
        portal=portal or None,
        home=home,
        model=model,
        product=product,
        whole_files=whole_files,
        keep_granules=whole_files,
    )
    request = parse_request(volcano, start, end, frames or (), settings)
    with recorded_run(settings, BACKFILL, [request.volcano.slug]) as run:
        done = [watch_volcano(request, settings, PREFECT_STEPS)]
        (report,) = leave_exports(leave_site(done, settings), settings)
        run.reports = [report]
    after_run(settings)
    leave_artifacts([report], settings)
    return conclude(report)
