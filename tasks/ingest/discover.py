"""Discover: what a source has of a frame, and which of it is new to us."""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from prefect import task

from catalogs.cubes.cube import cube_pairs
from catalogs.home.home import Home, home_of
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import SourceRow
from catalogs.portal.client import Portal
from catalogs.portal.hosts import Manners
from catalogs.portal.session import SessionSettings, make_session
from catalogs.portal.union import PairListing, RootMemory, RootState
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from fringewatch.errors import MissingProductError, SourceUnavailableError
from tasks.ingest.granules import sweep_granules
from tasks.records import FramePlan, FrameRequest, Problem

_LOGGER = logging.getLogger(__name__)


@contextmanager
def open_portal(settings: Settings, memory: RootMemory | None = None) -> Iterator[Portal]:
    """Give the portal of the settings' roots, with the one kind of session there is."""
    patience = SessionSettings(
        retries=settings.retries,
        user_agent=settings.user_agent,
        manners=Manners(settings.connections, settings.requests_per_second),
    )
    with make_session(patience) as session:
        yield Portal(settings.portal, session, memory)


def preview_frame(request: FrameRequest, settings: Settings) -> FramePlan:
    """Return what a run would fetch, asking for one listing and writing nothing."""
    home = home_of(settings)
    there: tuple[DatePair, ...] = ()
    if home.ledger.is_file():
        with open_ledger(home.ledger) as ledger:
            there = ledger.tiled_pairs(request.volcano.slug, request.frame)
    try:
        with open_portal(settings) as portal:
            listing = portal.list_pairs(request.frame)
    except (SourceUnavailableError, MissingProductError) as error:
        return _without_listing(request, error, there)
    listed = _in_range(request, (entry.pair for entry in listing.entries))
    return FramePlan(
        listing.root,
        listed,
        newest=max((entry.pair for entry in listing.entries), default=None),
        there=_in_range(request, there),
        to_fetch=tuple(
            entry for entry in listing.entries if entry.pair in set(listed) - set(there)
        ),
    )


def discover_frame(request: FrameRequest, settings: Settings) -> FramePlan:
    """Return what the sources have of the frame in the range, and what of it is new to us.

    One request to each source lists the frame (to one source, for a scheduled run). A source that
    does not answer becomes a note, or a problem of the whole frame when none does. The ledger
    remembers what each of them said.
    """
    home = home_of(settings)
    with open_ledger(home.ledger) as ledger, open_portal(settings, ledger) as portal:
        there = _reconcile(request, home, ledger)
        if not settings.keep_granules:
            sweep_granules(home, request, there)
        try:
            listing = portal.list_pairs(request.frame, everywhere=not request.scheduled)
        except (SourceUnavailableError, MissingProductError) as error:
            _record_silence(ledger, request.frame, portal.roots, error)
            return _without_listing(request, error, there)
        _record_listing(ledger, request.frame, listing)
        listed = _in_range(request, (entry.pair for entry in listing.entries))
        waiting = _waiting_pairs(ledger, request) if request.scheduled else {}
        wanted = set(listed) - set(there) - set(waiting)
    return FramePlan(
        listing.root,
        listed,
        newest=max((entry.pair for entry in listing.entries), default=None),
        there=_in_range(request, there),
        to_fetch=tuple(entry for entry in listing.entries if entry.pair in wanted),
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
    absent = isinstance(error, MissingProductError)
    state = (RootState.NO_FRAME if absent else RootState.UNAVAILABLE).value
    now = dt.datetime.now(dt.UTC)
    for root in roots:
        ledger.record_source(frame, SourceRow(root, now, state, 0, None, str(error)))


def _waiting_pairs(ledger: Ledger, request: FrameRequest) -> dict[DatePair, dt.datetime]:
    """Pairs that were asked for in vain, and when their pause ends."""
    now = dt.datetime.now(dt.UTC)
    return {
        pair: row.next_attempt
        for (pair, _), row in ledger.files(request.frame).items()
        if row.next_attempt is not None and row.next_attempt > now
    }


def _notes(
    request: FrameRequest, listing: PairListing, waiting: Mapping[DatePair, dt.datetime]
) -> Iterator[str]:
    for answer in listing.unavailable:
        yield f"{request.frame}: {answer.root} gave no listing, it may have more ({answer.reason})"
    for answer in listing.stale:
        yield f"{request.frame}: {answer.root} is behind, its newest pair is {answer.newest}"
    late = sorted(waiting[pair] for pair in _in_range(request, waiting))
    if late:
        yield (
            f"{request.frame}: {len(late)} pairs that were missing or of no use are asked for "
            f"again from {late[0]:%Y-%m-%d} on"
        )


def _without_listing(
    request: FrameRequest,
    error: SourceUnavailableError | MissingProductError,
    there: Iterable[DatePair],
) -> FramePlan:
    here = _in_range(request, there)
    if isinstance(error, MissingProductError):
        return FramePlan(None, absent=str(error), there=here)
    return FramePlan(None, there=here, problems=(Problem(request.frame, None, str(error)),))


def _reconcile(request: FrameRequest, home: Home, ledger: Ledger) -> tuple[DatePair, ...]:
    """Pairs that are tiled by the word of the ledger and of the cube; forget those that are not.

    A cube may have been deleted, or restored from an older backup: its missing pairs are then
    fetched again.
    """
    volcano, frame = request.volcano.slug, request.frame
    in_cube = set(cube_pairs(home.cube(volcano, frame)))
    tiled = ledger.tiled_pairs(volcano, frame)
    lost = [pair for pair in tiled if pair not in in_cube]
    if lost:
        _LOGGER.warning("%s %s: %d pairs are gone from the cube", volcano, frame, len(lost))
        ledger.forget_tiles(frame, lost, volcano)
    return tuple(pair for pair in tiled if pair in in_cube)


def _in_range(request: FrameRequest, pairs: Iterable[DatePair]) -> tuple[DatePair, ...]:
    return tuple(sorted(pair for pair in pairs if pair.lies_in(request.start, request.end)))
