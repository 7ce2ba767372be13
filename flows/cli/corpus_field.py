"""Commands that write what field conditions are made of, for tuning and for thresholds."""

from pathlib import Path

from flows.cli.common import HomeFolder, corpus


@corpus.command
def windows(target: Path, /, *volcanoes: str, home: HomeFolder = None) -> int:
    """Write the whole windows of cubes to one file: quiet ground to tune on, and to judge by.

    Name volcanoes at which nothing moved: what is in the file counts as quiet.

    Parameters
    ----------
    target
        The file, such as quiet.safetensors.
    volcanoes
        All that have a cube if none is named.
    """
    from catalogs.home.home import home_of
    from catalogs.places import catalogue_of
    from tasks.corpora.field_files import export_windows
    from tasks.judge.options import checked_settings

    settings = checked_settings(home=home)
    cubes = home_of(settings).cubes
    slugs = [catalogue_of(settings).find(name).slug for name in volcanoes]
    count = export_windows(cubes, slugs, settings.water_coherence, target)
    print(f"{count} windows are in {target}")
    return 0


@corpus.command
def air(
    target: Path,
    /,
    *,
    relief: Path | None = None,
    delays: Path | None = None,
    licence: str = "not stated",
) -> int:
    """Write real relief and real delays to one file: the air that tuning adds to both classes.

    Parameters
    ----------
    target
        The file, such as air.safetensors.
    relief
        Folder of GeoTIFFs of heights in metres, on a step of about 0.001 degree.
    delays
        An .npz with ztd_tenth_mm, int16 (dates, rows, columns), of a weather model.
    licence
        Of both, in words; it goes along.
    """
    from tasks.corpora.field_files import export_air

    count = export_air(relief, delays, licence, target)
    print(f"{count} fields are in {target}")
    return 0
