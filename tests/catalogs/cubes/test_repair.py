from pathlib import Path

import numpy as np
import pytest

from catalogs.cubes.cube import PairTile, cube_pairs, open_cube, read_cube
from catalogs.cubes.repair import blank_pairs, move_aside
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.records import DatePair, FrameId
from catalogs.storage.place import Folder
from fringewatch.errors import StoreError

FRAME = FrameId.parse("106A_09048_000909")
WINDOW = volcano_window(Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913), -0.37, -91.55)
FIRST, SECOND = (DatePair.parse(name) for name in ("20240106_20240118", "20240118_20240130"))


def tile(pair: DatePair, value: int) -> PairTile:
    codes = np.full((WINDOW.size, WINDOW.size), value, np.uint8)
    return PairTile(pair, codes, codes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "106A.zarr"
    open_cube(Folder(path), "fernandina", FRAME, WINDOW).append([tile(FIRST, 7), tile(SECOND, 8)])
    return path


def test_a_blank_pair_can_be_read_and_written_again(path: Path) -> None:
    for array in ("phase", "coherence"):
        (path / array / "c" / "1" / "0" / "0").write_bytes(b"no chunk at all")
    with pytest.raises(StoreError, match="does not give pair"):
        open_cube(Folder(path), "fernandina", FRAME, WINDOW).tile(SECOND)
    stranger = DatePair.parse("20200106_20200118")
    blank_pairs(Folder(path), [SECOND, stranger])
    phase = read_cube(Folder(path))["phase"].to_numpy()
    assert set(np.unique(phase[0])) == {7}
    assert set(np.unique(phase[1])) == {0}
    cube = open_cube(Folder(path), "fernandina", FRAME, WINDOW)
    assert cube.append([tile(SECOND, 9)]) == (SECOND,)
    assert cube.tile(SECOND) == tile(SECOND, 9)
    assert cube_pairs(Folder(path)) == (FIRST, SECOND)


def test_what_is_no_cube_cannot_be_mended(path: Path) -> None:
    (path / "zarr.json").write_bytes(b"{ no such thing")
    with pytest.raises(StoreError, match="is no cube"):
        blank_pairs(Folder(path), [FIRST])


def test_a_cube_is_moved_aside_whole_and_a_second_one_beside_it(path: Path) -> None:
    aside = move_aside(Folder(path))
    assert not path.exists()
    assert cube_pairs(aside) == (FIRST, SECOND)
    open_cube(Folder(path), "fernandina", FRAME, WINDOW)
    assert move_aside(Folder(path)) != aside
    assert list(path.parent.glob("*.zarr")) == []
