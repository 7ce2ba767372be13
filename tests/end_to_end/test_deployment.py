"""The deployments of prefect.yaml under the documented server, run by the documented worker."""

from pathlib import Path

from catalogs.storage.place import Folder
from catalogs.tables import DATES, read_table
from tests.end_to_end.service import service_in
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, FRINGES, QUIET, write_frame


def test_a_worker_runs_the_backfill_deployment(tmp_path: Path) -> None:
    kinds = {"20240106_20240118": QUIET, "20240106_20240130": FRINGES, "20240118_20240130": FRINGES}
    tree = write_frame(tmp_path / "tree", kinds)
    with StandInPortal(tree) as portal, service_in(tmp_path) as service:
        service.start("server")
        service.start("worker")
        service.prefect("deploy", "--all")
        assert "nightly/nightly" in service.prefect("deployment", "ls")
        said = service.prefect(
            "deployment", "run", "backfill/backfill", "--watch", "--watch-timeout", "200",
            "--param", "volcano=fernandina",
            "--param", "start=2024-01-01", "--param", "end=2024-02-01",
            "--param", f'frames=["{FRAME}"]', "--param", f'portal=["{portal.url}"]',
        )  # fmt: skip
        assert "Completed" in said or "completed" in said, service.log("worker")
        # Our own lines are in the worker's log, with their date and zone.
        lines = [line for line in service.log("worker").splitlines() if " tasks." in line]
        assert lines
        assert all(line[4] == "-" and line[19] == "Z" for line in lines), lines
    dates = read_table(DATES, Folder(service.home / "detections" / "fernandina"))
    assert dates["state"].tolist() == ["quiet", "unrest"]  # by the default method and model
