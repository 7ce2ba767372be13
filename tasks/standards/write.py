"""Write what the settings' `exports` name, for some volcanoes and for the whole home."""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Final

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import home_of
from catalogs.home.reading import read_ledger
from catalogs.ledger.ledger import Ledger
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
from tasks.judge.pair_kinds import PairKind, kind_of, newest_pair
from tasks.judge.patches import water_of
from tasks.judge.silence import silence_days_of
from tasks.standards.atom import atom_of
from tasks.standards.cap import cap_of
from tasks.standards.geojson import geojson_of
from tasks.standards.newest_pair import PlacedPair, cog_of, kmz_of
from tasks.standards.stac import stac_catalogue, stac_item, stac_problem
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

    A volcano without a table has none. One that fails does not stop the others, and neither does a
    form that cannot be written: the others are.

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
    home = home_of(settings)
    folder = folder or home.exports
    changed: list[Place] = []
    settings, problems = _as_far_as_possible(settings)
    ledger = read_ledger(home.ledger)
    with ledger or nullcontext():
        for volcano in volcanoes:
            work = _Work(folder / volcano.slug, volcano, settings.for_volcano(volcano.slug), ledger)
            with _its_own(problems, volcano.slug):
                changed += _write_volcano(work, today, problems)
    changed += _write_home(folder, settings, problems)
    return ExportReport(folder, tuple(changed), tuple(problems))


def _as_far_as_possible(settings: Settings) -> tuple[Settings, list[str]]:
    """Return the settings without what cannot be written here at all, and why that is so."""
    lacking = stac_problem() if "stac" in settings.exports else None
    if lacking is None:
        return settings, []
    _LOGGER.warning("not exported: %s", lacking)
    others = tuple(form for form in settings.exports if form != "stac")
    return settings.model_copy(update={"exports": others}), [lacking]


@contextmanager
def _its_own(problems: list[str], what: str) -> Iterator[None]:
    """Keep what is wrong with one volcano, or with one form of it, from all the others."""
    try:
        yield
    except FringewatchError as error:
        _LOGGER.warning("%s is not exported: %s", what, error)
        problems.append(f"{what}: {error}")


@dataclass(frozen=True, eq=False)
class _Work:
    """A volcano whose exports are to be written."""

    folder: Place
    volcano: Volcano
    settings: Settings
    ledger: Ledger | None
    """Open; None where the home has none."""

    @property
    def tables(self) -> Place:
        return home_of(self.settings).detections(self.volcano.slug)


def _write_volcano(work: _Work, today: dt.date, problems: list[str]) -> list[Place]:
    """Write the forms of a volcano, each by itself; return the files that changed."""
    dates, own, slug = read_table(DATES, work.tables), work.settings, work.volcano.slug
    given = work.ledger.verdicts(slug) if work.ledger else {}
    if dates.empty and given:
        message = f"{work.tables} holds no table any more; the next run writes it anew"
        raise StoreError(message)
    if dates.empty:
        return []
    summary = summary_of(work.volcano, dates, today, silence_days_of(own), given)
    made: dict[str, bytes | None] = dict.fromkeys(_OF_VOLCANO)
    made[_SUMMARY] = summary.text().encode()
    if "cap" in own.exports:
        with _its_own(problems, f"{slug}: cap"):
            there = work.folder / _ALERT
            made[_ALERT] = cap_of(
                summary,
                own.cap_status,
                own.cap_sender,
                own.footnote,
                there.read() if there.is_file() else None,
            )
    if "vona" in own.exports:
        with _its_own(problems, f"{slug}: vona"):
            made[_DRAFT] = vona_of(summary)
    wanted = [form for form in own.exports if form in _OF_PAIRS]
    if wanted:
        with _its_own(problems, f"{slug}: {', '.join(wanted)}"):
            made |= _of_the_newest_pair(work, summary, problems)
    return _put(work.folder, made)


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
    work: _Work, summary: VolcanoSummary, problems: list[str]
) -> dict[str, bytes | None]:
    placed, slug, wanted = _newest_pair(work), work.volcano.slug, work.settings.exports
    made: dict[str, bytes | None] = {}
    assets: dict[str, str] = {}
    if "cog" in wanted:
        with _its_own(problems, f"{slug}: cog"):
            made[_COG[1]] = cog_of(placed)
            assets[_COG[0]] = _COG[1]
    if "kmz" in wanted:
        with _its_own(problems, f"{slug}: kmz"):
            made[_KMZ[1]] = kmz_of(placed, summary)
            assets[_KMZ[0]] = _KMZ[1]
    if "stac" in wanted:
        with _its_own(problems, f"{slug}: stac"):
            made[_ITEM] = stac_item(placed, summary, assets)
    return made


def _newest_pair(work: _Work) -> PlacedPair:
    """Return the newest pair that is evidence, as the model saw it; any other where none is.

    It is the one that the page shows on its map, while no episode runs.
    """
    volcano, settings = work.volcano, work.settings
    table = read_table(INTERFEROGRAMS, work.tables)
    row = newest_pair(
        {str(name): cell for name, cell in one.items()} for one in table.to_dict("records")
    )
    if row is None:
        message = f"{work.tables} has no pair: run the backfill again"
        raise StoreError(message)
    frame, pair = FrameId(row["frame"]), DatePair(row["primary_date"], row["secondary_date"])
    home = home_of(settings)
    place = home.cube(volcano.slug, frame)
    cube = read_cube(place, with_dask=False)
    at = {each: index for index, each in enumerate(pairs_of(cube))}
    if pair not in at:
        message = f"the cube {place} does not hold {pair}: run `fringewatch verify`"
        raise StoreError(message)
    air = work.ledger.corrections(volcano.slug, frame) if work.ledger else {}
    codes = cube["phase"].isel(pair=at[pair]).to_numpy()
    codes = corrected_codes(codes, air.get(pair), read_air(place, cube, settings), pair)
    phase_rad = decode_phase(mask_water(codes, water_of(cube, settings.water_coherence)))
    north, west = patch_corner((cube["y"].to_numpy(), cube["x"].to_numpy()), PATCH_ORIGINS[0])
    kind = kind_of(row)
    positive = kind is PairKind.POSITIVE if kind.is_evidence else None
    left_out = str(row["left_out"]) if kind is PairKind.LEFT_OUT else None
    return PlacedPair(frame, pair, phase_rad, north, west, positive, left_out)


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
    made: dict[str, bytes | None] = {}
    for form, name, make in (
        ("geojson", "volcanoes.geojson", partial(geojson_of, summaries)),
        ("atom", "changes.atom", partial(atom_of, summaries)),
        ("stac", "catalog.json", partial(stac_catalogue, items)),
    ):
        made[name] = None
        if form in settings.exports:
            with _its_own(problems, form):
                made[name] = make()
    return _put(folder, made)
