"""What both kinds of places promise, asked of a folder and of a bucket."""

import multiprocessing
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogs.storage.bucket import Bucket
from catalogs.storage.opening import open_place
from catalogs.storage.place import Folder, Place, PlacedFile
from fringewatch.errors import BadInputError, HomeError, StoreError


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "folder":
        yield Folder(tmp_path / "kept")
    else:
        yield request.getfixturevalue("storage").place


def test_a_file_comes_back_and_is_written_once(place: Place) -> None:
    file = place / "tables/dates.csv"
    assert not file.is_file()
    assert file.write(b"one")
    assert not file.write(b"one")
    assert file.write(b"two")
    assert (file.is_file(), file.is_folder(), file.read()) == (True, False, b"two")
    assert (place.is_file(), place.is_folder()) == (False, True)
    assert (file.name, str(file.parent)) == ("dates.csv", f"{place}/tables")
    assert str(place / "tables" / "dates.csv") == str(file)


def test_what_is_not_there_is_said(place: Place) -> None:
    with pytest.raises(StoreError, match=r"there is no .*nothing"):
        (place / "nothing").read()
    assert (place.is_file(), place.is_folder()) == (False, False)
    assert (place.children(), list(place.files())) == ((), [])
    place.remove()


def test_a_file_is_created_once(place: Place) -> None:
    file = place / "lease"
    assert file.create(b"mine")
    assert not file.create(b"yours")
    assert not file.create(b"mine")
    assert file.read() == b"mine"


def test_a_file_is_replaced_by_whoever_saw_it_last(place: Place) -> None:
    file = place / "lease"
    assert not file.replace(b"", b"mine")
    file.write(b"old")
    assert file.replace(b"old", b"mine")
    assert not file.replace(b"old", b"yours")
    assert file.read() == b"mine"


def test_files_and_children_are_listed_in_order_without_hidden_ones(place: Place) -> None:
    for name in ("b/2", "b/1", "a", "b.x/1", ".hidden/1", "b/.draft", "b/c/.x/y"):
        (place / name).write(name.encode())
    (place / "locked").create(b"")
    (place / "locked").replace(b"", b"1")
    assert place.children() == ("a", "b", "b.x", "locked")
    assert list(place.files()) == [
        PlacedFile("a", 1), PlacedFile("b.x/1", 5), PlacedFile("b/1", 3), PlacedFile("b/2", 3),
        PlacedFile("locked", 1),
    ]  # fmt: skip
    assert [file.name for file in (place / "b").files()] == ["1", "2"]


def test_what_is_removed_is_gone_and_its_neighbours_stay(place: Place) -> None:
    for name in ("cube/zarr.json", "cube/phase/c/0", "cube/.draft", "cube.old/zarr.json", "file"):
        (place / name).write(b"x")
    (place / "cube").remove()
    (place / "file").remove()
    assert [file.name for file in place.files()] == ["cube.old/zarr.json"]
    assert not (place / "cube").is_folder()


def test_what_is_moved_is_there_whole(place: Place) -> None:
    names = ["phase/c/0", "phase/zarr.json", "zarr.json"]
    for name in names:
        (place / "cube" / name).write(name.encode())
    moved = (place / "cube").move("cube.damaged")
    assert moved == place / "cube.damaged"
    assert [file.name for file in moved.files()] == names
    assert (moved / "phase/c/0").read() == b"phase/c/0"
    assert not (place / "cube").is_folder()


def test_zarr_reads_what_zarr_wrote(place: Place) -> None:
    group = zarr.open_group((place / "a.zarr").zarr_store(), mode="w", zarr_format=3)
    group.create_array("x", shape=(6,), chunks=(2,), dtype="int32")[:] = range(6)
    place.sync()
    travelled = pickle.loads(pickle.dumps(place / "a.zarr"))  # noqa: S301 - our own bytes
    store = travelled.zarr_store(read_only=True)
    again = zarr.open_group(store, mode="r")["x"]
    assert isinstance(again, zarr.Array)
    assert list(again[1:5]) == [1, 2, 3, 4]  # type: ignore[arg-type]  # zarr's wide type
    assert [f.name for f in (place / "a.zarr").files()] == [
        "x/c/0", "x/c/1", "x/c/2", "x/zarr.json", "zarr.json",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"read-only|read only"):
        zarr.open_group(store, mode="w")


def _race(place: Place, number: int, same: bool, start: Any, winners: Any) -> None:
    start.wait()
    for round_ in range(10):
        content = b"same" if same else str(number).encode()
        if (place / f"lease-{round_}").create(content):
            winners.put((round_, number))


@pytest.mark.parametrize("same", [True, False], ids=["same bytes", "own bytes"])
def test_of_two_processes_one_creates(place: Place, same: bool) -> None:
    context = multiprocessing.get_context("spawn")
    start, winners = context.Barrier(2), context.Queue()
    racers = [
        context.Process(target=_race, args=(place, number, same, start, winners))
        for number in range(2)
    ]
    for racer in racers:
        racer.start()
    found = [winners.get(timeout=60) for _ in range(10)]
    for racer in racers:
        racer.join()
        assert racer.exitcode == 0
    assert winners.empty()
    assert sorted(round_ for round_, _ in found) == list(range(10))
    if not same:
        for round_, number in found:
            assert (place / f"lease-{round_}").read() == str(number).encode()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=100), name=st.from_regex(r"[a-z0-9._ +=-]*[a-z0-9]", fullmatch=True)
)
def test_any_bytes_and_any_plain_name_come_back(place: Place, name: str, content: bytes) -> None:
    file = place / "any" / name.lstrip(".")
    file.write(content)
    assert file.read() == content
    assert file.name in {*(place / "any").children()}


def test_addresses_are_parsed() -> None:
    assert open_place("data/home") == Folder(Path("data/home"))
    assert open_place("s3://bucket") == Bucket("bucket", "")
    assert open_place("s3://bucket//a//b/") == Bucket("bucket", "a/b")
    assert str(open_place("s3://bucket/a/b")) == "s3://bucket/a/b"
    assert str((open_place("s3://bucket") / "a").parent) == "s3://bucket"
    assert open_place("s3://bucket").name == "bucket"
    for wrong in ("s3://", "s3:///a", "gs://bucket/a", "https://example.org/a", "s3://b/../c"):
        with pytest.raises(BadInputError, match="s3://bucket/prefix"):
            open_place(wrong)


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIAKEY:SECRET@bucket/home",
        "s3://AKIAKEY:SEC/RET@bucket/home",
        "s3://bucket/home?secret=SECRET",
        "https://AKIAKEY:SECRET@storage.example/bucket",
    ],
)
def test_a_key_in_an_address_is_refused_and_not_told(address: str) -> None:
    with pytest.raises(BadInputError, match="s3://bucket/prefix") as caught:
        open_place(address)
    assert not {"AKIAKEY", "SECRET", "RET@"} & {*re.findall(r"\w+@?", str(caught.value))}


def test_a_folder_that_lies_on_another_disk_is_emptied_and_stays_there(tmp_path: Path) -> None:
    elsewhere, victim = tmp_path / "elsewhere", tmp_path / "victim"
    (elsewhere / "sub").mkdir(parents=True)
    (elsewhere / "sub" / "a").write_bytes(b"a")
    victim.write_bytes(b"kept")
    (elsewhere / "b").symlink_to(victim)
    home = tmp_path / "home"
    home.mkdir()
    (home / "cube").symlink_to(elsewhere)
    place = Folder(home) / "cube"
    place.remove()
    assert list(elsewhere.iterdir()) == []
    assert victim.read_bytes() == b"kept"  # a link goes, and not what it leads to
    (place / "c").write(b"new")
    assert (elsewhere / "c").read_bytes() == b"new"
    # A file that is a link is replaced, and what it led to stays.
    (home / "table").symlink_to(victim)
    (Folder(home) / "table").write(b"table")
    assert (victim.read_bytes(), (home / "table").is_symlink()) == (b"kept", False)


def test_a_full_or_foreign_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    below = Folder(tmp_path / "file" / "x")
    for put in (below.write, below.create):
        with pytest.raises(HomeError, match="a file stands where a folder is needed"):
            put(b"1")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(HomeError, match="disk is full"):
        Folder(tmp_path / "lease").create(b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
