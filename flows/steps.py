"""The steps as Prefect tasks, and how a report becomes the state of a flow run."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Final, ParamSpec, TypeVar, cast

from prefect.states import Completed, Failed

from fringewatch.errors import (
    FringewatchError,
    MissingProductError,
    SourceUnavailableError,
    TryLaterError,
    UnforeseenError,
)
from fringewatch.failures import foreseen
from tasks.ingest.discover import discover_task
from tasks.ingest.download import download_task
from tasks.ingest.tile import tile_task
from tasks.judge.correct import correct_task
from tasks.judge.rates import measure_task
from tasks.judge.score import score_task
from tasks.publish import publish_task
from tasks.records import Outcome, RunReport, whole_outcome
from tasks.watch import Steps

PREFECT_STEPS = Steps(
    discover=discover_task,
    download=download_task,
    tile=tile_task,
    correct=correct_task,
    score=score_task,
    rates=measure_task,
    publish=publish_task,
)


Reports = TypeVar("Reports")
P = ParamSpec("P")

_ERRORS: Final[Mapping[Outcome, type[FringewatchError]]] = {
    Outcome.FAILED: UnforeseenError,
    Outcome.REFUSED: FringewatchError,
    Outcome.NOTHING: MissingProductError,
    Outcome.LATER: SourceUnavailableError,
}


def partial(reports: Reports, message: str) -> Reports:
    """Return what a flow returns to end in a state called *Partial*.

    Prefect takes a returned state as the run's own and gives its data to whoever called the flow:
    for a caller the type is that of the data.
    """
    return cast("Reports", Completed(name="Partial", message=message, data=reports))


def error_of(outcome: Outcome) -> type[FringewatchError]:
    """Return the error that a run raises which ended so, and has no report worth returning."""
    return _ERRORS[outcome]


def conclude(report: RunReport) -> RunReport:
    """Return the report of a run, in the state *Partial* when some of it could not be had.

    Raises
    ------
    SourceUnavailableError
        If nothing could be had, and no source gave an answer.
    MissingProductError
        If the sources answered, and have nothing of it.
    """
    if report.outcome in _ERRORS:
        raise error_of(report.outcome)(*report.lines())
    if report.outcome is Outcome.PARTIAL:
        return partial(report, report.lines()[0])
    return report


def conclude_all(reports: Sequence[RunReport]) -> list[RunReport]:
    """Return the reports of a run of several volcanoes, in the state *Partial* if some lack some.

    Raises
    ------
    UnforeseenError
        If one of them met a bug.
    TryLaterError
        If nothing could be had for any, or the home stopped one of them, and a later try may help.
    MissingProductError
        If the sources have nothing of any of them.
    FringewatchError
        If all of them were refused: something has to be changed.
    """
    stopped = any(report.home_stopped for report in reports)
    outcome = whole_outcome([report.outcome for report in reports], home_stopped=stopped)
    if outcome in _ERRORS:
        raise error_of(outcome)(*(line for r in reports for line in r.lines()))
    if outcome is Outcome.DONE:
        return list(reports)
    counts = f"{sum(r.outcome is Outcome.DONE for r in reports)} of {len(reports)} without gaps"
    return partial(list(reports), counts)


def try_later_named(function: Callable[P, Reports]) -> Callable[P, Reports]:
    """Return the function of a flow, which ends in a state called *TryLater* where that is so.

    Whoever called the flow gets the error itself. What libraries say of a full disk, of memory or
    of the server becomes one of our errors here.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Reports:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            found = foreseen(error)
            if not isinstance(found, TryLaterError):
                raise
            found.__cause__ = None if found is error else error
            return cast("Reports", Failed(name="TryLater", message=str(found), data=found))

    return run
