"""What a person sees: log lines, progress bars on a terminal, reports."""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from typing_extensions import override

from catalogs.records import FrameId, Volcano
from fringewatch.plain_text import counted, plain
from tasks.progress import listening
from tasks.records import FramePlan, Outcome, RunReport, whole_outcome
from tasks.verify.records import VerifyReport

_LINES_SHOWN = 12
OURS = ("catalogs", "flows", "insar_models", "tasks")
"""The roots of our loggers."""


class _OneLine(logging.Formatter):
    """Log lines as they are read: what they quote from outside does nothing to a terminal."""

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        return plain(super().formatMessage(record))


def start_logging() -> None:
    """Send our own log lines to the error stream, plain, one fact a line."""
    stop_logging()
    handler = logging.StreamHandler()
    # Date and zone are said: lines are read weeks later, and elsewhere.
    formatter = _OneLine("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for name in OURS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False  # Prefect sets the root logger up to say it once more
    logging.getLogger("catalogs.portal.fetch").setLevel(logging.WARNING)  # progress says it


def stop_logging() -> None:
    """Take back what `start_logging` did."""
    for name in OURS:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


@contextmanager
def progress_shown(stream: TextIO | None = None) -> Iterator[None]:
    """Show progress as bars if `stream` is a terminal; otherwise it goes to the log.

    By default it is the error stream of that moment, which may have been redirected since import.
    """
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - a log needs none of it
    from rich.progress import Progress, TaskID  # noqa: PLC0415

    with Progress(console=Console(file=stream)) as bars:
        known: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in known:
                known[step] = bars.add_task(step, total=total)
            bars.update(known[step], completed=done, total=total)

        with listening(show):
            yield


def show_report(report: RunReport | VerifyReport) -> int:
    """Print a report for a person, and return the exit code that goes with it."""
    for line in report.lines():
        print(line)
    return int(report.outcome)


def show_reports(reports: Sequence[RunReport | VerifyReport]) -> int:
    """Print the reports of several volcanoes; the exit code says whether all, some or none did."""
    for report in reports:
        show_report(report)
    return int(whole_outcome([report.outcome for report in reports]))


def show_preview(frames: Sequence[FrameId], plans: Sequence[FramePlan]) -> int:
    """Print what a run would fetch, and return its exit code."""
    for frame, plan in zip(frames, plans, strict=True):
        if plan.source is None:
            print(plan.absent or f"{frame}: {plan.problems[0].reason}")
            continue
        print(
            f"{frame}: {counted(len(plan.listed), 'pair')} in the range at {plan.source}; "
            f"{len(plan.there)} already here, {len(plan.to_fetch)} to fetch"
        )
        for files in plan.to_fetch[:_LINES_SHOWN]:
            print(f"  {files.pair}")
        if len(plan.to_fetch) > _LINES_SHOWN:
            print(f"  and {len(plan.to_fetch) - _LINES_SHOWN} more")
    print("dry run: nothing was written")
    failed = any(plan.problems for plan in plans)
    if not any(plan.listed for plan in plans):
        return int(Outcome.LATER if failed else Outcome.NOTHING)
    return int(Outcome.PARTIAL if failed else Outcome.DONE)


def show_volcanoes(volcanoes: Sequence[Volcano]) -> None:
    """Print a line for each volcano: slug, number, place, name, region, frames."""
    for volcano in volcanoes:
        frames = " ".join(str(frame) for frame in volcano.frames)
        print(
            f"{volcano.slug:<24} {volcano.gvp_number:>6} {volcano.latitude:>8.3f} "
            f"{volcano.longitude:>9.3f}  {volcano.name} ({volcano.region})  {frames}"
        )
