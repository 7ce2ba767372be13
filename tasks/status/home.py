"""Status: what the ledger knows, gathered for a person; reads only, and asks nobody."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from catalogs.home.home import Home, home_of
from catalogs.home.reading import find_home, kept_ledger
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.rows import FileRow, FileState, PairRow, SourceRow
from catalogs.places import catalogue_of, watch_list
from catalogs.portal.union import STALE_AFTER, RootState
from catalogs.records import FrameId, Volcano, newest_pair
from catalogs.settings import Settings
from fringewatch.errors import NoHomeError
from tasks.judge.opinions import Opinions
from tasks.messages.channel import channel_name, is_malformed
from tasks.messages.send import name_of, waiting_words
from tasks.status.coverage import in_span, time_gaps
from tasks.status.headline import headline_of
from tasks.status.records import FileTrouble, FrameStatus, HomeStatus, SourceStatus

UNASKED_DAYS: Final = 7
"""A source that nobody asked for so long may have news."""

_TROUBLES: Final = (FileState.REJECTED, FileState.MISSING, FileState.CHANGED)


def home_status(settings: Settings, volcano: Volcano | None, today: dt.date) -> HomeStatus:
    """Return what the home knows of a volcano, or of all that it holds, without writing a byte.

    A home that is not there, and a volcano that was never fetched, give a status with a message
    and no frames.

    Parameters
    ----------
    settings
        Name the home.
    volcano
        Whose frames; None for all that have a cube, and for the frames that are listed and in no
        cube.
    today
        UTC date that staleness is counted from.

    Raises
    ------
    HomeError
        If the home was written by a newer version, or cannot be read.
    StoreError
        If the ledger is damaged.
    """
    watched, faults = _watched(settings, volcano)
    try:
        home = find_home(home_of(settings))
        ledger = kept_ledger(home)
    except NoHomeError as error:
        return HomeStatus(settings.home, today, (), str(error), watched, watch_faults=faults)
    with ledger:
        wanted = (
            _frames_of(ledger, volcano)
            if volcano
            else _all_frames(ledger, catalogue_of(settings).volcanoes)
        )
        frames = tuple(_frame_status(ledger, home, slug, frame, today) for slug, frame in wanted)
        slugs = [volcano.slug] if volcano else ledger.reviewed_volcanoes()
        reviews = tuple(line for slug in slugs for line in _reviews(ledger, slug))
        there = {*ledger.newest_dates(), *ledger.volcanoes_with_lost_pairs()}
        channels = tuple(failing_channels(ledger, settings))
        headline = headline_of(ledger, volcano.slug, settings, today) if volcano else None
        version = ledger.age_words
    without = tuple(slug for slug in watched if slug not in there)
    if frames or (without and volcano is None):
        return HomeStatus(
            settings.home, today, frames, None, without, channels, reviews, faults, version,
            headline,
        )  # fmt: skip
    words = (
        f"{volcano.slug if volcano else 'nothing'} was never fetched into {settings.home}: run "
        f"`fringewatch backfill {volcano.slug if volcano else 'VOLCANO'} --start YYYY-MM-DD "
        "--end YYYY-MM-DD`"
    )
    return HomeStatus(
        settings.home, today, (), words, without, channels, watch_faults=faults, version=version
    )


def _watched(
    settings: Settings, volcano: Volcano | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The slugs of the watch list, of one volcano or all, and what is wrong with its names."""
    watched = watch_list(settings)
    slugs = [known.slug for known in watched.volcanoes]
    if volcano is None:
        return tuple(slugs), tuple(watched.faults.values())
    fault = watched.faults.get(volcano.slug)
    return tuple(slug for slug in slugs if slug == volcano.slug), (fault,) if fault else ()


def failing_channels(ledger: Ledger, settings: Settings) -> Iterator[str]:
    """Give the channels that do not take their messages, in words without addresses."""
    names = dict.fromkeys(channel_name(url) for url in settings.notify)
    states = ledger.channel_states(names, dt.datetime.now(dt.UTC))
    for number, state in enumerate(states, 1):
        if state.is_failing or is_malformed(state.name):
            yield f"{name_of(number, state.name)}: {waiting_words(state)}"


def frame_statuses(
    ledger: Ledger, home: Home, volcano: Volcano, today: dt.date
) -> tuple[FrameStatus, ...]:
    """Return what an open ledger knows of a volcano's frames; none that nobody asked for.

    Parameters
    ----------
    ledger, home
        Open, and where the cubes lie.
    volcano
        Whose frames.
    today
        UTC date that staleness is counted from.
    """
    wanted = _frames_of(ledger, volcano)
    return tuple(_frame_status(ledger, home, slug, frame, today) for slug, frame in wanted)


def _frames_of(ledger: Ledger, volcano: Volcano) -> list[tuple[str | None, FrameId]]:
    listed = {*ledger.frames(), *ledger.frames_asked_for()}
    lost = (each.frame for each in ledger.lost_pairs(volcano.slug))
    tiled = sorted({*ledger.tiled_frames(volcano.slug), *lost})
    rest = [frame for frame in volcano.frames if frame in listed and frame not in tiled]
    return [(volcano.slug, frame) for frame in (*tiled, *rest)]


def _all_frames(ledger: Ledger, volcanoes: Iterable[Volcano]) -> list[tuple[str | None, FrameId]]:
    """Every frame that the ledger knows, with the volcano that it is of."""
    catalogue = {volcano.slug: volcano for volcano in volcanoes}
    found: list[tuple[str | None, FrameId]] = []
    for slug in sorted({*ledger.volcanoes(), *ledger.volcanoes_with_lost_pairs()}):
        known = catalogue.get(slug)  # a slug may have left the catalogue; its cube is still here
        found += (
            _frames_of(ledger, known)
            if known
            else [(slug, frame) for frame in ledger.tiled_frames(slug)]
        )
    seen = {frame for _, frame in found}
    rest = dict.fromkeys((*ledger.frames(), *ledger.frames_asked_for()))
    return found + [(None, frame) for frame in rest if frame not in seen]


def _frame_status(
    ledger: Ledger, home: Home, volcano: str | None, frame: FrameId, today: dt.date
) -> FrameStatus:
    """What the ledger knows of one frame."""
    pairs, files = ledger.pairs(frame), ledger.files(frame)
    tiled = ledger.tiled_pairs(volcano, frame) if volcano else ()
    lost = [each for each in ledger.lost_pairs(volcano or "") if each.frame == frame]
    listed = [row.pair for row in pairs if row.gone_since is None]
    brought = {*tiled, *(pair for pair, _ in files)}
    not_here = in_span(set(listed) - {*tiled, *(each.pair for each in lost)}, brought)
    never_asked = tuple(sorted(set(listed) - brought - {*not_here}))
    counts = Counter(row.state for row in files.values())
    return FrameStatus(
        volcano=volcano,
        frame=frame,
        sources=tuple(_source_status(row, today) for row in _sources(ledger, frame, pairs)),
        files=tuple((state, counts[state]) for state in FileState if counts[state]),
        listed=len(listed),
        in_cube=tiled,
        gone=tuple(row.pair for row in pairs if row.gone_since is not None),
        gaps=time_gaps(tiled),
        not_here=not_here,
        never_asked=never_asked,
        lost=tuple(each.pair for each in lost if not each.is_gone),
        lost_for_good=tuple(each.pair for each in lost if each.is_gone),
        troubles=tuple(_troubles(files.values())),
        cube_is_there=volcano is not None and home.cube(volcano, frame).is_folder(),
    )


def _reviews(ledger: Ledger, volcano: str) -> Iterator[str]:
    """Give a line on the reviews of a volcano that stand, and one for each contradiction."""
    standing = Opinions.of(ledger.reviews(volcano)).standing
    if standing:
        count = "1 review stands" if len(standing) == 1 else f"{len(standing)} reviews stand"
        yield f"{volcano}: {count}, the newest: {standing[-1]}"
    opinions = Opinions(standing)
    for date in sorted({date for review in standing for date in review.statement.dates}):
        opinion = opinions.of_date(date)
        if opinion and opinion.against:
            yield f"  {date}: {opinion.words} (counts: {opinion.counts.statement.reviewer})"


def _sources(ledger: Ledger, frame: FrameId, pairs: Sequence[PairRow]) -> list[SourceRow]:
    """What each source said; where that was not kept, what the pairs say of it."""
    kept = {row.source: row for row in ledger.sources(frame)}
    by_source: dict[str, list[PairRow]] = {}
    for row in pairs:
        by_source.setdefault(row.source, []).append(row)
    for source, rows in by_source.items():
        asked_at = max(row.last_seen for row in rows)
        newest = newest_pair(row.pair for row in rows)
        kept.setdefault(
            source,
            SourceRow(source, asked_at, RootState.LISTED.value, len(rows), newest, reason=None),
        )
    return [kept[source] for source in sorted(kept)]


def _source_status(row: SourceRow, today: dt.date) -> SourceStatus:
    last_news = row.newest.secondary if row.newest else None
    asked = row.asked_at.astimezone(dt.UTC).date()
    stale_since = None
    if last_news is not None and today - last_news > STALE_AFTER:
        stale_since = last_news
    elif (today - asked).days > UNASKED_DAYS:
        stale_since = asked
    return SourceStatus(row.source, row.asked_at, row.state, row.newest, row.reason, stale_since)


def _troubles(rows: Iterable[FileRow]) -> Iterator[FileTrouble]:
    """Files that were refused or are not there, and those whose source gave no answer."""
    for row in rows:
        if row.state in _TROUBLES or (row.state is FileState.LISTED and row.reason):
            yield FileTrouble(row.pair, row.product, row.state, row.reason, row.next_attempt)
