"""Look after the watch itself: what it has not heard, not done, or will not be able to do.

Reads only, and asks nobody, so that it also speaks of a home on a disk that cannot be written.
"""

import datetime as dt
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from catalogs.home.home import home_of
from catalogs.home.reading import find_home, kept_ledger
from catalogs.ledger.ledger import Ledger
from catalogs.ledger.runs import GOOD_OUTCOMES, NIGHTLY, RunRow
from catalogs.places import watch_list
from catalogs.settings import Settings
from fringewatch.atomic import disk_errors
from fringewatch.errors import NoHomeError
from tasks.health.kept_data import damaged_tables, lost_words
from tasks.health.records import (
    ChannelHealth,
    Check,
    DiskHealth,
    Finding,
    Health,
    LastNight,
    VolcanoHealth,
)
from tasks.judge.silence import silence_days_of
from tasks.judge.standing import standing_in
from tasks.messages.channel import channel_name, is_malformed
from tasks.messages.send import name_of, waiting_words
from tasks.status.records import at_utc

_PATIENCE: Final = dt.timedelta(hours=1)
"""A message may take so long to be delivered before it counts as undelivered."""
_GROWTH_SPAN: Final = dt.timedelta(days=60)
_LEAST_SPAN: Final = dt.timedelta(days=1)
_LEAST_FREE_BYTES: Final = 500_000_000
_RUNS_READ: Final = 400
_MAJOR_FAILURES: Final = 3


def health_of(settings: Settings, now: dt.datetime | None = None) -> Health:
    """Return how the watch is.

    Parameters
    ----------
    settings
        Name the home, what is watched, and how old things may be.
    now
        UTC; the time it is, if not given.

    Raises
    ------
    HomeError
        If the home was written by a newer version, or cannot be read.
    StoreError
        If the ledger is damaged.
    """
    now = now or dt.datetime.now(dt.UTC)
    try:
        home = find_home(home_of(settings))
        ledger = kept_ledger(home)
    except NoHomeError as error:
        return _without_home(settings, error, now)
    with ledger:
        version = [Finding(Check.VERSION, ledger.age_words)] if ledger.age_words else []
        nights = ledger.runs(NIGHTLY, last=1)
        slugs, unknown = _watched(settings, nights)
        lost = lost_words(ledger, home, slugs)
        volcanoes = _volcanoes(ledger, (slugs, lost), settings, now)
        channels, undelivered = _channels(ledger, settings, now)
        disk = DiskHealth(_free_bytes(home.root), _daily_growth(ledger.runs(last=_RUNS_READ), now))
    findings = (
        *version,
        *unknown,
        *(Finding(Check.LOST, words, slug) for slug, words in lost.items()),
        *damaged_tables(home, [each for each in volcanoes if each.volcano not in lost]),
        *_of_schedule(nights, settings, now),
        *_of_volcanoes(volcanoes, settings, lost),
        *_of_disk(disk, settings),
        *_of_metrics_file(settings),
        *undelivered,
    )
    last = [
        LastNight(night.started_at, night.ended_at, night.outcome, night.heartbeat_at)
        for night in nights
    ]
    return Health(now, settings.home, findings, volcanoes, channels, disk, next(iter(last), None))


def _without_home(settings: Settings, error: NoHomeError, now: dt.datetime) -> Health:
    """Where nothing ran yet a disk that is full may be the reason."""
    findings = [Finding(Check.HOME, str(error))]
    findings += [Finding(Check.WATCH_LIST, words) for words in watch_list(settings).faults.values()]
    findings += _of_metrics_file(settings)
    if not settings.home.is_dir():
        return Health(now, settings.home, tuple(findings))
    disk = DiskHealth(_free_bytes(settings.home), None)
    return Health(now, settings.home, (*findings, *_of_disk(disk, settings)), disk=disk)


def _free_bytes(folder: Path) -> int:
    with disk_errors(folder):
        return shutil.disk_usage(folder).free


def _watched(settings: Settings, nights: Sequence[RunRow]) -> tuple[tuple[str, ...], list[Finding]]:
    """The slugs that are watched: those of the settings, else those that the last night was told.

    A name that the catalogue does not know, or a place without a frame, is a finding, and ends
    nothing.
    """
    names = settings.watch or tuple(row.volcano for night in nights for row in night.volcanoes)
    if not names:
        words = (
            "nothing is watched: set watch = [...] in fringewatch.toml. A home that is only "
            "backfilled by hand needs none, but then nobody looks for new data"
        )
        return (), [Finding(Check.WATCH_LIST, words)]
    watched = watch_list(settings, names)
    faults = [Finding(Check.WATCH_LIST, words) for words in watched.faults.values()]
    return tuple(volcano.slug for volcano in watched.volcanoes), faults


def _volcanoes(
    ledger: Ledger,
    watched: tuple[Iterable[str], Collection[str]],
    settings: Settings,
    now: dt.datetime,
) -> tuple[VolcanoHealth, ...]:
    """How each volcano does, of which data are not lost: state, age of its data, failed nights."""
    slugs, lost = watched
    newest, pairs = ledger.newest_dates(), ledger.pair_counts()
    successes, failed = ledger.last_good_runs(), ledger.failed_nights(now)
    found = []
    for slug in slugs:
        silence_days = silence_days_of(settings.for_volcano(slug))
        date = newest.get(slug)
        age = (now.date() - date).days if date else None
        standing, _ = standing_in(ledger, slug, now.date(), silence_days)
        state, since = standing.state, standing.since
        if slug in lost:
            state, since = "unknown", None
        found.append(
            VolcanoHealth(
                volcano=slug,
                state=state,
                since=since,
                newest=date,
                age_days=age,
                pairs=pairs.get(slug, 0),
                last_success=successes.get(slug),
                failed_nights=failed.get(slug, (0, None))[0],
            )
        )
    return tuple(found)


def _of_volcanoes(
    volcanoes: Iterable[VolcanoHealth], settings: Settings, lost: Collection[str]
) -> Iterator[Finding]:
    """What a person has to see to at single volcanoes."""
    failing_from = settings.notify_failed_nights or _MAJOR_FAILURES
    for each in volcanoes:
        silence_days = silence_days_of(settings.for_volcano(each.volcano))
        if each.volcano in lost:
            pass  # how old the rest of it is does not matter
        elif each.age_days is None:
            words = "it is watched, and no data of it ever came"
            yield Finding(Check.NEVER_FETCHED, words, each.volcano)
        elif each.age_days > silence_days:
            words = f"no data newer than {each.newest} ({each.age_days} days): its state is unknown"
            yield Finding(Check.SILENT, words, each.volcano)
        elif each.age_days > settings.stale_days:
            words = f"no data newer than {each.newest} ({each.age_days} days)"
            yield Finding(Check.STALE, words, each.volcano)
        if each.failed_nights >= failing_from:
            success = at_utc(each.last_success) if each.last_success else "never"
            words = f"{each.failed_nights} nights in a row brought nothing; last success {success}"
            yield Finding(Check.FAILING, words, each.volcano)


def _of_schedule(
    nights: Sequence[RunRow], settings: Settings, now: dt.datetime
) -> Iterator[Finding]:
    """What a person has to see to because nights do not run, or not well."""
    if not nights:
        if settings.watch:
            yield Finding(Check.SCHEDULE, "no night has run yet: see docs/operate.md for schedules")
        return
    night = nights[0]
    limit = dt.timedelta(hours=settings.night_hours)
    if now - night.started_at > limit:
        words = (
            f"the last night began at {at_utc(night.started_at)}, more than "
            f"{settings.night_hours:g} hours ago"
        )
        yield Finding(Check.SCHEDULE, words)
    elif night.ended_at is None and now - night.started_at > limit / 2:
        words = f"the night that began at {at_utc(night.started_at)} has not ended, or was killed"
        yield Finding(Check.SCHEDULE, words)
    elif night.outcome is not None and night.outcome not in GOOD_OUTCOMES:
        words = f"the night of {at_utc(night.started_at)} brought nothing ({night.outcome})"
        yield Finding(Check.SCHEDULE, words)


def _of_disk(disk: DiskHealth, settings: Settings) -> Iterator[Finding]:
    is_soon = disk.days_left is not None and disk.days_left < settings.disk_days
    if is_soon or disk.free_bytes < _LEAST_FREE_BYTES:
        yield Finding(Check.DISK, str(disk))


def fault_of_metrics_file(path: Path) -> str:
    """Return what is wrong with the place of the numbers; empty if a file can be made there."""
    if path.is_dir():
        return f"metrics_file = '{path}' is a folder: name a file in it, ending with .prom"
    if not path.parent.is_dir():
        return (
            f"metrics_file = '{path}': there is no folder {path.parent}: correct the name, or make "
            "the folder"
        )
    return ""


def _of_metrics_file(settings: Settings) -> Iterator[Finding]:
    if settings.metrics_file is not None and (
        fault := fault_of_metrics_file(settings.metrics_file)
    ):
        yield Finding(Check.SETTINGS, fault)


def _channels(
    ledger: Ledger, settings: Settings, now: dt.datetime
) -> tuple[tuple[ChannelHealth, ...], list[Finding]]:
    """How each channel does, and what a person has to see to there."""
    names = dict.fromkeys(channel_name(url) for url in settings.notify)
    channels, findings = [], []
    for number, state in enumerate(ledger.channel_states(names, now), 1):
        name, words = name_of(number, state.name), waiting_words(state)
        channels.append(ChannelHealth(name, state.waiting, state.failures, words))
        is_late = state.oldest is not None and now - state.oldest > _PATIENCE
        if state.is_failing or is_late or is_malformed(state.name):
            findings.append(Finding(Check.MESSAGES, f"{name}: {words}"))
    return tuple(channels), findings


def _daily_growth(runs: Sequence[RunRow], now: dt.datetime) -> float | None:
    """Bytes by which the free space of the home's disk shrinks in a day.

    The median of what it lost from each run to the next: to delete something large once, or to
    bring ten years of one volcano, is not the growth of the days.
    """
    ends = sorted(
        (run.ended_at, run.disk_free_bytes)
        for run in runs
        if run.ended_at is not None
        and run.disk_free_bytes is not None
        and now - run.ended_at <= _GROWTH_SPAN
    )
    rates: list[float] = []
    last = ends[0] if ends else None
    for end in ends:
        if last is not None and end[0] - last[0] >= _LEAST_SPAN / 2:  # runs of one day are one
            days = (end[0] - last[0]) / dt.timedelta(days=1)
            rates.append((last[1] - end[1]) / days)
            last = end
    if not rates or ends[-1][0] - ends[0][0] < _LEAST_SPAN:
        return None
    return median(rates)
