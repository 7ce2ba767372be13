"""The site: a page for each watched volcano and one for all, files that stand alone.

A page that would say what it says already is left as it is, to the byte. Each of ours ends with a
line that holds the hash of what it was made from and the hash of what stands before it: by that
line we know our own pages, whole or spoilt, from files of others.
"""

import datetime as dt
import hashlib
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from catalogs.home.home import Home, home_of
from catalogs.home.reading import find_home, read_ledger
from catalogs.ledger.ledger import Ledger
from catalogs.places import catalogue_of
from catalogs.records import Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from fringewatch import __version__
from fringewatch.errors import BadInputError, FringewatchError, HomeError, ModelError
from insar_models.detectors.protocol import Detector
from tasks.judge.models import model_of
from tasks.site.facts import VolcanoFacts, gather_facts
from tasks.site.overview import make_overview
from tasks.site.rendering import render_index, render_volcano, templates_sha256
from tasks.site.windows import DRAWING, PictureBook, pictures_of

_LOGGER = logging.getLogger(__name__)

INDEX: Final = "index.html"

_MARK: Final = re.compile(
    rb"<!-- page of Fringewatch; made from ([0-9a-f]{64}); sha256 ([0-9a-f]{64}) -->\n\Z"
)


@dataclass(frozen=True)
class SiteReport:
    """What was done to the pages."""

    folder: Place
    volcanoes: tuple[str, ...]
    """Slugs of all that are watched."""
    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    problems: tuple[str, ...]
    """Pages that could not be made, and why."""
    foreign: tuple[str, ...] = ()
    """Files of others in the folder."""

    @property
    def index(self) -> Place:
        """The page to begin with."""
        return self.folder / INDEX

    def lines(self) -> list[str]:
        """Return it for a person, a fact a line."""
        said = [
            f"pages: {len(self.written)} written, {self.unchanged} unchanged in {self.folder}",
            *(f"removed, for its volcano is watched no more: {name}" for name in self.removed),
        ]
        if self.foreign:
            names = ", ".join(self.foreign[:6]) + (" ..." if len(self.foreign) > 6 else "")  # noqa: PLR2004
            said.append(f"{len(self.foreign)} files of others there, left alone: {names}")
        return [*said, *(f"NO PAGE: {problem}" for problem in self.problems)]


@dataclass(frozen=True)
class _Old:
    """A file that lies where a page belongs."""

    text: str
    made_from: str
    is_ours: bool
    is_whole: bool


def write_site(
    settings: Settings,
    only: Collection[str] | None = None,
    failed: Sequence[str] = (),
    folder: Place | None = None,
    seen_from: dt.date | None = None,
) -> SiteReport:
    """Return what was done to bring the pages up to tables and ledger; one bad page stops no other.

    Parameters
    ----------
    settings
        Name the home, and the volcanoes that are watched.
    only
        Slugs of the volcanoes whose pages are looked at; all of them if None. The page of all
        volcanoes is always made.
    failed
        What the last run could not have, a line each, for the page of all.
    folder
        Where the pages go; the home's folder ``site`` if None.
    seen_from
        UTC date that ages and silence are counted from, for a drill or a simulation: the pages say
        so. None for today, and on the page for the day on which somebody looks at it.

    Raises
    ------
    BadInputError
        If a volcano of the settings' watch list is unknown.
    HomeError
        If there is no home, it cannot be read, or the pages cannot be written.
    StoreError
        If the ledger is damaged.
    """
    home = find_home(home_of(settings))
    folder = folder or home.site
    day = seen_from or dt.datetime.now(dt.UTC).date()
    model, model_trouble = _model_or_none(settings)
    ledger = read_ledger(home.ledger)
    problems: list[str] = []
    with ledger or nullcontext():
        gathered = list(_gather(home, ledger, settings, day, problems))
    written: list[str] = []
    unchanged = 0
    for facts in gathered:
        if only is not None and facts.volcano.slug not in only:
            continue
        name = f"{facts.volcano.slug}.html"
        book = PictureBook(facts, home, settings, model)
        made_from = _hash(facts.fingerprint, str(seen_from), *_common(settings, model))
        try:
            if _put_volcano(folder / name, made_from, book, settings, seen_from):
                written.append(name)
            else:
                unchanged += 1
        except HomeError:
            raise
        except FringewatchError as error:
            problems.append(f"{name}: {error}")
    overview = make_overview(gathered, (*model_trouble, *failed, *problems))
    text = render_index(overview, settings, seen_from)
    try:
        if _put(folder / INDEX, _hash(text), text):
            written.append(INDEX)
        else:
            unchanged += 1
    except BadInputError as error:
        problems.append(f"{INDEX}: {error}")
    names = {INDEX, *(f"{facts.volcano.slug}.html" for facts in gathered)}
    removed, foreign = _others(folder, names)
    slugs = tuple(facts.volcano.slug for facts in gathered)
    return SiteReport(folder, slugs, tuple(written), unchanged, removed, tuple(problems), foreign)


def watched_volcanoes(settings: Settings, ledger: Ledger | None) -> tuple[Volcano, ...]:
    """Return the volcanoes of the watch list, and all that have a cube here, by their slugs.

    One that has left the catalogue keeps its page, without a place.

    Raises
    ------
    BadInputError
        If the watch list names an unknown volcano.
    """
    catalogue = catalogue_of(settings)
    known = {volcano.slug: volcano for volcano in catalogue.volcanoes}
    found = {volcano.slug: volcano for volcano in map(catalogue.find, settings.watch)}
    for slug in ledger.volcanoes() if ledger else ():
        found.setdefault(slug, known.get(slug) or _lost(slug, ledger))
    return tuple(found[slug] for slug in sorted(found))


def _lost(slug: str, ledger: Ledger | None) -> Volcano:
    frames = ledger.tiled_frames(slug) if ledger else ()
    return Volcano(slug, slug, 0, float("nan"), float("nan"), "in no catalogue", frames)


def _gather(
    home: Home,
    ledger: Ledger | None,
    settings: Settings,
    day: dt.date,
    problems: list[str],
) -> Iterator[VolcanoFacts]:
    for volcano in watched_volcanoes(settings, ledger):
        try:
            yield gather_facts(volcano, home, ledger, settings, day)
        except HomeError:
            raise
        except FringewatchError as error:
            problems.append(f"{volcano.slug}.html: {error}")


def _model_or_none(settings: Settings) -> tuple[Detector | None, tuple[str, ...]]:
    try:
        return model_of(settings), ()
    except ModelError as error:
        return None, (f"no page shows where the model looked: {error}",)


def _common(settings: Settings, model: Detector | None) -> Iterable[str]:
    """What all pages rest on beside their facts."""
    yield from (__version__, str(DRAWING), templates_sha256(), settings.footnote)
    yield from (settings.model, settings.method, repr(settings.method_options), repr(settings.air))
    yield model.sha256 if model else ""


def _put_volcano(
    place: Place,
    made_from: str,
    book: PictureBook,
    settings: Settings,
    seen_from: dt.date | None,
) -> bool:
    """Write the page of a volcano unless it is there; tell whether it was written."""
    old = _read(place)
    if old is not None and old.is_whole and old.made_from == made_from:
        return False
    if old is not None and old.is_whole:
        book.drawn.update(pictures_of(old.text))
    return _put(place, made_from, render_volcano(book, settings, seen_from), old)


def _put(place: Place, made_from: str, text: str, old: _Old | None = None) -> bool:
    old = old or _read(place)
    if old is not None and not old.is_ours:
        message = f"{place} is a file of somebody else: it is left alone; move it away"
        raise BadInputError(message)
    content = text.encode("utf-8", "replace")
    digest = hashlib.sha256(content).hexdigest()
    mark = f"<!-- page of Fringewatch; made from {made_from}; sha256 {digest} -->\n"
    return place.write(content + mark.encode())


def _read(place: Place) -> _Old | None:
    """Return what lies there; None if nothing does."""
    if not place.is_file():
        if place.is_folder():
            return _Old("", "", is_ours=False, is_whole=False)
        return None
    content = place.read()
    found = _MARK.search(content)
    if found is None:
        return _Old("", "", is_ours=False, is_whole=False)
    body = content[: found.start()]
    is_whole = hashlib.sha256(body).hexdigest().encode() == found[2]
    return _Old(body.decode("utf-8", "replace"), found[1].decode(), is_ours=True, is_whole=is_whole)


def _others(folder: Place, names: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove our pages of volcanoes that are no more; return their names, and those of others."""
    removed, foreign = [], []
    for name in folder.children():
        if name in names:
            continue
        old = _read(folder / name) if name.endswith(".html") else None
        if old is not None and old.is_whole:
            (folder / name).remove()
            removed.append(name)
        else:
            foreign.append(name)
    return tuple(removed), tuple(foreign)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()
