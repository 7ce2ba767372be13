"""The history of runs: each is remembered when it begins, and again when it ends.

After a night the ledger also gets the messages that nights are worth: volcanoes without new data,
and failures night after night.
"""

import datetime as dt
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from catalogs.home.home import check_ledger, home_of, open_folder
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.outbox_records import MessageKind, NewMessage, Standing
from catalogs.ledger.runs import NIGHTLY, VolcanoRun
from catalogs.settings import Settings
from catalogs.world.volcanoes import load_volcanoes
from fringewatch import __version__
from fringewatch.errors import FringewatchError
from fringewatch.plain_text import plain
from tasks.messages.standing import telling_of
from tasks.night import report_of
from tasks.records import Outcome, RunReport, whole_outcome

_LOGGER = logging.getLogger(__name__)

_LONGEST_REASON: Final = 200


@dataclass
class RecordedRun:
    """A run that is going on."""

    kind: str
    volcanoes: tuple[str, ...]
    number: int | None = None
    """In the ledger; None where that cannot be written, which ends the run in its own words."""
    reports: list[RunReport] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        stopped = any(report.home_stopped for report in self.reports)
        return whole_outcome(list(map(_kept_outcome, self.reports)), home_stopped=stopped)


@contextmanager
def recorded_run(settings: Settings, kind: str, volcanoes: Sequence[str]) -> Iterator[RecordedRun]:
    """Give the record of a run for the block, which puts its reports there.

    The ledger knows of the run before anything is done, so that one that is killed is in the
    history, too, and one whose storage gives no answer. A block that raises an error ends the run
    for all of its volcanoes.
    """
    run = RecordedRun(kind, tuple(volcanoes))
    try:
        home = open_folder(home_of(settings))
        check_ledger(home)  # nothing is written to a home whose ledger is lost
        with open_ledger(home.ledger) as ledger:
            run.number = ledger.begin_run(kind, __version__, volcanoes)
    except FringewatchError as error:
        _LOGGER.info("the run is not in the history: %s", error)
    try:
        yield run
    except Exception as error:
        run.reports = [report_of(volcano, error) for volcano in volcanoes]
        _end(run, settings)
        raise
    _end(run, settings)


def _end(run: RecordedRun, settings: Settings) -> None:
    """Write the end of a run, and the messages of a night; what hinders it is logged."""
    if run.number is None:
        return
    home = home_of(settings)
    now = dt.datetime.now(dt.UTC)
    try:
        free = shutil.disk_usage(home.root).free
        with open_ledger(home.ledger) as ledger:
            rows = [_row(report) for report in run.reports]
            ledger.end_run(run.number, run.outcome.name.lower(), rows, free)
            if run.kind == NIGHTLY:
                messages = night_messages(ledger, run.reports, settings, now)
                ledger.put_into_outbox(messages, telling_of(settings))
    except (FringewatchError, OSError) as error:
        _LOGGER.error("the end of the run is not in the history: %s", error)  # noqa: TRY400 - plainly


def _kept_outcome(report: RunReport) -> Outcome:
    """How a run ended for the history: one after which there is no table at all brought nothing.

    Whoever runs it hears of a gap; a night after which nothing is known is no good night.
    """
    is_empty = report.outcome is Outcome.PARTIAL and report.published is None
    return Outcome.NOTHING if is_empty else report.outcome


def _row(report: RunReport) -> VolcanoRun:
    words = next(iter([*map(str, report.problems), *report.notes]), "")
    outcome = _kept_outcome(report).name.lower()
    return VolcanoRun(
        report.volcano, outcome, report.fetched, report.scored, plain(words, _LONGEST_REASON)
    )


def night_messages(
    ledger: Ledger, reports: Sequence[RunReport], settings: Settings, now: dt.datetime
) -> list[NewMessage]:
    """Return what a night is worth a message for, told before or not.

    Each volcano whose newest data are too old is one; it is told again when newer data have grown
    old, too. Volcanoes that fail for as many nights are one together, every n-th night.
    """
    watched = {report.volcano: report for report in reports}
    return [
        *_stale(watched, ledger.newest_dates(), ledger.standings(), (settings, now.date())),
        *_failing(watched, ledger.failed_nights(now), settings.notify_failed_nights, now.date()),
    ]


def _stale(
    watched: Mapping[str, RunReport],
    newest: Mapping[str, dt.date],
    standings: Mapping[str, Standing],
    limits: tuple[Settings, dt.date],
) -> Iterator[NewMessage]:
    """A message for each volcano whose newest data is too old."""
    settings, today = limits
    names = {volcano.slug: volcano.name for volcano in load_volcanoes()}
    for slug in watched:
        date = newest.get(slug)
        if date is None or (today - date).days <= settings.stale_days:
            continue
        standing = standings.get(slug)
        since = f" since {standing.since}" if standing and standing.since else ""
        facts = {
            "name": names.get(slug, slug),
            "newest": date.isoformat(),
            "state": f"{standing.state}{since}" if standing else "",
        }
        yield NewMessage(MessageKind.STALE, {f"stale/{slug}/{date}": slug}, facts)


def _failing(
    watched: Mapping[str, RunReport],
    failed: Mapping[str, tuple[int, dt.date | None]],
    every: int,
    today: dt.date,
) -> Iterator[NewMessage]:
    """A message for all volcanoes that have failed as many nights in a row."""
    by_count: dict[tuple[int, dt.date | None], list[str]] = {}
    for slug in watched:
        count, last_good = failed.get(slug, (0, None))
        if every and count >= every:
            by_count.setdefault((count, last_good), []).append(slug)
    for (count, last_good), slugs in by_count.items():
        # The key names the series and its n-th night: a night that was killed before its message
        # leaves that to the next, and a series that begins anew is another.
        about = {f"failed/{slug}/{last_good}/{count // every}": slug for slug in slugs}
        facts = {
            "nights": count,
            "date": today.isoformat(),
            "last_good": last_good.isoformat() if last_good else "",
            "reason": _row(watched[slugs[0]]).words,
        }
        yield NewMessage(MessageKind.FAILED_NIGHTS, about, facts)
