"""The command that makes a frame's cube anew."""

from typing import Annotated

from flows.cli.common import NO_NEGATIVE, HomeFolder, ModelName, Portals, app, load


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

    Parameters
    ----------
    volcano
        Name, slug or GVP number.
    frame
        LiCSAR frame; may be repeated. All that the home holds of the volcano by default.
    product
        The phase to read from now on: diff_pha, unw or diff_unfiltered_pha.
    """
    from catalogs.home.home import home_of, open_home
    from catalogs.ledger.ledger import open_ledger
    from catalogs.places import catalogue_of
    from catalogs.records import FrameId
    from flows.screen import progress_shown, start_logging
    from flows.site import leave_site
    from tasks.rebuild import rebuild_frame

    settings = load(portal, home, model, product)
    found = catalogue_of(settings).find(volcano)
    start_logging()
    place = open_home(home_of(settings))
    with open_ledger(place.ledger) as ledger:
        frames = [FrameId.parse(text) for text in frame] or ledger.tiled_frames(found.slug)
    reports = []
    for each in frames:
        with progress_shown():
            rebuilt = rebuild_frame(found, each, settings)
        print("\n".join(rebuilt.lines()))
        reports.append(rebuilt.report)
    return max((int(report.outcome) for report in leave_site(reports, settings)), default=0)
