"""The main job on real interferograms: Fernandina, early 2024, served as the portal does."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import xarray as xr

from catalogs.records import FrameId
from catalogs.storage.place import Folder
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from tests.end_to_end.commands import fringewatch
from tests.portal.server import StandInPortal
from tests.portal.trees import link_frame

FRAME = "106A_09048_000909"
Command: TypeAlias = Callable[..., CompletedProcess[str]]
ERUPTION, ATMOSPHERE = "20240211_20240306", "20240211_20240223"


@pytest.fixture
def real_portal(shared_data: Path, tmp_path: Path) -> Iterator[StandInPortal]:
    tree = tmp_path / "tree"
    assert link_frame(shared_data / "licsar" / FRAME, tree) == FrameId.parse(FRAME)
    with StandInPortal(tree) as portal:
        yield portal


@pytest.fixture
def command(prefect_server: str) -> Command:
    """The command, whose flows go through a server that is there."""
    return partial(fringewatch, environment={"PREFECT_API_URL": prefect_server})


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_backfill_of_the_real_frame(
    command: Command, real_portal: StandInPortal, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    words = ["backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-31"]
    words += ["--portal", real_portal.url, "--home", str(home)]
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr

    folder = home / "detections" / "fernandina"
    table = read_table(INTERFEROGRAMS, Folder(folder))
    assert len(table) == 7
    (eruption,) = table[table["secondary_date"] == dt.date(2024, 3, 6)].to_dict("records")
    assert eruption["primary_date"] == dt.date(2024, 2, 11)
    assert eruption["positive"] is True
    assert table["score"].max() == eruption["score"]
    # Within 10 km of the caldera: 0.09 degrees at the equator.
    assert eruption["peak_latitude"] == pytest.approx(-0.37, abs=0.09)
    assert eruption["peak_longitude"] == pytest.approx(-91.55, abs=0.09)
    states = read_table(DATES, Folder(folder)).set_index("date")["state"]
    assert len(states) == 5

    cube = xr.open_zarr(home / "cubes" / "fernandina" / f"{FRAME}.zarr")
    assert cube.sizes == {"pair": 7, "y": 500, "x": 500}

    before, asked = digests(folder), len(real_portal.requests)
    again = command(*words, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert digests(folder) == before
    new = [request.path for request in real_portal.requests[asked:]]
    assert not [path for path in new if path.endswith(".tif")]
    assert f"/LiCSAR_products/106/{FRAME}/interferograms/" in new


def test_a_dry_run_writes_nothing(real_portal: StandInPortal, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = fringewatch(
        "backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-31",
        "--portal", real_portal.url, "--home", home, "--dry-run", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "7 to fetch" in done.stdout
    assert ERUPTION in done.stdout
    assert not home.exists()


def test_a_truncated_and_a_missing_file_end_as_partial(
    command: Command, real_portal: StandInPortal, tmp_path: Path
) -> None:
    folder = real_portal.tree / "106" / FRAME / "interferograms"
    cut = folder / ATMOSPHERE / f"{ATMOSPHERE}.geo.diff_pha.tif"
    content = cut.read_bytes()
    cut.unlink()
    cut.write_bytes(content[: len(content) // 2])
    (folder / "20240106_20240118" / "20240106_20240118.geo.cc.tif").unlink()
    done = command(
        "backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-31",
        "--portal", real_portal.url, "--home", tmp_path / "home", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert f"{ATMOSPHERE}: diff_pha: " in done.stdout
    assert "it is cut" in done.stdout
    assert "the pair's manifest names no cc" in done.stdout
    tables = Folder(tmp_path / "home" / "detections" / "fernandina")
    table = read_table(INTERFEROGRAMS, tables)
    assert len(table) == 5
    # The date that only the cut pair could have told of is there, and is not called quiet.
    states = read_table(DATES, tables)
    assert states["state"].tolist()[0] == "no data"
    assert states["state"].tolist()[3] == "no data"


def test_a_portal_that_is_away_ends_with_5(prefect_server: str, tmp_path: Path) -> None:
    done = fringewatch(
        "backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-31",
        "--frame", FRAME, "--portal", "http://127.0.0.1:9/LiCSAR_products",
        "--home", tmp_path / "home", cwd=tmp_path,
        environment={"FRINGEWATCH_RETRIES": "0", "PREFECT_API_URL": prefect_server},
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
