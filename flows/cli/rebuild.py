"""The command that makes a frame's cube anew."""

from typing import Annotated

from flows.cli.common import NO_NEGATIVE, HomeFolder, ModelName, Portals, app, load
from fringewatch.errors import BadInputError


@app.command
def rebuild(
    volcano: str,
    /,
    *,
    frame: Annotated[tuple[str, ...], NO_NEGATIVE] = (),
    portal: Portals = (),
    home: HomeFolder = None,
    model: ModelName = None,
    product: str | None = None,
) -> int:
    """Make a volcano's cubes anew, after a change of lattice or coordinates; nothing is lost.

    A frame that cannot be rebuilt does not end the others.

    Parameters
    ----------
    volcano
        Name, slug or GVP number.
    frame
        LiCSAR frame; may be repeated. All that the home holds of the volcano by default.
    product
        The phase to read from now on: diff_pha, unw or diff_unfiltered_pha.
    """
    import logging

    from catalogs.home.home import home_of, open_home
    from catalogs.home.reading import find_home, kept_ledger
    from catalogs.ledger.ledger import open_ledger
    from catalogs.places import catalogue_of
    from catalogs.records import FrameId
    from flows.screen import progress_shown, start_logging
    from flows.site import leave_site
    from tasks.night import report_failure
    from tasks.rebuild import Rebuilt, rebuild_frame
    from tasks.records import RunReport, whole_outcome

    settings = load(portal, home, model, product)
    found = catalogue_of(settings).find(volcano)
    start_logging()
    kept_ledger(find_home(home_of(settings))).close()  # none is made for it
    place = open_home(home_of(settings))
    with open_ledger(place.ledger) as ledger:
        frames = [FrameId.parse(text) for text in frame] or ledger.tiled_frames(found.slug)
    if not frames:
        message = f"the home {place.root} has no cube of {found.slug}: there is nothing to rebuild"
        raise BadInputError(message)
    reports = []
    for each in frames:
        said: Rebuilt | RunReport
        try:
            with progress_shown():
                said = rebuild_frame(found, each, settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are rebuilt
            said = report_failure(f"{found.slug} {each}", error, logging.getLogger("flows.rebuild"))
        print("\n".join(said.lines()))
        reports.append(said if isinstance(said, RunReport) else said.report)
    reports = leave_site(reports, settings)
    stopped = any(report.home_stopped for report in reports)
    return int(whole_outcome([report.outcome for report in reports], home_stopped=stopped))
