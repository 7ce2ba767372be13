"""What a run leaves on Prefect's pages: log lines and artifacts, read back from the server."""

import datetime as dt
import logging
from pathlib import Path
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.logging.handlers import APILogHandler

from catalogs.settings import load_settings
from flows.artifacts import KEY, REPORT_KEY, row_of
from flows.nightly import nightly
from flows.screen import OURS
from tasks.records import Outcome, RunReport
from tests.portal.faults import Fault, FaultKind
from tests.portal.server import StandInPortal

pytestmark = pytest.mark.usefixtures("prefect_server")
GONE = "20240118_20240130"


def lines_of(run: UUID) -> list[str]:
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
    with get_client(sync_client=True) as client:
        return [f"{line.name}: {line.message}" for line in client.read_logs(wanted)]


def artifacts_of(run: UUID) -> dict[str, str]:
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]))
    with get_client(sync_client=True) as client:
        return {
            str(each.key): str(each.data) for each in client.read_artifacts(artifact_filter=wanted)
        }


def test_a_night_leaves_its_lines_a_table_a_page_and_pictures(
    flow_portal: StandInPortal, home: Path
) -> None:
    flow_portal.faults[GONE] = Fault(FaultKind.STATUS, code=404)
    try:
        state = nightly(
            ["fernandina"], [flow_portal.url], home, today=dt.date(2024, 2, 1), return_state=True
        )
    finally:
        flow_portal.faults.clear()
    run = state.state_details.flow_run_id
    assert run is not None
    APILogHandler.flush(APILogHandler())
    said = lines_of(run)
    assert any(line.startswith(OURS) for line in said), said
    found = artifacts_of(run)
    assert found.keys() == {KEY, REPORT_KEY}
    age = (dt.datetime.now(dt.UTC).date() - dt.date(2024, 1, 30)).days
    for text, days in ((found[KEY], str(age)), (found[REPORT_KEY], f"{age:,} days old")):
        assert all(word in text for word in ("fernandina", "2024-01-30", days, GONE, "404"))
    assert not any(isinstance(each, APILogHandler) for each in logging.getLogger("tasks").handlers)
    assert logging.getLogger("tasks").level == logging.NOTSET
    for name in ("timeline.png", "interferograms.png"):
        assert (home / "detections" / "fernandina" / name).stat().st_size > 10_000


def test_a_volcano_that_got_nothing_is_shown_as_it_was_last_known(
    flow_portal: StandInPortal, home: Path
) -> None:
    nightly(["fernandina"], [flow_portal.url], home, today=dt.date(2024, 2, 1))
    failed = RunReport("fernandina", Outcome.NOTHING, notes=("the disk is full",))
    row = row_of(failed, load_settings(home=home), dt.date(2024, 2, 9))
    assert (row.outcome, row.state, row.since) == ("nothing", "unrest", dt.date(2024, 1, 30))
    assert (row.newest, row.age_days) == (dt.date(2024, 1, 30), 10)
    assert row.gaps == ("the disk is full",)
    never = row_of(
        RunReport("taal", Outcome.NOTHING), load_settings(home=home), dt.date(2024, 2, 9)
    )
    assert (never.state, never.newest, never.age_days) == ("no data", None, None)
