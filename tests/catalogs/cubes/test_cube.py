import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from catalogs.cubes.cube import Cube, PairTile, cube_pairs, open_cube, pairs_of, read_cube
from catalogs.cubes.layout import empty_cube
from catalogs.rasters.grid import Grid, Window, volcano_window
from catalogs.records import DatePair, FrameId
from catalogs.storage.place import Folder
from fringewatch.errors import HomeError, StoreError
from insar_models.phase.codes import decode_phase

FRAME = FrameId.parse("106A_09048_000909")
GRID = Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913)
WINDOW = volcano_window(GRID, -0.37, -91.55)
NAMES = ("20240106_20240118", "20240106_20240130", "20240118_20240130")


def tile(name: str, seed: int = 0) -> PairTile:
    generator = np.random.default_rng(seed)
    phase, coherence = generator.integers(0, 256, (2, 500, 500), dtype=np.uint8)
    return PairTile(DatePair.parse(name), phase, coherence)


def make(path: Path, *names: str) -> Cube:
    cube = open_cube(Folder(path), "fernandina", FRAME, WINDOW)
    cube.append([tile(name, seed) for seed, name in enumerate(names)])
    return cube


def content(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def test_plain_xarray_shows_physical_values(tmp_path: Path) -> None:
    make(tmp_path / "a.zarr", *NAMES)
    cube = xr.open_zarr(tmp_path / "a.zarr")
    first = tile(NAMES[0], 0)
    assert cube.sizes == {"pair": 3, "y": 500, "x": 500}
    assert np.allclose(cube["phase"][0], decode_phase(first.phase), atol=1e-6, equal_nan=True)
    shown = cube["coherence"][0].to_numpy()
    assert np.allclose(shown[first.coherence > 0], first.coherence[first.coherence > 0] / 255)
    assert np.isnan(shown[first.coherence == 0]).all()
    assert cube["primary"].dtype.kind == "M"
    assert str(cube["secondary"][0].to_numpy())[:10] == "2024-01-18"
    assert set(cube.coords) == {"x", "y", "primary", "secondary"}
    assert float(cube["y"][0]) == pytest.approx(WINDOW.latitudes[0])
    assert cube["phase"].attrs["units"] == "rad"
    assert cube["phase"].attrs["cyclic"] == "true"


def test_appending_a_pair_twice_changes_nothing(tmp_path: Path) -> None:
    cube = make(tmp_path / "a.zarr", *NAMES)
    before = content(tmp_path / "a.zarr")
    assert cube.append([tile(name, seed) for seed, name in enumerate(NAMES)]) == ()
    assert make(tmp_path / "a.zarr", *NAMES).pairs == tuple(map(DatePair.parse, NAMES))
    assert content(tmp_path / "a.zarr") == before


def test_the_same_pairs_give_the_same_bytes_in_one_batch_or_many(tmp_path: Path) -> None:
    make(tmp_path / "a.zarr", *NAMES)
    for seed, name in enumerate(NAMES):
        open_cube(Folder(tmp_path / "b.zarr"), "fernandina", FRAME, WINDOW).append(
            [tile(name, seed)]
        )
    assert content(tmp_path / "a.zarr") == content(tmp_path / "b.zarr")


@pytest.mark.parametrize("stop_at", ["phase", "coherence", "secondary", "primary", "publish"])
def test_a_writer_that_is_killed_midway_is_cleaned_up_after(
    tmp_path: Path, stop_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write of one array, or the last step, never happens: readers see the old cube."""
    path = tmp_path / "a.zarr"
    make(path, NAMES[0])
    whole = tmp_path / "whole.zarr"
    shutil.copytree(path, whole)
    open_cube(Folder(whole), "fernandina", FRAME, WINDOW).append([tile(NAMES[1], 1)])

    class KilledError(Exception):
        pass

    def die(*_: object) -> None:
        raise KilledError

    cube = open_cube(Folder(path), "fernandina", FRAME, WINDOW)
    with monkeypatch.context() as patch:
        if stop_at == "publish":
            patch.setattr("catalogs.cubes.cube.publish", die)
        else:
            real = zarr.Array.__setitem__

            def fail_on_data(array: zarr.Array[Any], *given: Any) -> None:
                if array.basename == stop_at:
                    raise KilledError
                real(array, *given)

            patch.setattr(zarr.Array, "__setitem__", fail_on_data)
        with pytest.raises(KilledError):
            cube.append([tile(NAMES[1], 1)])

    assert pairs_of(read_cube(Folder(path))) == (DatePair.parse(NAMES[0]),)
    again = open_cube(Folder(path), "fernandina", FRAME, WINDOW)
    again.append([tile(NAMES[1], 1)])
    assert cube_pairs(Folder(path)) == tuple(map(DatePair.parse, NAMES[:2]))
    assert content(path) == content(whole)


def test_a_pair_with_other_bytes_is_written_over_in_its_place(tmp_path: Path) -> None:
    cube = make(tmp_path / "a.zarr", *NAMES)
    changed = tile(NAMES[1], 99)
    assert cube.append([tile(NAMES[0], 0), changed]) == (changed.pair,)
    assert cube.pairs == tuple(map(DatePair.parse, NAMES))
    assert cube.tile(changed.pair) == changed
    assert cube.tile(changed.pair).sha256 == changed.sha256
    assert cube.tile(DatePair.parse(NAMES[2])) == tile(NAMES[2], 2)


def test_a_damaged_chunk_and_an_absent_pair_are_named(tmp_path: Path) -> None:
    cube = make(tmp_path / "a.zarr", *NAMES)
    (tmp_path / "a.zarr" / "phase" / "c" / "1" / "0" / "0").write_bytes(b"cut")
    with pytest.raises(StoreError, match=NAMES[1]):
        cube.tile(DatePair.parse(NAMES[1]))
    with pytest.raises(StoreError, match="20200101_20200107"):
        cube.tile(DatePair.parse("20200101_20200107"))
    assert cube.append([tile(NAMES[1], 1)]) == (DatePair.parse(NAMES[1]),)
    assert cube.tile(DatePair.parse(NAMES[1])) == tile(NAMES[1], 1)


def test_a_cube_that_was_not_finished_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "whole.zarr", *NAMES)
    files = content(tmp_path / "whole.zarr")
    put = Folder.write

    class KilledError(Exception):
        pass

    for stop_after in range(len(empty_cube({}, WINDOW))):
        path = tmp_path / f"{stop_after}.zarr"
        left = iter(range(stop_after))

        def put_some(place: Folder, content: bytes, left: Iterator[int] = left) -> bool:
            if next(left, None) is None:
                raise KilledError
            return put(place, content)

        with monkeypatch.context() as patch:
            patch.setattr(Folder, "write", put_some)
            with pytest.raises(KilledError):
                make(path)
        assert cube_pairs(Folder(path)) == ()
        with pytest.raises(StoreError):
            read_cube(Folder(path))
        make(path, *NAMES)
        assert content(path) == files


def test_a_cube_whose_description_got_lost_is_not_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    make(path, *NAMES)
    (path / "zarr.json").unlink()
    for attempt in (lambda: cube_pairs(Folder(path)), lambda: make(path, *NAMES)):
        with pytest.raises(StoreError, match=r"damaged cube \(no zarr.json\): move it away"):
            attempt()


def test_a_full_disk_leaves_the_cube_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cube = make(tmp_path / "a.zarr", NAMES[0])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("catalogs.cubes.layout.zarr.consolidate_metadata", full)
        with pytest.raises(HomeError, match="disk is full"):
            cube.append([tile(NAMES[1], 1)])
    assert cube_pairs(Folder(tmp_path / "a.zarr")) == (DatePair.parse(NAMES[0]),)


def test_no_cube_has_no_pairs(tmp_path: Path) -> None:
    assert cube_pairs(Folder(tmp_path / "none.zarr")) == ()
    with pytest.raises(StoreError, match="is no cube"):
        read_cube(Folder(tmp_path / "none.zarr"))


def test_other_stores_are_refused(tmp_path: Path) -> None:
    make(tmp_path / "a.zarr", NAMES[0])
    with pytest.raises(StoreError, match="expected format 1 and frame 128D"):
        open_cube(
            Folder(tmp_path / "a.zarr"), "fernandina", FrameId.parse("128D_09016_110500"), WINDOW
        )
    elsewhere = Window(GRID, WINDOW.row + 1, WINDOW.column)
    with pytest.raises(StoreError, match="another window"):
        open_cube(Folder(tmp_path / "a.zarr"), "fernandina", FRAME, elsewhere)
    zarr.open_group(tmp_path / "b.zarr", mode="w")
    with pytest.raises(StoreError, match="damaged"):
        open_cube(Folder(tmp_path / "b.zarr"), "fernandina", FRAME, WINDOW)
    (tmp_path / "c.zarr").mkdir()
    (tmp_path / "c.zarr" / "zarr.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        open_cube(Folder(tmp_path / "c.zarr"), "fernandina", FRAME, WINDOW)
    with pytest.raises(StoreError, match="damaged"):
        read_cube(Folder(tmp_path / "c.zarr"))
