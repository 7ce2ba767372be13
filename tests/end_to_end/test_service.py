"""The documented server and worker: guarded, on schedule, and on their feet after a power cut."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.storage.place import Folder
from catalogs.tables import DATES, read_table
from tests.end_to_end.service import PASSWORD, Service, service_in, wait_until
from tests.portal.faults import Fault, FaultKind
from tests.portal.server import StandInPortal
from tests.prefect_server import PrefectDatabase
from tests.scenes import FRAME, FRINGES, QUIET, write_frame

KINDS = {"20240106_20240118": QUIET, "20240106_20240130": FRINGES, "20240118_20240130": FRINGES}
FOREIGN = {"Origin": "https://elsewhere.example"}
SCHEDULED = {"nightly", "verify"}


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, prefect_database: PrefectDatabase
) -> Iterator[Service]:
    """Server with all deployments; no worker."""
    with service_in(tmp_path_factory.mktemp("service")) as service:
        prefect_database.give(Path(service.environment["PREFECT_HOME"]))
        service.start("server")
        service.prefect("work-pool", "create", "--type", "process", "observatory")
        service.prefect("deploy", "--all")
        yield service


@pytest.fixture(scope="module")
def log_of_scheduling(service: Service) -> str:
    """What the server had said when all was scheduled, and before any run."""

    def scheduled() -> set[str]:
        return {name for name in SCHEDULED if len(service.runs_of(name)) >= 3}

    wait_until(lambda: scheduled() == SCHEDULED, 120, lambda: service.log("server"))
    return service.log("server")


def test_what_has_a_schedule_is_scheduled_and_the_server_has_nothing_to_complain_of(
    service: Service, log_of_scheduling: str
) -> None:
    (first, *_) = service.runs_of("nightly")
    assert first["state_type"] == "SCHEDULED"
    assert first["expected_start_time"][11:16] == "02:17"
    complaints = [
        line for line in log_of_scheduling.splitlines()
        if "Traceback" in line or "ERROR" in line or "Error:" in line
    ]  # fmt: skip
    assert not complaints


@pytest.mark.parametrize("password", [None, "fringewatch:guessed"])
def test_without_the_password_nothing_is_read_and_nothing_started(
    service: Service, password: str | None
) -> None:
    path = "/api/deployments/filter"
    assert service.ask("POST", path, {}, headers=service.token(), password=password)[0] == 401
    assert service.ask("POST", path, {}, password=password)[0] == 403
    assert service.ask("GET", "/api/admin/version", password=password)[0] == 401
    assert service.ask("GET", "/api/health", password=None)[0] == 200


def test_another_page_of_the_browser_is_refused(service: Service) -> None:
    """It may know the password that the browser keeps, but no token, and reads no answer."""
    (nightly,) = service.rows("deployments", deployments={"name": {"any_": ["nightly"]}})
    path = f"/api/deployments/{nightly['id']}/create_flow_run"
    status, headers, _ = service.ask("POST", path, {}, headers=FOREIGN)
    assert status == 403
    assert "access-control-allow-origin" not in headers
    wish = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    status, headers, _ = service.ask("OPTIONS", path, headers=FOREIGN | wish, password=None)
    assert status == 400
    assert "access-control-allow-origin" not in headers
    _, headers, _ = service.ask("GET", "/api/csrf-token?client=page", headers=FOREIGN)
    assert "access-control-allow-origin" not in headers
    own = {"Origin": service.url} | wish
    assert service.ask("OPTIONS", path, headers=own, password=None)[0] == 200


def test_the_password_is_not_in_the_command_line_or_the_log(service: Service) -> None:
    words = Path(f"/proc/{service.pid('server')}/cmdline")
    if words.exists():
        assert PASSWORD.encode() not in words.read_bytes()
    assert PASSWORD not in service.log("server")


@pytest.mark.usefixtures("log_of_scheduling")
def test_the_worker_runs_the_backfill_deployment(service: Service, tmp_path: Path) -> None:
    tree = write_frame(tmp_path / "tree", KINDS)
    with StandInPortal(tree) as portal:
        service.start("worker")
        try:
            said = service.prefect(
                "deployment", "run", "backfill/backfill", "--watch", "--watch-timeout", "200",
                "--param", "volcano=fernandina",
                "--param", "start=2024-01-01", "--param", "end=2024-02-01",
                "--param", f'frames=["{FRAME}"]', "--param", f'portal=["{portal.url}"]',
            )  # fmt: skip
        finally:
            service.kill("worker")
    assert "Completed" in said or "completed" in said, service.log("worker")
    # Our own lines are in the worker's log, with their date and zone.
    lines = [line for line in service.log("worker").splitlines() if " tasks." in line]
    assert lines
    assert all(line[4] == "-" and line[19] == "Z" for line in lines), lines
    dates = read_table(DATES, Folder(service.home / "detections" / "fernandina"))
    assert dates["state"].tolist() == ["quiet", "unrest"]  # by the default method and model


@pytest.mark.long
def test_a_night_on_schedule_and_the_night_after_a_power_cut(tmp_path: Path) -> None:
    """Server, worker and flow are killed in the middle of a night; the next one is Completed."""
    tree = write_frame(tmp_path / "tree", KINDS)
    with StandInPortal(tree) as portal, service_in(tmp_path) as service:
        service.start("server")
        service.start("worker")
        service.prefect("deploy", "--all")
        night = {"volcanoes": ["fernandina"], "portal": [portal.url], "today": "2024-02-01"}
        portal.faults["/interferograms/"] = Fault(FaultKind.STALL, seconds=60)
        service.deploy_copy("each-minute", "* * * * *", night)

        def states() -> list[str]:
            return [run["state_name"] for run in service.runs_of("each-minute")]

        wait_until(lambda: "Running" in states(), 200, lambda: service.log("worker"))
        wait_until(lambda: portal.requests, 60, "the portal was not asked")
        service.kill("worker")
        service.kill("server")
        portal.faults.clear()
        service.start("server")
        service.start("worker")
        wait_until(lambda: "Completed" in states(), 200, lambda: service.log("worker"))
        assert "Cancelled" not in states()
        dates = read_table(DATES, Folder(service.home / "detections" / "fernandina"))
        assert dates["state"].tolist() == ["quiet", "watch"]
