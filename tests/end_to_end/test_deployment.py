"""The deployments of prefect.yaml under a real Prefect server, run by a real worker."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalogs.storage.place import Folder
from catalogs.tables import DATES, read_table
from tests.end_to_end.commands import clean_environment
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, FRINGES, QUIET, write_frame

ROOT = Path(__file__).parents[2]
PREFECT = Path(sys.executable).with_name("prefect")


@contextmanager
def running(words: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            [PREFECT, *words], stdout=output, stderr=subprocess.STDOUT, env=dict(environment),
            cwd=ROOT,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def wait_for(url: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"{url} did not answer in {seconds} s")


def prefect(environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [PREFECT, "--no-prompt", *words], capture_output=True, text=True, check=False,
        env=dict(environment), cwd=ROOT, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_worker_runs_the_backfill_deployment(tmp_path: Path) -> None:
    kinds = {"20240106_20240118": QUIET, "20240106_20240130": FRINGES, "20240118_20240130": FRINGES}
    tree = write_frame(tmp_path / "tree", kinds)
    home = tmp_path / "home"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = clean_environment() | {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "CHECKOUT": str(ROOT),
        "FRINGEWATCH_HOME": str(home),
        "PATH": f"{PREFECT.parent}{os.pathsep}{os.environ['PATH']}",
    }
    server = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (
        StandInPortal(tree) as portal,
        running(server, environment, tmp_path / "server.log"),
    ):
        wait_for(f"http://127.0.0.1:{port}/api/health", 120)
        prefect(environment, "work-pool", "create", "--type", "process", "observatory")
        prefect(environment, "deploy", "--all")
        assert "nightly/nightly" in prefect(environment, "deployment", "ls")
        worker = ["worker", "start", "--pool", "observatory", "--limit", "1"]
        with running(worker, environment, tmp_path / "worker.log"):
            said = prefect(
                environment, "deployment", "run", "backfill/backfill", "--watch",
                "--watch-timeout", "200",
                "--param", "volcano=fernandina",
                "--param", "start=2024-01-01", "--param", "end=2024-02-01",
                "--param", f'frames=["{FRAME}"]', "--param", f'portal=["{portal.url}"]',
            )  # fmt: skip
    assert "Completed" in said or "completed" in said, (tmp_path / "worker.log").read_text()
    dates = read_table(DATES, Folder(home / "detections" / "fernandina"))
    assert dates["state"].tolist() == ["quiet", "watch"]  # by the default method
