"""Displacements: how far the ground has moved since an episode of unrest began."""

import datetime as dt
import logging
from collections.abc import Iterable
from operator import attrgetter, itemgetter
from typing import Final

from catalogs.ledger.ledger import Ledger
from catalogs.records import FrameId
from catalogs.settings import Settings
from fringewatch.errors import StoreError
from insar_models.onset.evidence import DateVerdict
from tasks.judge.cube_windows import CubeWindows, Episode
from tasks.judge.left_out import pairs_that_count

_LOGGER = logging.getLogger(__name__)

LONGEST_DAYS: Final = 200
"""Of an episode whose displacement is told: of a longer one its rate says more."""

_LEAD_DAYS: Final = 48  # before the episode: the acquisition at its beginning is looked for there
_UNREADABLE: Final = (StoreError, ValueError, RuntimeError, OSError)


def measure_displacements(
    ledger: Ledger, volcano: str, verdicts: Iterable[DateVerdict], settings: Settings
) -> None:
    """Find the displacement of each date on which an episode runs, once for the same pairs.

    One that cannot be found, because the cube does not give a pair, is left out with a warning: the
    tables do without it.
    """
    wanted = _episodes(verdicts)
    known = ledger.measures(volcano)
    for frame, measures in known.items():
        stale = [
            (one.date, one.since)
            for one in measures
            if one.since is not None
            and (one.date not in wanted or wanted[one.date].since != one.since)
        ]
        if stale:
            ledger.forget_measures(volcano, frame, stale)
        has_rate = {one.date for one in measures if one.since is None}
        before = {(one.date, one.since): one.made_from for one in measures}
        todo = {date: episode for date, episode in wanted.items() if date in has_rate}
        if todo:
            _measure(ledger, (volcano, frame), todo, before, settings)


def _episodes(verdicts: Iterable[DateVerdict]) -> dict[dt.date, Episode]:
    """The episode that runs on each date, as it was known then."""
    found: dict[dt.date, Episode] = {}
    seen: set[dt.date] = set()
    for verdict in sorted(verdicts, key=attrgetter("date")):
        since = verdict.since
        if since is None:
            continue
        if verdict.pairs_for:
            seen.add(since)
        if (verdict.date - since).days <= LONGEST_DAYS:
            found[verdict.date] = Episode(since, since in seen)
    return found


def _measure(
    ledger: Ledger,
    place: tuple[str, FrameId],
    todo: dict[dt.date, Episode],
    before: dict[tuple[dt.date, dt.date | None], str],
    settings: Settings,
) -> None:
    volcano, frame = place
    made_of = pairs_that_count(ledger, volcano, frame, settings)
    try:
        windows = CubeWindows.open(ledger, volcano, frame, settings)
        for date, episode in sorted(todo.items(), key=itemgetter(0)):
            first = episode.since - dt.timedelta(_LEAD_DAYS)
            pairs = windows.pairs_between(made_of, first, date)
            made_from = windows.made_from(pairs, made_of, episode)
            if before.get((date, episode.since)) != made_from:
                found = windows.displacement(date, episode, pairs, made_from)
                ledger.record_measures(volcano, frame, [found])
    except _UNREADABLE as error:
        _LOGGER.warning("%s: no displacement, the cube does not give it: %s", frame, error)
