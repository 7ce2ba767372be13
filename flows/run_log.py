"""Our log lines in Prefect's log of a flow run, under a worker and from the command line.

Steps and libraries log with the standard library alone. While a flow runs, what they say of it
goes to the run's page too, also from threads of their own.
"""

import logging
from typing import Any, Final, TypedDict

from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow, FlowStateHook
from prefect.logging.handlers import APILogHandler
from typing_extensions import override

from flows.orphans import end_with_the_server
from flows.screen import OURS


class _RunLogHandler(APILogHandler):
    """Sends lines to one flow run, whichever thread says them."""

    def __init__(self, flow_run: FlowRun) -> None:
        super().__init__()
        self._flow_run_id = flow_run.id
        self.levels_before: dict[str, int] = {}

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if not hasattr(record, "flow_run_id"):
            record.flow_run_id = self._flow_run_id
        super().emit(record)


def keep_log_lines(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - a hook's form
    """Begin to send our log lines, from INFO on, to the page of a run that starts: a hook."""
    _detach()
    handler = _RunLogHandler(flow_run)
    for name in OURS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        handler.levels_before[name] = logger.level
        if logger.level == logging.NOTSET:  # the command line has set it already
            logger.setLevel(logging.INFO)


def leave_log_lines(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - a hook's form
    """Stop sending, and put the levels back, at the end of a run of any kind: a hook."""
    _detach()


def _detach() -> None:
    for name in OURS:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            if isinstance(handler, _RunLogHandler):
                logger.removeHandler(handler)
                logger.setLevel(handler.levels_before[name])


class _Hooks(TypedDict):
    on_running: list[FlowStateHook[..., Any]]
    on_completion: list[FlowStateHook[..., Any]]
    on_failure: list[FlowStateHook[..., Any]]
    on_crashed: list[FlowStateHook[..., Any]]
    on_cancellation: list[FlowStateHook[..., Any]]


RUN_LOG: Final[_Hooks] = {
    "on_running": [keep_log_lines, end_with_the_server],
    "on_completion": [leave_log_lines],
    "on_failure": [leave_log_lines],
    "on_crashed": [leave_log_lines],
    "on_cancellation": [leave_log_lines],
}
"""What a flow takes to keep its log lines, and to end with who serves it:
``@flow(name=..., **RUN_LOG)``."""
