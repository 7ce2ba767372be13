"""The command that makes the pages for people."""

from pathlib import Path

from flows.cli.common import HomeFolder, app, load, parse_date
from fringewatch.errors import BadInputError

_PARTIAL = 3


@app.command
def site(
    volcano: str | None = None,
    /,
    *,
    output: Path | None = None,
    seen_from: str | None = None,
    home: HomeFolder = None,
) -> int:
    """Make the pages for people from what the home holds; asks nobody.

    Parameters
    ----------
    volcano
        Name, slug or GVP number; all that are watched or held by default.
    output
        Folder for the pages (default `site` in the home); the home itself stays as it is.
    seen_from
        Day, YYYY-MM-DD, that ages are counted from, for a drill; the pages say so. Not before the
        newest data.
    """
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home, refuse_older_version
    from catalogs.places import catalogue_of
    from catalogs.storage.place import Folder
    from flows.screen import start_logging
    from tasks.site.site import write_site

    day = parse_date("seen-from", seen_from) if seen_from else None
    settings = load((), home, None)
    only = {catalogue_of(settings).find(volcano).slug} if volcano else None
    refuse_older_version(find_home(home_of(settings)))
    start_logging()
    made = write_site(settings, only, folder=Folder(output) if output else None, seen_from=day)
    for line in made.lines():
        print(line)
    if only and not only <= set(made.volcanoes):
        message = (
            f"{volcano} has no page: it is not in the watch list of {settings.home}, and nothing "
            "of it was ever fetched"
        )
        raise BadInputError(message)
    print(made.index)
    return 0 if made.is_whole else _PARTIAL
