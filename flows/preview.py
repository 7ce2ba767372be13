"""The dry run: what a backfill would fetch, said without Prefect and without writing."""

import datetime as dt
import os
import tempfile
from collections.abc import Sequence

from catalogs.settings import Settings
from flows.screen import show_preview, start_logging


def preview_backfill(
    settings: Settings, volcano: str, days: tuple[dt.date, dt.date], frames: Sequence[str]
) -> int:
    """Print what a backfill would fetch, and return its exit code.

    The tasks' modules import Prefect, which makes its folder when it is imported: here that is a
    temporary one.
    """
    start_logging()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("PREFECT_HOME", folder)
        from tasks.watch import parse_request, preview_volcano  # noqa: PLC0415 - see above

        request = parse_request(volcano, *days, frames, settings)
        return show_preview(request.frames, preview_volcano(request, settings))
