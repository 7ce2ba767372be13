"""The history of runs, as lines for a person."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from catalogs.ledger.runs import RunRow
from fringewatch.plain_text import plain
from tasks.status.records import at_utc

_LONGEST_RUN: Final = dt.timedelta(hours=12)
_SHOWN: Final = 3


def lines_of_runs(runs: Iterable[RunRow], now: dt.datetime) -> Iterator[str]:
    """Give a line for each run, and one for each of the first volcanoes that brought nothing."""
    for run in runs:
        counts = (
            f"{len(run.volcanoes)} volcano{'es' * (len(run.volcanoes) != 1)}, "
            f"{sum(each.fetched for each in run.volcanoes)} pairs fetched, "
            f"{sum(each.scored for each in run.volcanoes)} scored"
        )
        yield f"{run.number} {run.kind} {at_utc(run.started_at)}, {_end(run, now)}: {counts}"
        bad = [each for each in run.volcanoes if each.outcome is not None and not each.is_good]
        for each in bad[:_SHOWN]:
            yield plain(f"    {each.volcano} {each.outcome}: {each.words or 'no reason kept'}")
        if len(bad) > _SHOWN:
            yield f"    and {len(bad) - _SHOWN} more that brought nothing"


def _end(run: RunRow, now: dt.datetime) -> str:
    if run.ended_at is None:
        is_running = now - run.started_at < _LONGEST_RUN
        return "running, or killed" if is_running else "killed"
    minutes = (run.ended_at - run.started_at) / dt.timedelta(minutes=1)
    heard = ", heartbeat called" if run.heartbeat_at else ""
    return f"{run.outcome} after {minutes:.0f} min{heard}"
