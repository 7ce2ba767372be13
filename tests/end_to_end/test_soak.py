"""A month of nights in a row under the documented server, with what happens in a month.

``SOAK_NIGHTS`` makes it shorter or longer; a night takes a minute or two.
"""

import contextlib
import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest

from catalogs.home.home import Home
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema, read_table
from tasks.records import Outcome
from tasks.watch import parse_request, watch_volcano
from tests.end_to_end.service import Service, service_in, wait_until
from tests.portal.faults import Fault, FaultKind
from tests.portal.rasters import RasterForm, write_pair
from tests.portal.server import StandInPortal
from tests.portal.trees import pair_folder
from tests.scenes import FRAME, FRINGES, QUIET, TRANSFORM, full_coherence, scene_phase

NIGHTS = int(os.environ.get("SOAK_NIGHTS", "30"))
FIRST, LAST = dt.date(2024, 1, 6), dt.date(2024, 12, 31)
STEP = dt.timedelta(days=6)
LOST = FrameId.parse("106A_09048_000909")
LOOKBACK_DAYS = 365
DISK_MB = 256
NIGHT_S = 900
PARAMETERS = {"volcanoes": ["fernandina"], "today": str(LAST)}
# A run that got nothing ends, whatever the hour: the next one is a minute away.
SETTINGS = {
    "retries": 0, "requests_per_second": 1000.0, "lookback_days": LOOKBACK_DAYS, "retry_until": "",
}  # fmt: skip
MOST_HOME_KB_A_NIGHT, MOST_PREFECT_KB_A_NIGHT = 2_000, 6_000


class Month:
    """The portal, a disturbed home under the service, and an undisturbed one beside it."""

    def __init__(self, tree: Path, portal: StandInPortal, service: Service, beside: Path) -> None:
        self.tree, self.portal, self.service, self.beside = tree, portal, service, beside
        self.lost = False

    def arrive(self, night: int) -> None:
        """A new pair of both frames; from the middle of the month on it deforms."""
        start = FIRST + night * STEP
        pair = DatePair(start, start + STEP)
        for frame in (FRAME,) if self.lost else (FRAME, LOST):
            self._write(frame, pair, FRINGES if night >= NIGHTS // 2 else QUIET, night)

    def _write(self, frame: FrameId, pair: DatePair, kind: str, number: int) -> None:
        folder = pair_folder(self.tree, frame, pair)
        write_pair(folder, pair, scene_phase(kind, number), full_coherence(), RasterForm(TRANSFORM))

    def nights(self) -> list[tuple[str, str]]:
        """Time and state of the newest runs that have begun, the newest first."""
        begun = {"state": {"type": {"not_any_": ["SCHEDULED"]}}}
        wanted = {"deployments": {"name": {"any_": ["soak"]}}, "flow_runs": begun}
        runs = self.service.rows("flow_runs", **wanted, sort="EXPECTED_START_TIME_DESC", limit=20)
        return [(run["expected_start_time"], run["state_name"]) for run in runs]

    def wait_for_night(self, names: tuple[str, ...] = ("Completed", "Partial")) -> None:
        """Wait for a run that begins from now on to end in a state of one of these names."""
        now = dt.datetime.now(dt.UTC)

        def ended() -> bool:
            try:
                nights = self.nights()
            except OSError:  # a server that has just been started, on a busy machine
                return False
            return any(
                dt.datetime.fromisoformat(time) > now and name in names for time, name in nights
            )

        wait_until(ended, NIGHT_S, lambda: self.service.log("worker"))

    def run_beside(self) -> None:
        """The same night without any disturbance."""
        settings = Settings(
            home=self.beside, portal=(self.portal.url,), retries=0, requests_per_second=1000.0
        )
        request = parse_request("fernandina", LAST - dt.timedelta(LOOKBACK_DAYS), LAST)
        report = watch_volcano(request, settings)
        assert report.outcome in {Outcome.DONE, Outcome.PARTIAL}, report.lines()

    def _asked_again(self) -> None:
        before = len(self.portal.requests)
        wait_until(lambda: len(self.portal.requests) > before, NIGHT_S, "no run asks the portal")

    @contextlib.contextmanager
    def slow_portal(self) -> Iterator[None]:
        """A run of the next night stands in the middle of its work inside the block."""
        self.portal.faults["/interferograms/"] = Fault(FaultKind.STALL, seconds=30)
        try:
            self._asked_again()
            yield
        finally:
            self.portal.faults.clear()

    def kill_flow(self) -> None:
        """The run's process dies; server and worker go on."""
        with self.slow_portal():
            worker = psutil.Process(self.service.pid("worker"))
            killed = [
                each
                for each in worker.children(recursive=True)
                if "prefect.engine" in " ".join(each.cmdline())
            ]
            assert killed
            for each in killed:
                each.kill()

    def kill_worker(self) -> None:
        """The worker dies with what it runs, and is started again."""
        with self.slow_portal():
            self.service.kill("worker")
        self.service.start("worker")

    def kill_server(self) -> None:
        """The server dies while a run goes on, and is started again."""
        with self.slow_portal():
            self.service.kill("server")
        self.service.start("server")

    def outage(self) -> None:
        """The portal answers every listing with 503."""
        self.portal.faults["/interferograms/"] = Fault(FaultKind.STATUS, code=503)
        try:
            self._asked_again()
        finally:
            self.portal.faults.clear()

    def full_disk(self) -> None:
        """Nothing can be written to the home: what is left is taken up by a file."""
        if self.service.home.parent.name != "disk":
            return  # no small disk could be mounted: the whole machine's is not filled
        ballast = self.service.home.parent / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(1 << 20)):
                    pass
            self.wait_for_night(("TryLater",))
        finally:
            ballast.unlink()

    def republish(self) -> None:
        """The files of the first pair are written anew: the same ground, other bytes and times."""
        self._write(FRAME, DatePair(FIRST, FIRST + STEP), QUIET, 1000)

    def lose_track(self) -> None:
        """The portal has the second track no more."""
        track = self.tree / str(LOST.track)
        track.rename(self.tree.parent / "lost")
        self.lost = True

    def events(self) -> dict[int, list[Callable[[], None]]]:
        """What happens in which night; the first and the last are left in peace."""
        happen = (
            self.kill_flow, self.outage, self.kill_worker, self.full_disk, self.kill_server,
            self.republish, self.lose_track,
        )  # fmt: skip
        planned: dict[int, list[Callable[[], None]]] = {}
        for number, event in enumerate(happen):
            planned.setdefault(1 + number * (NIGHTS - 2) // len(happen), []).append(event)
        return planned


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own that can be filled, where this user may mount one."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "fringewatch-soak", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield folder
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def said(schema: TableSchema, folder: Folder) -> pd.DataFrame:
    """What a table says, without when it was said and what was said at first."""
    table = read_table(schema, folder)
    return table.drop(
        columns=[
            c for c in table.columns if c.startswith("first_") or c in {"revised", "scored_at"}
        ]
    )


def size_kb(folder: Path) -> int:
    found = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            found += path.stat().st_size
    return found // 1024


def left_over(service: Service) -> list[str]:
    """Processes, drafts, parts and leases that somebody forgot."""
    names = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PREFECT_HOME") == service.environment["PREFECT_HOME"]:
                names.append(str(process))
    for pattern in ("*.tmp", "*.part", "*.partial"):
        names += [str(path) for path in service.home.rglob(pattern)]
    leases = Path(service.environment["PREFECT_HOME"]) / "concurrency_leases"
    return names + [str(p) for p in leases.glob("*.json") if p.name != "expirations.json"]


@pytest.mark.long
@pytest.mark.timeout(NIGHT_S * (NIGHTS + 8))
def test_a_month_ends_as_if_nothing_had_been(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert NIGHTS >= 4
    with (
        small_disk(tmp_path) as disk,
        StandInPortal(tmp_path / "tree") as portal,
        service_in(tmp_path, FRINGEWATCH_HOME=str(disk / "home"), **variables()) as service,
    ):
        month = Month(tmp_path / "tree", portal, service, tmp_path / "beside")
        sizes = live_through(month)
        # An outage names the frame, too; this is when it went.
        gone = f"no such frame as {LOST}"
        said_of_lost = [text for text in reports(service) if gone in text]
        service.stop()
        tables = [
            Folder(Home(h).root / "detections" / "fernandina") for h in (service.home, month.beside)
        ]
        for schema in (DATES, INTERFEROGRAMS):
            disturbed, undisturbed = (said(schema, folder) for folder in tables)
            pd.testing.assert_frame_equal(disturbed, undisturbed)
        assert len(said(DATES, tables[0])) == NIGHTS
        assert len(said_of_lost) == 1  # a frame that no source has is said once
        assert not left_over(service)
    nights = max(1, len(sizes) - 1)
    grown = [(after - before) // nights for before, after in zip(sizes[0], sizes[-1], strict=True)]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{NIGHTS} nights: the home grew by {grown[0]} KB a night, Prefect by {grown[1]} KB\n"
        )
    assert grown[0] < MOST_HOME_KB_A_NIGHT
    assert grown[1] < MOST_PREFECT_KB_A_NIGHT


def variables() -> dict[str, str]:
    return {f"FRINGEWATCH_{name.upper()}": str(value) for name, value in SETTINGS.items()}


def live_through(month: Month) -> list[tuple[int, int]]:
    """Sizes of the home and of Prefect's folder after each night, in KB."""
    service, planned, sizes = month.service, month.events(), []
    service.start("server")
    service.start("worker")
    month.arrive(0)
    service.deploy_copy("soak", "* * * * *", {**PARAMETERS, "portal": [month.portal.url]})
    for night in range(NIGHTS):
        if night:
            month.arrive(night)
        for event in planned.get(night, []):
            event()
        month.wait_for_night()
        month.run_beside()
        prefect = Path(service.environment["PREFECT_HOME"])
        sizes.append((size_kb(service.home), size_kb(prefect)))
    return sizes


def reports(service: Service) -> list[str]:
    """The texts that the nights left on their pages."""
    rules = {"artifacts": {"key": {"any_": ["fringewatch-report"]}}}
    rows = service.rows("artifacts", **rules, sort="UPDATED_DESC", limit=200)
    return [str(row["data"]) for row in rows]
