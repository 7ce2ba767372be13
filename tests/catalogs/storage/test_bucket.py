"""Object storage that misbehaves: what is repeated, and what is said."""

import time
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
import zarr

from catalogs.storage.bucket_client import RETRIES, _store
from catalogs.storage.opening import open_place
from catalogs.storage.place import Place
from fringewatch.errors import FringewatchError, HomeError, StoreError
from tests.storage import StorageFault, StorageServer

PASSING = {
    "503": StorageFault(status=503, times=2),
    "500": StorageFault(status=500, times=2),
    "429": StorageFault(status=429, times=1),
    "reset": StorageFault(reset="before", times=2),
    "cut upload": StorageFault(reset="upload", times=1),
    "answer lost": StorageFault(reset="after", times=1),
    "slow": StorageFault(seconds=0.3, times=1),
}
WORK: dict[str, Callable[[Place], object]] = {
    "read": lambda place: (place / "old").read() == b"old",
    "write": lambda place: (place / "new").write(b"n" * 200_000),
    "create": lambda place: (place / "new").create(b"n" * 200_000),
    "replace": lambda place: (place / "old").replace(b"old", b"n" * 200_000),
    "children": lambda place: place.children() == ("old",),
    "is_file": lambda place: (place / "old").is_file(),
    "remove": lambda place: (place / "old").remove() is None,
    "move": lambda place: (place / "folder").move("other"),
}


@pytest.fixture
def place(storage: StorageServer) -> Place:
    (storage.place / "old").write(b"old")
    return storage.place


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_overcome(
    name: str, work: str, place: Place, storage: StorageServer
) -> None:
    fault = PASSING[name]
    storage.faults[:] = [StorageFault(**vars(fault))]
    assert WORK[work](place)
    assert storage.faults[0].times == 0
    if work in {"write", "create"}:
        assert (place / "new").read() == b"n" * 200_000
    if work == "replace":
        assert (place / "old").read() == b"n" * 200_000
    if work == "remove":
        assert not (place / "old").is_file()


@pytest.mark.parametrize("reset", ["before", "after"])
def test_who_lost_the_answer_to_a_lost_race_has_lost(
    reset: str, place: Place, storage: StorageServer
) -> None:
    storage.faults[:] = [StorageFault(reset=reset, method="PUT", times=1)]
    assert not (place / "old").create(b"mine")
    assert (place / "old").read() == b"old"


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (StorageFault(status=503), "gives no good answer.*503"),
        (StorageFault(reset="before"), "gives no good answer"),
        (StorageFault(status=403), "refuses us: check AWS_ACCESS_KEY_ID"),
        (StorageFault(status=401), "refuses us: check AWS_ACCESS_KEY_ID"),
    ],
    ids=["503", "reset", "403", "401"],
)
def test_a_fault_that_stays_is_said_soon(
    fault: StorageFault, words: str, work: str, place: Place, storage: StorageServer
) -> None:
    storage.faults[:] = [StorageFault(**vars(fault))]
    asked = len(storage.requests)
    with pytest.raises(HomeError, match=words) as said:
        WORK[work](place)
    assert storage.url in str(said.value)
    assert str(place) in str(said.value)
    assert len(str(said.value).splitlines()) == 1
    assert len(storage.requests) - asked <= 1 + RETRIES["max_retries"]


def test_a_server_that_is_gone_is_said_soon(monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    began = time.monotonic()
    for work in ("read", "write", "create", "children"):
        with pytest.raises(HomeError, match=r"127\.0\.0\.1:9 gives no good answer"):
            WORK[work](place)
    assert time.monotonic() - began < 5


def test_a_bucket_that_is_not_there_is_named(storage: StorageServer) -> None:
    nowhere = open_place("s3://nowhere-at-all/x")
    for work in ("read", "write", "create", "replace", "children"):
        with pytest.raises(HomeError, match=r"s3://nowhere-at-all/x.*has no such bucket"):
            WORK[work](nowhere)


def test_missing_credentials_are_said(
    place: Place, storage: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    # Where a machine at Amazon would ask; here nobody answers.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9/169.254.169.254")
    _store.cache_clear()
    with pytest.raises(HomeError, match=r"there are no credentials: set AWS_ACCESS_KEY_ID"):
        place.children()


def test_zarr_says_the_storage_s_errors_as_ours_also_in_a_lazy_read(
    place: Place, storage: StorageServer
) -> None:
    cube = place / "a.zarr"
    group = zarr.open_group(cube.zarr_store(), mode="w", zarr_format=3)
    array = group.create_array(
        "x", shape=(4, 4), chunks=(1, 4), dtype="uint8", dimension_names=("y", "x")
    )
    array[:] = np.arange(16).reshape(4, 4)
    lazy = xr.open_zarr(cube.zarr_store(read_only=True), chunks={}, consolidated=False)
    storage.faults[:] = [StorageFault(status=503, path="/x/c/")]
    for attempt in (lazy["x"].to_numpy, lambda: array.__setitem__(0, 1)):
        with pytest.raises(HomeError, match=r"cannot use s3://.*a\.zarr: .*503"):
            attempt()
    storage.faults[:] = [StorageFault(status=503)]
    with pytest.raises(HomeError, match="503"):
        xr.open_zarr(cube.zarr_store(read_only=True))
    storage.faults.clear()
    assert lazy["x"].to_numpy().sum() == 120


def test_an_object_that_is_not_there_is_no_fault_of_the_storage(place: Place) -> None:
    with pytest.raises(StoreError, match=r"there is no object s3://.*/fringes/none"):
        (place / "none").read()


def test_writing_what_is_there_costs_no_upload(place: Place, storage: StorageServer) -> None:
    storage.requests.clear()
    (place / "old").write(b"old")
    assert [method for method, _ in storage.requests] == ["HEAD", "GET"]
    storage.requests.clear()
    (place / "old").write(b"longer")
    assert [method for method, _ in storage.requests] == ["HEAD", "PUT"]


def test_many_objects_are_removed_in_few_requests(place: Place, storage: StorageServer) -> None:
    for number in range(30):
        (place / "cube" / str(number)).write(b"x")
    storage.requests.clear()
    (place / "cube").remove()
    assert len(storage.requests) <= 5
    assert place.children() == ("old",)


def test_every_error_is_one_of_ours(place: Place, storage: StorageServer) -> None:
    storage.faults[:] = [StorageFault(status=418)]
    with pytest.raises(FringewatchError, match="418"):
        (place / "old").read()
