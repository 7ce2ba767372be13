"""Flat files of what field conditions are made of: whole quiet windows, relief, weather."""

import datetime as dt
import logging
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.rasters.opening import opened_raster
from catalogs.storage.place import Place
from fringewatch.errors import BadInputError
from fringewatch.numbers import PIXEL_DEGREES
from insar_models.patchfile.air_file import Air, write_air
from insar_models.patchfile.window_file import Windows, write_windows
from insar_models.phase.window_patches import mask_water
from tasks.judge.patches import water_of

LICENCE: Final = (
    "LiCSAR: contains modified Copernicus Sentinel data analysed by COMET (Lazecky et al. 2020)"
)
_ENDING: Final = ".zarr"
_FIRST_DAY: Final = dt.date(1970, 1, 1)
_STEP_TOLERANCE: Final = 0.25
"""By how much of 0.001 degree the step of a relief may differ: it is cut at random scales."""

_NPZ_FIELD: Final = "ztd_tenth_mm"
_LOG: Final = logging.getLogger(__name__)


def export_windows(
    cubes: Place, volcanoes: Sequence[str], water_coherence: float, target: Path
) -> int:
    """Write the windows of the cubes of some volcanoes, or of all, to one file; return how many.

    Water is left out, as in scoring. The windows are learned from as quiet ground: whoever names
    the volcanoes says that nothing moved there.

    Parameters
    ----------
    cubes
        Holds ``<volcano>/<frame>.zarr``.
    volcanoes
        Slugs; all that have a cube if empty.
    water_coherence
        Of the settings.
    target
        The file.

    Raises
    ------
    BadInputError
        If there is no cube of one.
    StoreError
        If a cube is damaged.
    HomeError
        If the file cannot be written.
    """
    slugs = list(volcanoes) or list(cubes.children())
    phase, columns = [], []
    for slug in slugs:
        frames = [name for name in (cubes / slug).children() if name.endswith(_ENDING)]
        if not frames:
            message = f"there is no cube of {slug} in {cubes}: run a backfill of it first"
            raise BadInputError(message)
        for name in sorted(frames):
            cube = read_cube(cubes / slug / name)
            water = water_of(cube, water_coherence)
            phase.append(mask_water(cube["phase"].to_numpy(), water))
            columns += [
                (slug, name.removesuffix(_ENDING), _day(pair.primary), _day(pair.secondary))
                for pair in pairs_of(cube)
            ]
    if not phase:
        message = f"there are no cubes in {cubes}: run a backfill first"
        raise BadInputError(message)
    volcano, frame, primary, secondary = zip(*columns, strict=True)
    windows = Windows(
        np.concatenate(phase),
        np.array(volcano),
        np.array(frame),
        np.array(primary, np.int32),
        np.array(secondary, np.int32),
        LICENCE,
    )
    write_windows(target, windows)
    _LOG.info("%d windows of %d volcanoes are in %s", len(windows), len(set(volcano)), target)
    return len(windows)


def export_air(relief: Path | None, delays: Path | None, licence: str, target: Path) -> int:
    """Write real relief and real delays to one file; return how many fields it has.

    Parameters
    ----------
    relief
        Folder of GeoTIFFs of heights in metres, on steps of about 0.001 degree.
    delays
        An ``.npz`` with `ztd_tenth_mm`, int16 (dates, rows, columns): zenith delay of a weather
        model, on such a step.
    licence
        Of both, in words.
    target
        The file.

    Raises
    ------
    BadInputError
        If neither is given, a folder holds no GeoTIFF, or a file is not what it should be.
    HomeError
        If the file cannot be written.
    """
    heights = dict(_heights(relief)) if relief is not None else {}
    of_weather = {delays.stem: _delays(delays)} if delays is not None else {}
    write_air(target, Air(heights, of_weather, licence))
    return len(heights) + len(of_weather)


def _day(date: dt.date) -> int:
    return (date - _FIRST_DAY).days


def _heights(folder: Path) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """Name and heights (metres, int16) of each GeoTIFF of a folder."""
    paths = sorted(folder.glob("*.tif"))
    if not paths:
        message = f"{folder} holds no .tif: give a folder of GeoTIFFs of heights in metres"
        raise BadInputError(message)
    for path in paths:
        try:
            with opened_raster(path) as raster:
                step = max(abs(raster.transform.a), abs(raster.transform.e))
                heights = raster.read(1, masked=True).filled(0)
        except RasterioError as error:
            message = f"{path} cannot be read as a GeoTIFF of heights ({error}): leave it out"
            raise BadInputError(message) from error
        if abs(step / PIXEL_DEGREES - 1) > _STEP_TOLERANCE:
            message = (
                f"{path} has a step of {step:g}, about {PIXEL_DEGREES:g} degree is needed: warp it"
            )
            raise BadInputError(message)
        known = np.where(np.isfinite(heights) & (heights > np.iinfo(np.int16).min), heights, 0)
        yield path.stem, np.clip(known, -500, 9000).astype(np.int16)


def _delays(path: Path) -> NDArray[np.int16]:
    try:
        with np.load(path) as held:
            delays: NDArray[np.int16] = held[_NPZ_FIELD]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        message = f"{path} holds no '{_NPZ_FIELD}' ({error}): give an .npz of zenith delays"
        raise BadInputError(message) from error
    return delays
