"""Discover: what a source has of a frame, and which of it is new to us."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from prefect import task

from catalogs.cubes.origin import refuse_other_phase
from catalogs.home.home import home_of
from catalogs.home.reading import read_ledger
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import SourceRow
from catalogs.portal.client import Portal
from catalogs.portal.hosts import Manners
from catalogs.portal.session import SessionSettings, make_session
from catalogs.portal.union import PairListing, RootMemory, RootState
from catalogs.records import DatePair, FrameId, Product, newest_pair
from catalogs.settings import Settings
from fringewatch.errors import MissingProductError, SourceUnavailableError
from fringewatch.plain_text import counted
from tasks.ingest.granules import sweep_granules
from tasks.ingest.lost import reconcile_tiles, split_tiles, wanted_back
from tasks.records import FramePlan, FrameRequest, Problem


@contextmanager
def open_portal(settings: Settings, memory: RootMemory | None = None) -> Iterator[Portal]:
    """Give the portal of the settings' roots, with the one kind of session there is."""
    patience = SessionSettings(
        retries=settings.retries,
        user_agent=settings.user_agent,
        manners=Manners(settings.connections, settings.requests_per_second),
        hosts=settings.portal_hosts,
        netrc=settings.netrc,
        page_bytes_max=int(settings.largest_page_mb * 1e6),
        file_bytes_max=int(settings.largest_file_mb * 1e6),
    )
    with make_session(patience) as session:
        yield Portal(settings.portal, session, memory)


def preview_frame(request: FrameRequest, settings: Settings) -> FramePlan:
    """Return what a run would fetch, asking for one listing and writing nothing at all.

    Raises
    ------
    HomeError, LedgerError
        If the ledger of the home cannot be read.
    """
    there: tuple[DatePair, ...] = ()
    lost: set[DatePair] = set()
    home = home_of(settings)
    ledger = read_ledger(home.ledger)  # a copy: the file is not even migrated
    if ledger is not None:
        slug, frame = request.volcano.slug, request.frame
        with ledger:
            here, not_here = split_tiles(home, ledger, slug, frame)
            lost = {*not_here, *_lost_of(request, ledger, settings)}
            there = _without(here, ledger.outdated_pairs(slug, frame))
    try:
        with open_portal(settings) as portal:
            listing = portal.list_pairs(request.frame)
    except (SourceUnavailableError, MissingProductError) as error:
        return _without_listing(request, error, there)
    listed = _in_range(request, (entry.pair for entry in listing.entries))
    wanted = {*listed, *lost} - set(there)
    return FramePlan(
        listing.root,
        listed,
        newest=newest_pair(entry.pair for entry in listing.entries),
        there=_in_range(request, there),
        to_fetch=tuple(entry for entry in listing.entries if entry.pair in wanted),
    )


def discover_frame(request: FrameRequest, settings: Settings) -> FramePlan:
    """Return what the sources have of the frame in the range, and what of it is new to us.

    One request to each source lists the frame (to one source, for a scheduled run that lacks
    nothing). A source that does not answer becomes a note, or a problem of the whole frame when
    none does. The ledger remembers what each of them said.

    What is to be fetched are the pairs in the range, and those of any date that were here and are
    not any more.
    """
    home = home_of(settings)
    with open_ledger(home.ledger) as ledger, open_portal(settings, ledger) as portal:
        refuse_other_phase(home.cube(request.volcano.slug, request.frame), settings.phase)
        there = reconcile_tiles(home, ledger, request.volcano.slug, request.frame)
        lost = _lost_of(request, ledger, settings)
        if not settings.keep_granules:
            sweep_granules(home, request, there)
        try:
            # Of what was here no one source has the last word: another may still have it.
            everywhere = bool(lost) or not request.scheduled
            listing = portal.list_pairs(request.frame, everywhere=everywhere)
        except (SourceUnavailableError, MissingProductError) as error:
            plan = _without_listing(request, error, there)
            if plan.absent and request.scheduled and _was_absent(ledger, request.frame):
                plan = replace(plan, absent_before=True)
            _record_silence(ledger, request.frame, portal.roots, error)
            return plan
        emptied = _emptied(ledger, request.frame, listing)
        _record_listing(ledger, request.frame, listing)
        listed = _in_range(request, (entry.pair for entry in listing.entries))
        waiting = _waiting_pairs(ledger, request, settings.phase) if request.scheduled else {}
        there = _without(there, ledger.outdated_pairs(request.volcano.slug, request.frame))
        wanted = ({*lost} if request.lost_alone else {*listed, *lost}) - {*there, *waiting}
    return FramePlan(
        listing.root,
        listed,
        newest=newest_pair(entry.pair for entry in listing.entries),
        there=_in_range(request, there),
        to_fetch=tuple(entry for entry in listing.entries if entry.pair in wanted),
        problems=emptied,
        notes=tuple(_notes(request, listing, waiting)),
    )


discover_task = task(name="discover")(discover_frame)


def _record_listing(ledger: Ledger, frame: FrameId, listing: PairListing) -> None:
    pairs = [entry.pair for entry in listing.entries]
    ledger.record_listing(frame, listing.root, pairs, complete=listing.is_complete)
    now = dt.datetime.now(dt.UTC)
    for answer in listing.answers:
        state, count = answer.state.value, len(answer.entries)
        row = SourceRow(answer.root, now, state, count, answer.newest, answer.reason)
        ledger.record_source(frame, row)


def _record_silence(
    ledger: Ledger,
    frame: FrameId,
    roots: Iterable[str],
    error: SourceUnavailableError | MissingProductError,
) -> None:
    """Remember that no source listed the frame, and why."""
    absent = isinstance(error, MissingProductError)
    state = (RootState.NO_FRAME if absent else RootState.UNAVAILABLE).value
    now = dt.datetime.now(dt.UTC)
    for root in roots:
        ledger.record_source(frame, SourceRow(root, now, state, 0, None, str(error)))


def _waiting_pairs(
    ledger: Ledger, request: FrameRequest, phase: Product
) -> dict[DatePair, dt.datetime]:
    """Pairs that were asked for in vain, and when their pause ends."""
    now = dt.datetime.now(dt.UTC)
    return {
        pair: row.next_attempt
        for (pair, product), row in ledger.files(request.frame).items()
        if product in phase.needed and row.next_attempt is not None and row.next_attempt > now
    }


def _notes(
    request: FrameRequest, listing: PairListing, waiting: Mapping[DatePair, dt.datetime]
) -> Iterator[str]:
    """What a person may want to know of a listing."""
    for answer in listing.unavailable:
        yield f"{request.frame}: {answer.root} gave no listing, it may have more ({answer.reason})"
    for answer in listing.cut:
        yield f"{request.frame}: the listing at {answer.root} is cut, it may have more"
    for answer in listing.stale:
        yield f"{request.frame}: {answer.root} is behind, its newest pair is {answer.newest}"
    late = sorted(waiting[pair] for pair in _in_range(request, waiting))
    if late:
        yield (
            f"{request.frame}: what was missing or of no use, {counted(len(late), 'pair')}, is "
            f"asked for again from {late[0]:%Y-%m-%d} on"
        )


def _without_listing(
    request: FrameRequest,
    error: SourceUnavailableError | MissingProductError,
    there: Iterable[DatePair],
) -> FramePlan:
    here = _in_range(request, there)
    if isinstance(error, MissingProductError):
        return FramePlan(None, absent=str(error), there=here)
    problem = Problem(request.frame, None, str(error), try_later=True)
    return FramePlan(None, there=here, problems=(problem,))


def _emptied(ledger: Ledger, frame: FrameId, listing: PairListing) -> tuple[Problem, ...]:
    """A frame that had pairs is not listed without any: that is a source in trouble."""
    known = 0 if listing.entries else len(ledger.pairs(frame))
    if not known:
        return ()
    words = (
        f"{listing.root} lists no pair at all, also when asked once more; {known} were listed "
        "before: the frame may be moving"
    )
    return (Problem(frame, None, words, try_later=True),)


def _was_absent(ledger: Ledger, frame: FrameId) -> bool:
    """Whether it was said before that no root has the frame."""
    said = ledger.sources(frame)
    return bool(said) and all(row.state == RootState.NO_FRAME.value for row in said)


def _lost_of(request: FrameRequest, ledger: Ledger, settings: Settings) -> set[DatePair]:
    """Pairs of the frame, of any date, that were here and are not any more."""
    slug = request.volcano.slug
    lost = wanted_back(ledger, slug, settings.volcano.get(slug))
    return {each.pair for each in lost if each.frame == request.frame}


def _without(pairs: Iterable[DatePair], others: Iterable[DatePair]) -> tuple[DatePair, ...]:
    left_out = set(others)
    return tuple(pair for pair in pairs if pair not in left_out)


def _in_range(request: FrameRequest, pairs: Iterable[DatePair]) -> tuple[DatePair, ...]:
    return tuple(sorted(pair for pair in pairs if pair.lies_in(request.start, request.end)))
