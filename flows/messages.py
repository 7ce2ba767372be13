"""Messages: what waits in the outbox goes to the channels whose pause is over."""

from pathlib import Path

from prefect import flow

from flows.run_log import RUN_LOG
from flows.run_settings import run_settings
from flows.steps import partial, try_later_named
from tasks.messages.send import ChannelReport, send_messages


@flow(name="messages", **RUN_LOG)
@try_later_named
def messages(home: Path | None = None) -> list[ChannelReport]:
    """Send what is due to each channel once; return how the channels do.

    A channel that took nothing makes the run *Partial*; it is tried again after its pause.

    Parameters
    ----------
    home
        Folder that holds everything that is kept; the settings' if not given.

    Raises
    ------
    HomeError
        If there is no home, or it cannot be written.
    """
    reports = list(send_messages(run_settings(home=home)))
    failing = [str(report) for report in reports if report.state.is_failing]
    return partial(reports, "; ".join(failing)) if failing else reports
