"""Write what the settings' `exports` name, for some volcanoes and for the whole home."""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import home_of
from catalogs.home.reading import read_ledger
from catalogs.records import DatePair, FrameId, Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from fringewatch.errors import FringewatchError, StoreError
from fringewatch.plain_text import counted
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import PATCH_ORIGINS, mask_water
from tasks.corpora.cubes_source import patch_corner
from tasks.judge.air import corrected_codes, read_air
from tasks.judge.patches import water_of
from tasks.judge.silence import silence_days_of
from tasks.standards.atom import atom_of
from tasks.standards.cap import cap_of
from tasks.standards.geojson import geojson_of
from tasks.standards.newest_pair import PlacedPair, cog_of, kmz_of
from tasks.standards.stac import stac_catalogue, stac_item
from tasks.standards.summary import VolcanoSummary, read_summary, summary_of
from tasks.standards.vona import vona_of

_LOGGER = logging.getLogger(__name__)

_SUMMARY: Final = "summary.json"
_COG: Final = ("image/tiff; application=geotiff; profile=cloud-optimized", "newest-pair.tif")
_KMZ: Final = ("application/vnd.google-earth.kmz", "newest-pair.kmz")
_ALERT, _DRAFT, _ITEM = "alert.cap.xml", "vona-draft.txt", "item.json"
_OF_VOLCANO: Final = (_ALERT, _DRAFT, _ITEM, _COG[1], _KMZ[1])
_OF_PAIRS: Final = {"cog", "kmz", "stac"}


@dataclass(frozen=True)
class ExportReport:
    """What was written, and what could not be."""

    folder: Place
    changed: tuple[Place, ...]
    problems: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return what was done, a fact a line."""
        said = [f"exports: {counted(len(self.changed), 'file')} changed in {self.folder}"]
        return said + [f"not exported: {problem}" for problem in self.problems]


def write_exports(
    settings: Settings, volcanoes: Iterable[Volcano], today: dt.date, folder: Place | None = None
) -> ExportReport:
    """Write the exports of some volcanoes, and then those of all that were ever exported.

    A volcano without a table has none. One that fails does not stop the others.

    Parameters
    ----------
    settings
        `exports` names what is written.
    volcanoes
        Whose tables may have changed.
    today
        UTC.
    folder
        Where they go; the home's folder ``exports`` if None.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written, or the storage gives no answer.
    """
    folder = folder or home_of(settings).exports
    changed: list[Place] = []
    problems: list[str] = []
    for volcano in volcanoes:
        try:
            changed += _write_volcano(folder / volcano.slug, volcano, settings, today)
        except FringewatchError as error:
            _LOGGER.warning("%s is not exported: %s", volcano.slug, error)
            problems.append(f"{volcano.slug}: {error}")
    changed += _write_home(folder, settings, problems)
    return ExportReport(folder, tuple(changed), tuple(problems))


def _write_volcano(
    folder: Place, volcano: Volcano, settings: Settings, today: dt.date
) -> list[Place]:
    tables = home_of(settings).detections(volcano.slug)
    dates = read_table(DATES, tables)
    if dates.empty:
        return []
    own = settings.for_volcano(volcano.slug)
    summary = summary_of(volcano, dates, today, silence_days_of(own))
    made: dict[str, bytes | None] = dict.fromkeys(_OF_VOLCANO)
    made[_SUMMARY] = summary.text().encode()
    if "cap" in own.exports:
        made[_ALERT] = cap_of(summary, own.cap_status, own.cap_sender, own.footnote)
    if "vona" in own.exports:
        made[_DRAFT] = vona_of(summary)
    if _OF_PAIRS & set(own.exports):
        made |= _of_the_newest_pair(volcano, summary, read_table(INTERFEROGRAMS, tables), own)
    return _put(folder, made)


def _put(folder: Place, made: Mapping[str, bytes | None]) -> list[Place]:
    """Write the files; remove those that are None, which would go stale; return what changed."""
    changed = []
    for name, content in made.items():
        file = folder / name
        if content is None:
            if file.is_file():
                file.remove()
                changed.append(file)
        elif file.write(content):
            changed.append(file)
    return changed


def _of_the_newest_pair(
    volcano: Volcano, summary: VolcanoSummary, pairs: pd.DataFrame, settings: Settings
) -> dict[str, bytes | None]:
    placed = _newest_pair(volcano, pairs, settings)
    made: dict[str, bytes | None] = {}
    assets: dict[str, str] = {}
    if "cog" in settings.exports:
        made[_COG[1]] = cog_of(placed)
        assets[_COG[0]] = _COG[1]
    if "kmz" in settings.exports:
        made[_KMZ[1]] = kmz_of(placed, summary)
        assets[_KMZ[0]] = _KMZ[1]
    if "stac" in settings.exports:
        made[_ITEM] = stac_item(placed, summary, assets)
    return made


def _newest_pair(volcano: Volcano, pairs: pd.DataFrame, settings: Settings) -> PlacedPair:
    """Return the pair that ends last, of several the shortest, as the model saw it."""
    keys = ["secondary_date", "primary_date", "frame"]
    row = pairs.sort_values(keys).iloc[-1]
    frame, pair = FrameId(row["frame"]), DatePair(row["primary_date"], row["secondary_date"])
    home = home_of(settings)
    place = home.cube(volcano.slug, frame)
    cube = read_cube(place, with_dask=False)
    at = {each: index for index, each in enumerate(pairs_of(cube))}
    if pair not in at:
        message = f"the cube {place} does not hold {pair}: run `fringewatch verify`"
        raise StoreError(message)
    ledger = read_ledger(home.ledger)
    air = {}
    if ledger is not None:
        with ledger:
            air = ledger.corrections(volcano.slug, frame)
    codes = cube["phase"].isel(pair=at[pair]).to_numpy()
    codes = corrected_codes(codes, air.get(pair), read_air(place, cube, settings), pair)
    phase_rad = decode_phase(mask_water(codes, water_of(cube, settings.water_coherence)))
    north, west = patch_corner((cube["y"].to_numpy(), cube["x"].to_numpy()), PATCH_ORIGINS[0])
    probability = float("nan") if pd.isna(row["probability"]) else float(row["probability"])
    positive = not pd.isna(row["positive"]) and bool(row["positive"])
    return PlacedPair(frame, pair, phase_rad, north, west, positive, probability)


def _write_home(folder: Place, settings: Settings, problems: list[str]) -> list[Place]:
    summaries: list[VolcanoSummary] = []
    items: dict[str, str] = {}
    for slug in folder.children():
        place = folder / slug / _SUMMARY
        if not place.is_file():
            continue
        try:
            summaries.append(read_summary(place))
        except StoreError as error:
            problems.append(f"{slug}: {error}")
            continue
        if (folder / slug / _ITEM).is_file():
            items[f"{slug}/{_ITEM}"] = summaries[-1].headline
    return _write_all(folder, summaries, items, settings.exports)


def _write_all(
    folder: Place,
    summaries: Sequence[VolcanoSummary],
    items: dict[str, str],
    exports: Sequence[str],
) -> list[Place]:
    made: dict[str, bytes | None] = dict.fromkeys(
        ("volcanoes.geojson", "changes.atom", "catalog.json")
    )
    if "geojson" in exports:
        made["volcanoes.geojson"] = geojson_of(summaries)
    if "atom" in exports:
        made["changes.atom"] = atom_of(summaries)
    if "stac" in exports:
        made["catalog.json"] = stac_catalogue(items)
    return _put(folder, made)
