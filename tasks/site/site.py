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
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
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
from fringewatch.plain_text import counted, plain
from insar_models.detectors.protocol import Detector
from tasks.judge.models import model_of
from tasks.site.facts import VolcanoFacts, gather_facts
from tasks.site.overview import Overview, make_overview
from tasks.site.rendering import render_index, render_volcano, templates_sha256
from tasks.site.windows import DRAWING, PictureBook, pictures_of
from tasks.status.home import failing_channels

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
            said.append(
                f"{counted(len(self.foreign), 'file')} of others there, left alone: {names}"
            )
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
    run = _Run(home, settings, model, folder, seen_from)
    with ledger or nullcontext():
        volcanoes = watched_volcanoes(settings, ledger)
        known = _known_troubles(ledger, settings)
        gathered = [
            facts
            for volcano in volcanoes
            if (facts := run.gather(volcano, ledger, day)) is not None
        ]
    for facts in gathered:
        if only is None or facts.volcano.slug in only:
            run.put_volcano(facts)
    troubles = (*model_trouble, *failed, *known, *run.problems)
    run.put_index(make_overview(gathered, tuple(dict.fromkeys(troubles))))
    slugs = tuple(volcano.slug for volcano in volcanoes)
    removed, foreign = _others(folder, {INDEX, *(f"{slug}.html" for slug in slugs)})
    return SiteReport(
        folder, slugs, tuple(run.written), run.unchanged, removed, tuple(run.problems), foreign
    )


@dataclass
class _Run:
    """One making of the pages: what goes in, and what became of each."""

    home: Home
    settings: Settings
    model: Detector | None
    folder: Place
    seen_from: dt.date | None
    written: list[str] = field(default_factory=list)
    unchanged: int = 0
    problems: list[str] = field(default_factory=list)

    def gather(self, volcano: Volcano, ledger: Ledger | None, day: dt.date) -> VolcanoFacts | None:
        """Return the facts of a volcano; None, as a problem, if they cannot be had."""
        found: list[VolcanoFacts] = []
        with self._its_own_problem(f"{volcano.slug}.html"):
            found.append(gather_facts(volcano, self.home, ledger, self.settings, day))
        return found[0] if found else None

    def put_volcano(self, facts: VolcanoFacts) -> None:
        """Write the page of a volcano unless it is there."""
        name = f"{facts.volcano.slug}.html"
        made_from = _hash(facts.fingerprint, str(self.seen_from), *self._common())
        with self._its_own_problem(name):
            old = _read(self.folder / name)
            if old is not None and old.is_whole and old.made_from == made_from:
                self.unchanged += 1
                return
            book = PictureBook(facts, self.home, self.settings, self.model)
            if old is not None and old.is_whole:
                book.drawn.update(pictures_of(old.text))
            self._put(name, made_from, render_volcano(book, self.settings, self.seen_from), old)

    def put_index(self, overview: Overview) -> None:
        """Write the page of all unless it is there."""
        with self._its_own_problem(INDEX):
            text = render_index(overview, self.settings, self.seen_from)
            self._put(INDEX, _hash(text), text, _read(self.folder / INDEX))

    def _put(self, name: str, made_from: str, text: str, old: _Old | None) -> None:
        place = self.folder / name
        if old is not None and not old.is_ours:
            message = f"{place} is a file of somebody else: it is left alone; move it away"
            raise BadInputError(message)
        content = text.encode("utf-8", "replace")
        digest = hashlib.sha256(content).hexdigest()
        mark = f"<!-- page of Fringewatch; made from {made_from}; sha256 {digest} -->\n"
        if place.write(content + mark.encode()):
            self.written.append(name)
        else:
            self.unchanged += 1

    def _common(self) -> Iterable[str]:
        """What all pages rest on beside their facts."""
        settings = self.settings
        yield from (__version__, str(DRAWING), templates_sha256(), settings.footnote)
        yield from (settings.model, settings.method, repr(settings.method_options))
        yield from (repr(settings.air), self.model.sha256 if self.model else "")

    @contextmanager
    def _its_own_problem(self, name: str) -> Iterator[None]:
        """Keep what is wrong with one page from the others; a home that fails ends them all."""
        try:
            yield
        except HomeError:
            raise
        except FringewatchError as error:
            self.problems.append(f"{name}: {error}")
        except Exception as error:
            _LOGGER.exception("%s failed in a way that nobody foresaw", name)
            words = f"{type(error).__name__}: {error}: this is a bug, please report it"
            self.problems.append(f"{name}: {plain(words)}")


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


def _known_troubles(ledger: Ledger | None, settings: Settings) -> list[str]:
    """What the ledger knows to be wrong: channels that take no messages, the last run's failures.

    Of a run that has not ended it knows nothing yet; that one hands its own in.
    """
    if ledger is None:
        return []
    troubles = [f"messages: {line}" for line in failing_channels(ledger, settings)]
    for run in ledger.runs(last=1):
        troubles += [
            f"{one.volcano}: {one.words}"
            for one in run.volcanoes
            if one.outcome is not None and not one.is_good and one.words
        ]
    return troubles


def _lost(slug: str, ledger: Ledger | None) -> Volcano:
    frames = ledger.tiled_frames(slug) if ledger else ()
    return Volcano(slug, slug, 0, float("nan"), float("nan"), "in no catalogue", frames)


def _model_or_none(settings: Settings) -> tuple[Detector | None, tuple[str, ...]]:
    try:
        return model_of(settings), ()
    except ModelError as error:
        return None, (f"no page shows where the model looked: {error}",)


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
