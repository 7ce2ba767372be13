"""The steps as Prefect tasks, and how a report becomes the state of a flow run."""

from typing import TypeVar, cast

from prefect.states import Completed

from fringewatch.errors import SourceUnavailableError
from tasks.ingest.discover import discover_task
from tasks.ingest.download import download_task
from tasks.ingest.tile import tile_task
from tasks.judge.score import score_task
from tasks.publish import publish_task
from tasks.records import Outcome, RunReport
from tasks.watch import Steps

PREFECT_STEPS = Steps(
    discover=discover_task,
    download=download_task,
    tile=tile_task,
    score=score_task,
    publish=publish_task,
)


Reports = TypeVar("Reports")


def partial(reports: Reports, message: str) -> Reports:
    """Return what a flow returns to end in a state called *Partial*.

    Prefect takes a returned state as the run's own and gives its data to whoever called the flow:
    for a caller the type is that of the data.
    """
    return cast("Reports", Completed(name="Partial", message=message, data=reports))


def conclude(report: RunReport) -> RunReport:
    """Return the report of a run, in the state *Partial* when some of it could not be had.

    Raises
    ------
    SourceUnavailableError
        If nothing could be had: the flow run fails.
    """
    if report.outcome is Outcome.NOTHING:
        raise SourceUnavailableError("\n".join(report.lines()))
    if report.outcome is Outcome.PARTIAL:
        return partial(report, report.lines()[0])
    return report
