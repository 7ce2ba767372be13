"""A disk that is really full: a small file system of the test's own, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.records import Outcome
from tests.mounts import own_mounts
from tests.portal.server import StandInPortal

pytestmark = pytest.mark.usefixtures("undrawn")

SIZES = ("80k", "400k", "900k")
"""The ledger does not fit; the first cube does not; the cube does, and not all that follows."""

NIGHTS = """
import datetime as dt, json, subprocess, sys
from dataclasses import replace
from pathlib import Path
import tasks.publish
from catalogs.settings import Settings
from tasks.night import watch_night
from tasks.watch import parse_request

tasks.publish.draw_timeline = tasks.publish.draw_interferograms = lambda *_: None
folder, portal, *sizes = sys.argv[1:]
request = parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 3, 31),
                        ["128D_09016_110500"])
for size in sizes:
    disk = Path(folder) / size
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", disk], check=True)
    settings = Settings(home=disk / "home", portal=(portal,), retries=0, requests_per_second=1000)
    (full,) = watch_night([replace(request, scheduled=True)], settings)
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    (again,) = watch_night([replace(request, scheduled=True)], settings)
    print(json.dumps([full.outcome, full.home_stopped, full.notes, again.outcome, again.in_table]))
"""


def test_a_full_disk_is_try_later_in_whatever_step_and_loses_nothing(
    portal: StandInPortal, tmp_path: Path
) -> None:
    done = subprocess.run(
        [*own_mounts(), sys.executable, "-c", NIGHTS, str(tmp_path), portal.url, *SIZES],
        capture_output=True, text=True, check=False, timeout=280,
        env={**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    nights = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(nights) == len(SIZES)
    for outcome, home_stopped, notes, again, in_table in nights:
        assert (outcome, home_stopped) == (Outcome.LATER, True)
        assert any("full" in note for note in notes)
        assert (again, in_table) == (Outcome.DONE, 5)
