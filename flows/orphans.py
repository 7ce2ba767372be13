"""A run of `fringewatch serve` ends with the process that serves it, also when that is killed.

Else it would go on without anybody who knows of it, with the home's lock in its hands, and what is
started next would wait for it.
"""

import os
import signal
import threading
import time
from typing import Any, Final

from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow

SERVED_BY: Final = "_FRINGEWATCH_SERVED_BY"
"""Environment variable with the number of the process that serves."""

_LOOK_EACH_S: Final = 1.0
_END_LIMIT_S: Final = 10.0
"""To let go of what is held; telling a server that is gone can take for ever."""


def end_with_the_server(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - a hook's form
    """Begin to look whether the process that serves this run is there; nothing if none does."""
    serving = os.environ.pop(SERVED_BY, "")  # once: a run within a run ends with the outer one
    if serving:
        threading.Thread(target=_look_after, args=(int(serving),), daemon=True).start()


def _look_after(serving: int) -> None:
    while os.getppid() == serving:
        time.sleep(_LOOK_EACH_S)
    os.kill(os.getpid(), signal.SIGTERM)  # as the process would have told us
    time.sleep(_END_LIMIT_S)
    os._exit(1)
