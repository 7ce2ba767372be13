"""Commands that run a flow."""

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from flows.cli.common import (
    NO_NEGATIVE,
    HomeFolder,
    ModelName,
    Portals,
    app,
    check_volcano,
    check_watch_list,
    load,
    load_for_run,
    parse_date,
    prefect_elsewhere,
    prepare,
    prepare_run,
)

if TYPE_CHECKING:
    from catalogs.settings import Settings


@app.command
def backfill(  # noqa: PLR0913 - the command's options
    volcano: str,
    /,
    *,
    start: str,
    end: str,
    frame: Annotated[tuple[str, ...], NO_NEGATIVE] = (),
    portal: Portals = (),
    home: HomeFolder = None,
    model: ModelName = None,
    product: str | None = None,
    whole_files: Annotated[bool, NO_NEGATIVE] = False,
    dry_run: Annotated[bool, NO_NEGATIVE] = False,
) -> int:
    """Bring a volcano's detection table up to date between two dates.

    Parameters
    ----------
    volcano
        Name, slug or GVP number; `fringewatch volcanoes` lists them.
    start
        First day, YYYY-MM-DD. Both acquisitions of a pair lie between the two days.
    end
        Last day, YYYY-MM-DD.
    frame
        LiCSAR frame; may be repeated. All of the volcano's by default.
    product
        The phase to read: diff_pha (default), unw (it is wrapped again) or diff_unfiltered_pha.
    whole_files
        Bring and keep whole files, not only the bytes of the volcano's window.
    dry_run
        Say what would be fetched, and write nothing.
    """
    first, last = parse_date("start", start), parse_date("end", end)
    settings = load_for_run(home, portal=portal or None, model=model, product=product)
    slug = check_volcano(settings, volcano, frame, (first, last))
    if dry_run:
        return _preview(settings, volcano, (first, last), frame)
    from catalogs.ledger.runs import BACKFILL

    prepare_run(settings, BACKFILL, [slug])
    from flows.backfill import backfill as flow
    from flows.screen import progress_shown, show_report

    with progress_shown():
        report = flow(
            volcano,
            first,
            last,
            list(frame),
            list(portal),
            home,
            model,
            whole_files or None,
            product,
        )
    return show_report(report)


def _preview(
    settings: "Settings", volcano: str, days: tuple[dt.date, dt.date], frames: Sequence[str]
) -> int:
    """Print what a backfill would fetch, without Prefect and without writing; the exit code."""
    from flows.screen import show_preview, start_logging

    start_logging()
    with prefect_elsewhere():
        from tasks.watch import parse_request, preview_volcano

        request = parse_request(volcano, *days, frames, settings)
        return show_preview(request.frames, preview_volcano(request, settings))


@app.command
def nightly(
    *volcanoes: str, portal: Portals = (), home: HomeFolder = None, model: ModelName = None
) -> int:
    """Bring the tables of all watched volcanoes up to today, fetching only what is new.

    Parameters
    ----------
    volcanoes
        The watch list; by default `watch` in the home's fringewatch.toml.
    """
    settings = load_for_run(home, portal=portal or None, model=model, watch=volcanoes or None)
    slugs = check_watch_list(settings)
    from catalogs.ledger.runs import NIGHTLY

    prepare_run(settings, NIGHTLY, slugs)
    from flows.nightly import nightly as flow
    from flows.screen import progress_shown, show_reports

    with progress_shown():
        reports = flow(list(volcanoes), list(portal), home, model)
    return show_reports(reports)


@app.command
def verify(
    volcano: str | None = None,
    /,
    *,
    repair: Annotated[bool, NO_NEGATIVE] = False,
    portal: Portals = (),
    home: HomeFolder = None,
    model: ModelName = None,
) -> int:
    """Decode and re-hash what is here, and compare it with the source; writes nothing by default.

    Parameters
    ----------
    volcano
        Name, slug or GVP number; all that the home holds by default.
    repair
        Forget what is damaged or changed upstream, so that the next backfill fetches it again.
    """
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home, kept_ledger
    from catalogs.places import catalogue_of

    settings = load(portal, home, model)
    slug = catalogue_of(settings).find(volcano).slug if volcano else None
    kept_ledger(find_home(home_of(settings))).close()
    prepare(settings, writes=repair)
    from flows.screen import progress_shown, show_reports
    from flows.verify import verify as flow

    with progress_shown():
        reports = flow(slug, repair=repair, portal=list(portal), home=home, model=model)
    return show_reports(reports)


@app.command
def demo(*, home: HomeFolder = None) -> int:
    """Run a backfill of Fagradalsfjall 2021 on simulated interferograms, with no network.

    Parameters
    ----------
    home
        Folder for the demo's own home and portal (default demo-data).
    """
    # What is simulated never goes to where an observatory keeps what was measured.
    os.environ.pop("FRINGEWATCH_STORAGE", None)
    folder = home or Path("demo-data")
    prepare(load((), folder / "home", None))
    from flows.demo import run_demo
    from flows.screen import progress_shown

    with progress_shown():
        return run_demo(folder)
