"""Pairs that many processes write at once, in a cube on disk and in one in a bucket."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogs.cubes.cube import PairTile, cube_pairs, open_cube, read_cube, write_slot
from catalogs.rasters.grid import Grid, Window
from catalogs.records import DatePair, FrameId
from catalogs.storage.place import Folder, Place
from fringewatch.errors import HomeError, StoreError
from tests.storage import StorageFault, StorageServer

FRAME = FrameId.parse("106A_09048_000909")
WINDOW = Window(Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913), 100, 200, 24)
PAIRS = tuple(DatePair.parse(f"20240106_202402{day:02d}") for day in range(1, 10))


def tile(pair: DatePair, seed: int = 0) -> PairTile:
    generator = np.random.default_rng([seed, pair.days])
    phase, coherence = generator.integers(0, 256, (2, 24, 24), dtype=np.uint8)
    return PairTile(pair, phase, coherence)


def content(place: Place) -> dict[str, bytes]:
    return {file.name: (place / file.name).read() for file in place.files()}


def serial(place: Place, *pairs: DatePair) -> dict[str, bytes]:
    open_cube(place, "fernandina", FRAME, WINDOW).append([tile(pair) for pair in pairs])
    return content(place)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "folder":
        yield Folder(tmp_path / "cubes")
    else:
        yield request.getfixturevalue("storage").place


def test_both_kinds_hold_the_same_bytes(tmp_path: Path, storage: StorageServer) -> None:
    here, there = Folder(tmp_path / "a.zarr"), storage.place / "a.zarr"
    assert serial(here, *PAIRS) == serial(there, *PAIRS)
    with xr.open_zarr(there.zarr_store(read_only=True)) as shown:
        assert shown["phase"].sizes == {"pair": 9, "y": 24, "x": 24}
        assert shown["primary"].dtype.kind == "M"
    assert cube_pairs(there) == PAIRS


def test_slots_that_processes_write_are_the_serial_cube(place: Place) -> None:
    wanted = serial(place / "serial.zarr", *PAIRS)
    cube = open_cube(place / "a.zarr", "fernandina", FRAME, WINDOW)
    cube.append([tile(PAIRS[0])])
    slots = cube.reserve(PAIRS)
    assert cube_pairs(place / "a.zarr") == PAIRS[:1]
    tiles = [tile(pair) for pair in PAIRS]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        places = [place / "a.zarr"] * len(PAIRS)
        list(workers.map(write_slot, places, [slots[pair] for pair in PAIRS], tiles))
    assert cube_pairs(place / "a.zarr") == PAIRS[:1]
    cube.commit(slots)
    assert content(place / "a.zarr") == wanted


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(failed=st.sets(st.integers(0, len(PAIRS) - 1)), there=st.integers(0, 3), half=st.booleans())
def test_slots_that_failed_are_closed(
    tmp_path_factory: pytest.TempPathFactory, failed: set[int], there: int, half: bool
) -> None:
    """Whatever fails, the cube is the one that was never offered it; readers see whole pairs."""
    place = Folder(tmp_path_factory.mktemp("cubes"))
    cube = open_cube(place / "a.zarr", "fernandina", FRAME, WINDOW)
    cube.append([tile(pair) for pair in PAIRS[:there]])
    slots = cube.reserve(PAIRS)
    failed = {number for number in failed if number >= there}
    written = {}
    for number, pair in enumerate(PAIRS):
        if number not in failed:
            write_slot(place / "a.zarr", slots[pair], tile(pair))
            written[pair] = slots[pair]
        elif half:
            write_slot(place / "a.zarr", slots[pair], tile(pair, seed=1))
    cube.commit(written)
    good = [pair for number, pair in enumerate(PAIRS) if number not in failed]
    assert content(place / "a.zarr") == serial(place / "serial.zarr", *good)


def test_a_pair_is_written_over_in_its_own_slot(place: Place) -> None:
    cube = open_cube(place, "fernandina", FRAME, WINDOW)
    cube.append([tile(pair) for pair in PAIRS[:3]])
    assert cube.reserve([PAIRS[1]]) == {PAIRS[1]: 1}
    write_slot(place, 1, tile(PAIRS[1], seed=5))
    cube.commit({PAIRS[1]: 1})
    assert cube_pairs(place) == PAIRS[:3]
    assert cube.tile(PAIRS[1]) == tile(PAIRS[1], seed=5)


def test_slots_that_were_never_committed_are_dropped(place: Place) -> None:
    wanted = serial(place / "a.zarr", *PAIRS[:2])
    cube = open_cube(place / "a.zarr", "fernandina", FRAME, WINDOW)
    slots = cube.reserve(PAIRS)
    write_slot(place / "a.zarr", slots[PAIRS[4]], tile(PAIRS[4]))
    assert read_cube(place / "a.zarr").sizes["pair"] == 2
    open_cube(place / "a.zarr", "fernandina", FRAME, WINDOW)
    assert content(place / "a.zarr") == wanted


def test_a_slot_that_was_not_reserved_is_refused(place: Place) -> None:
    with pytest.raises(StoreError, match="is no cube"):
        write_slot(place, 0, tile(PAIRS[0]))
    open_cube(place, "fernandina", FRAME, WINDOW).reserve(PAIRS[:2])
    for slot in (2, -1):
        with pytest.raises(StoreError, match=f"no slot {slot} for pair {PAIRS[0]}"):
            write_slot(place, slot, tile(PAIRS[0]))
    small = PairTile(PAIRS[0], np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8))
    with pytest.raises(StoreError, match="reserve it first"):
        write_slot(place, 0, small)


def test_a_storage_that_fails_midway_harms_no_reader(storage: StorageServer) -> None:
    """Wherever an append is cut short, readers see the old cube, and the next writer mends it."""
    wanted = serial(storage.place / "whole.zarr", *PAIRS[:3])
    for number in range(40):
        place = storage.place / f"{number}.zarr"
        serial(place, PAIRS[0])
        cube = open_cube(place, "fernandina", FRAME, WINDOW)
        storage.faults[:] = [StorageFault(status=400, method="PUT", skip=number)]
        tiles = [tile(pair) for pair in PAIRS[:3]]
        try:
            cube.append(tiles)
        except HomeError:
            storage.faults.clear()
            assert cube_pairs(place) == PAIRS[:1]
            again = open_cube(place, "fernandina", FRAME, WINDOW)
            again.append(tiles)
            assert content(place) == wanted
        else:
            break
    assert 8 < number < 39
    assert content(place) == wanted
