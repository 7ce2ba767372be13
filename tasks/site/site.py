"""The site: a page for each watched volcano and one for all, files that stand alone.

A page that would say what it says already is left as it is, to the byte.
"""

import datetime as dt
import logging
from collections.abc import Collection, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from catalogs.home.home import Home, home_of
from catalogs.home.reading import find_home, read_ledger
from catalogs.ledger.ledger import Ledger
from catalogs.places import catalogue_of, watch_list
from catalogs.records import Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from catalogs.tables import INTERFEROGRAMS, read_table
from fringewatch.errors import BadInputError, HomeError, StoreError, TryLaterError
from fringewatch.plain_text import counted
from tasks.site.overview import make_overview
from tasks.site.page import (
    PageMaker,
    PageResult,
    PageWork,
    hash_of,
    its_own_problem,
    make_pages,
    model_or_none,
    put_page,
    read_page,
)
from tasks.site.rendering import render_index
from tasks.status.home import failing_channels

_LOGGER = logging.getLogger(__name__)

INDEX: Final = "index.html"

_DRAWN_HERE: Final = 24
"""Pages that are drawn by this process, whatever else there is to do."""

_WORTH_WORKERS: Final = 160
"""Pages that are left to be drawn then, as far as those before tell, from which on worker processes
are started. To start two takes some 13 s of processor time, a page that is drawn anew a sixth of a
second: so they earn their start after 80 pages, and save half of the time of many."""

_PAGES_AT_ONCE: Final = 8
"""That a worker is given."""


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
    unread: tuple[str, ...] = ()
    """What pages do not know, for a table is damaged or gone."""

    @property
    def is_whole(self) -> bool:
        """Whether every page was made, of all that there is."""
        return not self.problems and not self.unread

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
        said += (f"NO PAGE: {problem}" for problem in self.problems)
        return [*said, *self.unread]


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
        so. Not before the newest data, which would stand on them. None for today, and on the page
        for the day on which somebody looks at it.

    Raises
    ------
    BadInputError
        If there are data of later days than `seen_from`; nothing is written then.
    HomeError
        If there is no home, it cannot be read, or the pages cannot be written.
    StoreError
        If the ledger is damaged.
    """
    home = find_home(home_of(settings))
    folder = folder or home.site
    day = seen_from or dt.datetime.now(dt.UTC).date()
    ledger = read_ledger(home.ledger)
    with ledger or nullcontext():
        volcanoes = watched_volcanoes(settings, ledger)
        known = _known_troubles(ledger, settings)
    if seen_from:
        _refuse_later_data(home, volcanoes, seen_from)
    wanted = [(volcano, only is None or volcano.slug in only) for volcano in volcanoes]
    results = _make_all(PageWork(settings, folder, seen_from, day), wanted)
    problems = [result.problem for result in results if result.problem]
    troubles = (*model_or_none(settings)[1], *failed, *known, *problems)
    rows = [result.row for result in results if result.row]
    overview = make_overview(rows, tuple(dict.fromkeys(troubles)))
    written = [f"{result.slug}.html" for result in results if result.is_written]
    unchanged = sum(result.is_unchanged for result in results)
    with its_own_problem(INDEX, problems):
        text = render_index(overview, settings, seen_from)
        is_new = put_page(folder / INDEX, hash_of(text), text, read_page(folder / INDEX))
        written += [INDEX] * is_new
        unchanged += not is_new
    slugs = tuple(volcano.slug for volcano in volcanoes)
    removed, foreign = _others(folder, {INDEX, *(f"{slug}.html" for slug in slugs)})
    unread = tuple(f"{one.slug}: {words}" for one in results for words in one.unread)
    return SiteReport(
        folder, slugs, tuple(written), unchanged, removed, tuple(problems), foreign, unread
    )


def _refuse_later_data(home: Home, volcanoes: Sequence[Volcano], day: dt.date) -> None:
    """Refuse a day before the newest acquisition of any volcano: the page of all has them all."""
    newest = {}
    for volcano in volcanoes:
        with suppress(StoreError):  # the page itself says that the table cannot be read
            pairs = read_table(INTERFEROGRAMS, home.detections(volcano.slug))
            scored = pairs["secondary_date"][pairs["score"].notna()]
            newest[volcano.slug] = max(scored, default=day)
    slug, last = max(newest.items(), key=lambda one: one[1], default=("", day))
    if last > day:
        message = (
            f"the pages cannot be seen from {day}: {slug} has data of {last}, which would stand on "
            f"them. Give that day or a later one; for a look back, `backfill --end {day}` into "
            "another --home, whose pages know no more"
        )
        raise BadInputError(message)


def _make_all(work: PageWork, wanted: Sequence[tuple[Volcano, bool]]) -> list[PageResult]:
    """Return what became of each page, in the order of the volcanoes.

    Where many pages have to be drawn, worker processes share what is left; what travels are names.
    """
    results: list[PageResult] = []
    drawn = 0
    with PageMaker(work) as maker:
        for at, (volcano, is_wanted) in enumerate(wanted):
            is_worth = (len(wanted) - at) * drawn >= _WORTH_WORKERS * at
            if drawn >= _DRAWN_HERE and is_worth:
                break
            results.append(maker.make(volcano, is_wanted=is_wanted))
            drawn += results[-1].is_written
    left = wanted[len(results) :]
    if not left:
        return results
    return results + (_shared(work, left) if work.settings.workers != 1 else make_pages(work, left))


def _shared(work: PageWork, wanted: Sequence[tuple[Volcano, bool]]) -> list[PageResult]:
    """The pages of some volcanoes, by processes of this machine: the ledger is a file on it."""
    from tasks.workers.opening import Failure, open_workers  # noqa: PLC0415 - Dask is slow to import

    chunks = [wanted[at : at + _PAGES_AT_ONCE] for at in range(0, len(wanted), _PAGES_AT_ONCE)]
    made: dict[int, list[PageResult]] = {}
    here = work.settings.model_copy(update={"scheduler": ""})
    try:
        with open_workers(here, most=len(chunks)) as workers:
            results = workers.run(partial(make_pages, work), chunks, "pages")
            made.update((at, one) for at, one in results if not isinstance(one, Failure))
    except (HomeError, TryLaterError) as error:
        _LOGGER.warning("the other pages are made by one process: %s", error)
    # What workers could not do is done here, in words of its own.
    return [
        result
        for index, chunk in enumerate(chunks)
        for result in (made[index] if index in made else make_pages(work, chunk))
    ]


def watched_volcanoes(settings: Settings, ledger: Ledger | None) -> tuple[Volcano, ...]:
    """Return the volcanoes of the watch list, and all that have or had a cube here, by their slugs.

    One that has left the catalogue keeps its page, without a place. A name of the watch list that
    is none has no page.
    """
    known = {volcano.slug: volcano for volcano in catalogue_of(settings).volcanoes}
    found = {volcano.slug: volcano for volcano in watch_list(settings).volcanoes}
    kept = (*ledger.volcanoes(), *ledger.volcanoes_with_lost_pairs()) if ledger else ()
    for slug in kept:
        found.setdefault(slug, known.get(slug) or _lost(slug, ledger))
    return tuple(found[slug] for slug in sorted(found))


def _known_troubles(ledger: Ledger | None, settings: Settings) -> list[str]:
    """What is known to be wrong: names that are none, mute channels, the last run's failures.

    Of a run that has not ended it knows nothing yet; that one hands its own in.
    """
    troubles = [f"watch list: {reason}" for reason in watch_list(settings).faults.values()]
    if ledger is None:
        return troubles
    troubles += [f"messages: {line}" for line in failing_channels(ledger, settings)]
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


def _others(folder: Place, names: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove our pages of volcanoes that are no more; return their names, and those of others."""
    removed, foreign = [], []
    for name in folder.children():
        if name in names:
            continue
        old = read_page(folder / name) if name.endswith(".html") else None
        if old is not None and old.is_whole:
            (folder / name).remove()
            removed.append(name)
        else:
            foreign.append(name)
    return tuple(removed), tuple(foreign)
