"""The command that writes what the tables say in the forms of other systems."""

import datetime as dt
from pathlib import Path

from flows.cli.common import NOTHING_HAD, PARTIAL, HomeFolder, app, load, without_prefect
from fringewatch.errors import BadInputError


@app.command
def export(*volcanoes: str, output: Path | None = None, home: HomeFolder = None) -> int:
    """Write what `exports` in fringewatch.toml names, as every run does when it is done.

    Parameters
    ----------
    volcanoes
        Names, slugs or GVP numbers; all that have a cube by default.
    output
        Folder for the files (default `exports` in the home); the home itself stays as it is.
    """
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home, kept_ledger, refuse_older_version
    from catalogs.places import catalogue_of

    settings = load((), home, None)
    catalogue = catalogue_of(settings)
    named = [catalogue.find(name) for name in volcanoes]
    if not settings.exports:
        message = (
            f"nothing is to be exported: name some of geojson, atom, cog, kmz, stac, cap and vona "
            f"as exports = [...] in {settings.home / 'fringewatch.toml'}"
        )
        raise BadInputError(message)
    refuse_older_version(find_home(home_of(settings)))
    with kept_ledger(home_of(settings)) as ledger:
        if not named:
            known = {volcano.slug: volcano for volcano in catalogue.volcanoes}
            named = [known[slug] for slug in ledger.volcanoes() if slug in known]
    if not named:
        print(f"no volcano has a cube in {settings.home}")
        return NOTHING_HAD
    with without_prefect(settings, writes=output is None):
        from catalogs.storage.place import Folder
        from tasks.standards.write import write_exports

        folder = Folder(output) if output else None
        report = write_exports(settings, named, dt.datetime.now(dt.UTC).date(), folder)
    print("\n".join(report.lines()))
    return PARTIAL if report.problems else 0
