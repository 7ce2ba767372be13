"""Whole backfills whose cubes and tables lie in object storage, which may fail on the way."""

import datetime as dt
from pathlib import Path

import pytest
import xarray as xr
from obstore.store import S3Store
from zarr.storage import ObjectStore

from catalogs.cubes.cube import cube_pairs
from catalogs.home.home import Home, home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.settings import Settings
from catalogs.storage.place import Place
from catalogs.tables import DATES, read_table
from fringewatch.errors import HomeError
from tasks.records import Outcome, WatchRequest
from tasks.verify.volcano import verify_volcano
from tasks.watch import parse_request, watch_volcano
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, KINDS
from tests.storage import StorageFault, StorageServer

pytestmark = pytest.mark.usefixtures("undrawn")

REQUEST = parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 3, 31), [str(FRAME)])


@pytest.fixture
def settings(portal: StandInPortal, storage: StorageServer, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        storage=storage.address,
        portal=(portal.url,),
        retries=0,
        requests_per_second=1000,
        pairs_per_batch=2,
    )


@pytest.fixture
def request_(scene_tree: Path) -> WatchRequest:
    return REQUEST


def content(place: Place) -> dict[str, bytes]:
    return {file.name: (place / file.name).read() for file in place.files()}


def without_times(tables: dict[str, bytes]) -> dict[str, object]:
    """The tables and pictures, the rows without when they were scored or judged."""
    rows = tables["interferograms.csv"].decode().splitlines()
    days = tables["dates.csv"].decode().splitlines()
    ends = (".csv", ".parquet")
    others = {name: text for name, text in tables.items() if not name.endswith(ends)}
    return {
        **others,
        "interferograms.csv": [row.rpartition(",")[0] for row in rows],
        "dates.csv": [row.rsplit(",", 2)[::2] for row in days],
    }


def test_a_backfill_into_storage_is_that_onto_disk_and_a_second_one_changes_nothing(
    request_: WatchRequest,
    settings: Settings,
    portal: StandInPortal,
    storage: StorageServer,
    tmp_path: Path,
) -> None:
    report = watch_volcano(request_, settings)
    assert (report.outcome, report.in_table) == (Outcome.DONE, 5)
    home = home_of(settings)
    assert f"table:    {storage.address}/detections/fernandina/dates.csv" in report.lines()
    assert not (settings.home / "cubes").exists()
    assert not (settings.home / "detections").exists()

    before, asked = content(storage.place), len(portal.requests)
    storage.requests.clear()
    again = watch_volcano(request_, settings)
    assert (again.outcome, again.fetched, again.in_table) == (Outcome.DONE, 0, 5)
    assert content(storage.place) == before
    assert len(portal.requests) == asked + 1  # one listing, and nothing else
    assert {method for method, _ in storage.requests} == {"GET", "HEAD"}

    onto_disk = settings.model_copy(update={"home": tmp_path / "disk", "storage": ""})
    watch_volcano(request_, onto_disk)
    disk = Home(onto_disk.home)
    assert content(home.cubes) == content(disk.cubes)
    tables = (home.detections("fernandina"), disk.detections("fernandina"))
    assert without_times(content(tables[0])) == without_times(content(tables[1]))

    found = verify_volcano(request_.volcano, (FRAME,), settings)
    assert (found.outcome, found.differences) == (Outcome.DONE, ())

    # Whoever has the address needs nothing of ours.
    store = S3Store(
        storage.bucket,
        prefix=f"fringes/cubes/fernandina/{FRAME}.zarr",
        client_options={"allow_http": True},
    )
    with xr.open_zarr(ObjectStore(store, read_only=True)) as cube:
        assert cube.sizes == {"pair": 5, "y": 500, "x": 500}
        assert 3.1 < float(abs(cube["phase"]).max()) < 3.15


def test_storage_that_fails_for_a_while_is_waited_for(
    request_: WatchRequest, settings: Settings, storage: StorageServer
) -> None:
    storage.faults[:] = [
        StorageFault(status=503, method="PUT", path="/phase/c/1", times=2),
        StorageFault(reset="before", path="zarr.json", skip=9, times=2),
        StorageFault(reset="after", method="PUT", path="dates.csv", times=1),
    ]
    report = watch_volcano(request_, settings)
    assert (report.outcome, report.in_table) == (Outcome.DONE, 5)
    assert all(fault.times == 0 for fault in storage.faults)
    assert verify_volcano(request_.volcano, (FRAME,), settings).differences == ()


@pytest.mark.parametrize(
    "fault",
    [
        StorageFault(status=503, method="PUT", path="/phase/c/3"),
        StorageFault(status=503, method="PUT", path="/primary/c", skip=1),
        StorageFault(status=403, method="PUT", path="zarr/zarr.json", skip=2),
        StorageFault(reset="before", path="/coherence/c/2"),
        StorageFault(status=503, path="dates.parquet"),
    ],
    ids=["chunk", "dates", "last step", "lost connection", "table"],
)
def test_storage_that_fails_for_good_ends_the_run_and_the_next_one_completes_it(
    fault: StorageFault,
    request_: WatchRequest,
    settings: Settings,
    storage: StorageServer,
    portal: StandInPortal,
) -> None:
    storage.faults[:] = [StorageFault(**vars(fault))]
    with pytest.raises(HomeError, match=r"cannot use s3://.*run the command again|refuses us"):
        watch_volcano(request_, settings)
    storage.faults.clear()
    home = home_of(settings)
    with open_ledger(home.ledger) as ledger:
        claimed = ledger.tiled_pairs("fernandina", FRAME)
    assert set(claimed) <= set(cube_pairs(home.cube("fernandina", FRAME)))
    fetched = {pair: portal.count(f"{pair}.geo") for pair in KINDS}

    report = watch_volcano(request_, settings)
    assert (report.outcome, report.in_table) == (Outcome.DONE, 5)
    assert verify_volcano(request_.volcano, (FRAME,), settings).differences == ()
    assert read_table(DATES, home.detections("fernandina"))["state"].tolist()[-1] == "unrest"
    assert len(cube_pairs(home.cube("fernandina", FRAME))) == len(KINDS)
    # Files wait in the home for a storage that comes back: none is brought twice.
    assert all(portal.count(f"{pair}.geo") == count for pair, count in fetched.items() if count)


def test_storage_that_is_down_is_said_before_anything_is_fetched(
    request_: WatchRequest, settings: Settings, storage: StorageServer, portal: StandInPortal
) -> None:
    storage.faults[:] = [StorageFault(status=503)]
    with pytest.raises(HomeError, match="gives no good answer"):
        watch_volcano(request_, settings)
    assert portal.requests == ()


def test_a_damaged_chunk_in_storage_is_found_and_mended(
    request_: WatchRequest, settings: Settings
) -> None:
    watch_volcano(request_, settings)
    cube = home_of(settings).cube("fernandina", FRAME)
    wanted = content(cube)
    (cube / "phase/c/2/0/0").write(b"no chunk at all")
    (found,) = verify_volcano(request_.volcano, (FRAME,), settings, repair=True).differences
    assert found.repaired
    assert watch_volcano(request_, settings).outcome is Outcome.DONE
    assert content(cube) == wanted

    (cube / "zarr.json").write(b"{")
    report = verify_volcano(request_.volcano, (FRAME,), settings, repair=True)
    assert "moved to" in str(report.differences[0].repaired)
    assert watch_volcano(request_, settings).outcome is Outcome.DONE
    assert content(cube) == wanted
