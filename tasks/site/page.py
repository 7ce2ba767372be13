"""One page as a file: what it was made from, whether it is ours, and when it need not be written.

Each of ours ends with a line that holds the hash of what it was made from and the hash of what
stands before it: by that line we know our own pages, whole or spoilt, from files of others.
"""

import datetime as dt
import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Self

from catalogs.home.home import Home, home_of
from catalogs.home.reading import read_ledger
from catalogs.ledger.ledger import Ledger
from catalogs.records import Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from fringewatch import __version__
from fringewatch.errors import BadInputError, FringewatchError, HomeError, LedgerError, ModelError
from fringewatch.failures import foreseen
from fringewatch.plain_text import plain
from insar_models.detectors.protocol import Detector
from tasks.judge.models import model_of
from tasks.site.facts import VolcanoFacts, gather_facts
from tasks.site.overview import OverviewRow, row_of
from tasks.site.rendering import notes_of, render_volcano, templates_sha256
from tasks.site.windows import DRAWING, PictureBook, pictures_of

_LOGGER = logging.getLogger(__name__)

_MARK: Final = re.compile(
    rb"<!-- page of Fringewatch; made from ([0-9a-f]{64}); sha256 ([0-9a-f]{64}) -->\n\Z"
)


@dataclass(frozen=True)
class OldPage:
    """A file that lies where a page belongs."""

    text: str
    made_from: str
    is_ours: bool
    is_whole: bool


@dataclass(frozen=True)
class PageResult:
    """What became of the page of a volcano."""

    slug: str
    row: OverviewRow | None
    """Of the page of all; None if its facts cannot be had."""
    is_written: bool = False
    is_unchanged: bool = False
    """Neither, too, where it was not looked at, or could not be made."""
    problem: str | None = None
    unread: tuple[str, ...] = ()
    """What is wrong with the tables that it was made from."""


@dataclass(frozen=True)
class PageWork:
    """What pages are made from, and where they go; it travels to other processes."""

    settings: Settings
    folder: Place
    seen_from: dt.date | None
    day: dt.date
    """UTC date that silence is counted from."""


class PageMaker:
    """Makes pages of volcanoes in this process; to be used as a context, which holds the ledger."""

    def __init__(self, work: PageWork) -> None:
        self._work = work
        self._home: Home = home_of(work.settings)
        self._model = model_or_none(work.settings)[0]
        self._ledger: Ledger | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        ledger = read_ledger(self._home.ledger)
        self._ledger = self._stack.enter_context(ledger) if ledger else None
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def make(self, volcano: Volcano, *, is_wanted: bool) -> PageResult:
        """Bring the page of a volcano up to tables and ledger; what is wrong with it is kept.

        Parameters
        ----------
        volcano
            Whose.
        is_wanted
            Whether its page is looked at, too; else only its row of the page of all is made.

        Raises
        ------
        HomeError
            If the home cannot be read, or the pages cannot be written: that ends them all.
        """
        name, row, is_written = f"{volcano.slug}.html", None, False
        problems: list[str] = []
        unread: tuple[str, ...] = ()
        with its_own_problem(name, problems):
            work = self._work
            facts = gather_facts(volcano, self._home, self._ledger, work.settings, work.day)
            row, unread = row_of(facts), facts.unread
            is_written = is_wanted and self._put(name, facts)
        problem = problems[0] if problems else None
        is_unchanged = is_wanted and not is_written and problem is None
        return PageResult(volcano.slug, row, is_written, is_unchanged, problem, unread)

    def _put(self, name: str, facts: VolcanoFacts) -> bool:
        """Write a page unless it is there; return whether it was written."""
        settings, seen_from = self._work.settings, self._work.seen_from
        own = (str(seen_from), notes_of(facts, settings))
        made_from = hash_of(facts.fingerprint, *own, *self._common())
        place = self._work.folder / name
        old = read_page(place)
        if old is not None and old.is_whole and old.made_from == made_from:
            return False
        book = PictureBook(facts, self._home, settings, self._model)
        if old is not None and old.is_whole:
            book.drawn.update(pictures_of(old.text))
        return put_page(place, made_from, render_volcano(book, settings, seen_from), old)

    def _common(self) -> Iterable[str]:
        """What all pages rest on beside their facts."""
        settings = self._work.settings
        yield from (__version__, str(DRAWING), templates_sha256(), settings.footnote)
        yield from (settings.model, settings.method, repr(settings.method_options))
        yield from (repr(settings.air), self._model.sha256 if self._model else "")


def make_pages(work: PageWork, volcanoes: Sequence[tuple[Volcano, bool]]) -> list[PageResult]:
    """Return what became of the pages of some volcanoes, each with whether it is wanted.

    Raises
    ------
    HomeError
        If the home cannot be read, or the pages cannot be written.
    """
    with PageMaker(work) as maker:
        return [maker.make(volcano, is_wanted=wanted) for volcano, wanted in volcanoes]


@contextmanager
def its_own_problem(name: str, problems: list[str]) -> Iterator[None]:
    """Keep what is wrong with one page from the others; a home that fails ends them all.

    Parameters
    ----------
    name
        Of the page.
    problems
        Gets what was wrong, in words.
    """
    try:
        yield
    except (HomeError, LedgerError):
        raise
    except FringewatchError as error:
        problems.append(f"{name}: {error}")
    except Exception as error:
        found = foreseen(error)
        if isinstance(found, HomeError | LedgerError):
            raise found from error
        _LOGGER.exception("%s failed in a way that nobody foresaw", name)
        words = f"{type(error).__name__}: {error}: this is a bug, please report it"
        problems.append(f"{name}: {plain(words)}")


def put_page(place: Place, made_from: str, text: str, old: OldPage | None) -> bool:
    """Write a page with its last line; return whether there was another before.

    Raises
    ------
    BadInputError
        If a file of somebody else lies there.
    HomeError
        If it cannot be written.
    """
    if old is not None and not old.is_ours:
        message = f"{place} is a file of somebody else: it is left alone; move it away"
        raise BadInputError(message)
    content = text.encode("utf-8", "replace")
    digest = hashlib.sha256(content).hexdigest()
    mark = f"<!-- page of Fringewatch; made from {made_from}; sha256 {digest} -->\n"
    return place.write(content + mark.encode())


def read_page(place: Place) -> OldPage | None:
    """Return what lies where a page belongs; None if nothing does."""
    if not place.is_file():
        if place.is_folder():
            return OldPage("", "", is_ours=False, is_whole=False)
        return None
    content = place.read()
    found = _MARK.search(content)
    if found is None:
        return OldPage("", "", is_ours=False, is_whole=False)
    body = content[: found.start()]
    is_whole = hashlib.sha256(body).hexdigest().encode() == found[2]
    return OldPage(
        body.decode("utf-8", "replace"), found[1].decode(), is_ours=True, is_whole=is_whole
    )


def hash_of(*parts: str) -> str:
    """Return the hash of what a page is made from."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()


def model_or_none(settings: Settings) -> tuple[Detector | None, tuple[str, ...]]:
    """Return the detector; None, and why, if it cannot be read."""
    try:
        return model_of(settings), ()
    except ModelError as error:
        return None, (f"no page shows where the model looked: {error}",)
