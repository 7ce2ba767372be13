"""Displacements: how far the ground has moved since an episode of unrest began."""

import datetime as dt
import logging
from collections.abc import Iterable
from typing import Final

from catalogs.ledger.ledger import Ledger
from catalogs.records import FrameId
from catalogs.settings import Settings
from fringewatch.errors import StoreError
from insar_models.onset.evidence import DateVerdict
from tasks.judge.left_out import pairs_that_count
from tasks.judge.rates import CubeWindows

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
    wanted = {
        verdict.date: verdict.since
        for verdict in verdicts
        if verdict.since is not None and (verdict.date - verdict.since).days <= LONGEST_DAYS
    }
    known = ledger.measures(volcano)
    for frame, measures in known.items():
        stale = [
            (one.date, one.since)
            for one in measures
            if one.since is not None and wanted.get(one.date) != one.since
        ]
        if stale:
            ledger.forget_measures(volcano, frame, stale)
        has_rate = {one.date for one in measures if one.since is None}
        before = {(one.date, one.since): one.made_from for one in measures}
        todo = {date: since for date, since in wanted.items() if date in has_rate}
        if todo:
            _measure(ledger, (volcano, frame), todo, before, settings)


def _measure(
    ledger: Ledger,
    place: tuple[str, FrameId],
    todo: dict[dt.date, dt.date],
    before: dict[tuple[dt.date, dt.date | None], str],
    settings: Settings,
) -> None:
    volcano, frame = place
    made_of = pairs_that_count(ledger, volcano, frame, settings)
    try:
        windows = CubeWindows.open(ledger, volcano, frame, settings)
        for date, since in sorted(todo.items()):
            pairs = windows.pairs_between(made_of, since - dt.timedelta(_LEAD_DAYS), date)
            made_from = windows.made_from(pairs, made_of, since)
            if before.get((date, since)) != made_from:
                found = windows.displacement(date, since, pairs, made_from)
                ledger.record_measures(volcano, frame, [found])
    except _UNREADABLE as error:
        _LOGGER.warning("%s: no displacement, the cube does not give it: %s", frame, error)
