"""Backfill: one volcano between two dates, from the portal to the detection table."""

import datetime as dt
from pathlib import Path

from prefect import flow

from catalogs.settings import load_settings
from flows.steps import PREFECT_STEPS, conclude
from tasks.records import RunReport
from tasks.watch import parse_request, watch_volcano


@flow(name="backfill", flow_run_name="{volcano} {start} to {end}")
def backfill(  # noqa: PLR0913, PLR0917 - each is a field of the deployment's form
    volcano: str,
    start: dt.date,
    end: dt.date,
    frames: list[str] | None = None,
    portal: list[str] | None = None,
    home: Path | None = None,
    model: str | None = None,
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
        Roots that hold the track folders, the first that answers wins; the settings' if none.
    home
        Folder that holds everything that is kept; the settings' if not given.
    model
        The detector, by name; the settings' if not given.

    Raises
    ------
    BadInputError
        If an argument is wrong.
    SourceUnavailableError
        If nothing could be had.
    """
    settings = load_settings(portal=portal, home=home, model=model)
    request = parse_request(volcano, start, end, frames or ())
    return conclude(watch_volcano(request, settings, PREFECT_STEPS))
