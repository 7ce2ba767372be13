"""Commands that bring their own Prefect server, or go through one that is named."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.commands import COMMAND, clean_environment, fringewatch
from tests.end_to_end.service import free_port, wait_until
from tests.portal.faults import Fault, FaultKind
from tests.portal.server import StandInPortal
from tests.prefect_server import PrefectDatabase
from tests.scenes import FRAME, QUIET, write_frame

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_frame(tmp_path / "tree", {"20240106_20240118": QUIET})


def words(home: Path, portal: str) -> list[str]:
    days = ["--start", "2024-01-01", "--end", "2024-02-01", "--frame", str(FRAME)]
    return ["backfill", "fernandina", *days, "--home", str(home), "--portal", portal]


def servers_of(home: Path) -> list[psutil.Process]:
    """Processes that have the home's log of the embedded server open."""
    log = str(home / "prefect" / "server.log")
    found = []
    for process in psutil.process_iter():
        try:
            if any(log == os.path.realpath(f"/proc/{process.pid}/fd/{name}") for name in (1, 2)):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_a_good_run_says_no_more_than_it_has_to_and_leaves_no_process(
    tree: Path, tmp_path: Path
) -> None:
    """Also where all the world is behind a proxy, here one that does not answer."""
    dead = f"http://127.0.0.1:{free_port()}"
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), dead)
    home = tmp_path / "home"
    with StandInPortal(tree) as portal:
        done = fringewatch(*words(home, portal.url), cwd=tmp_path, environment=proxies)
    assert done.returncode == 0, done.stderr
    assert "starting Prefect's embedded server" in done.stderr
    assert all(STAMP.match(line) for line in done.stderr.splitlines()), done.stderr
    assert not servers_of(home)
    assert "Traceback" not in (home / "prefect" / "server.log").read_text("utf-8")


def test_a_killed_run_leaves_no_server(
    tree: Path, tmp_path: Path, prefect_database: PrefectDatabase
) -> None:
    home = tmp_path / "home"
    prefect_database.give(home / "prefect")
    with StandInPortal(tree) as portal:
        portal.faults["/interferograms/"] = Fault(FaultKind.STALL, seconds=60)
        run = subprocess.Popen(
            [COMMAND, *words(home, portal.url)], cwd=tmp_path, env=clean_environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until(lambda: portal.requests, 240, "the portal was not asked")
            assert servers_of(home)
        finally:
            run.send_signal(signal.SIGKILL)
            run.wait(30)
        wait_until(lambda: not servers_of(home), 60, "the server outlived its command")


def test_a_named_server_that_is_not_there_ends_with_5_and_one_line(
    tree: Path, tmp_path: Path
) -> None:
    server = f"http://127.0.0.1:{free_port()}/api"
    began = time.monotonic()
    done = fringewatch(
        *words(tmp_path / "home", str(tree)), cwd=tmp_path, environment={"PREFECT_API_URL": server}
    )
    assert time.monotonic() - began < 60
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if not STAMP.match(line)]
    assert server in line
    assert "gives no answer" in line
    assert "unset PREFECT_API_URL" in line


def test_a_named_server_that_is_no_address_is_one_line(tree: Path, tmp_path: Path) -> None:
    """For any other that is none, see tests/flows/test_prefect_home.py."""
    address = "http://127.0.0.1:notaport/api"
    done = fringewatch(
        *words(tmp_path / "home", str(tree)), cwd=tmp_path, environment={"PREFECT_API_URL": address}
    )
    assert done.returncode in {2, 5}
    assert "Traceback" not in done.stderr
    assert address in done.stderr.splitlines()[-1]
