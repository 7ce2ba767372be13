from pathlib import Path

import numpy as np
import pytest
import zarr

from catalogs.cubes.cube import Cube, PairTile, open_cube, read_cube
from catalogs.cubes.layers import (
    highest_coherence,
    read_layer,
    settle_highest_coherence,
    write_layer,
)
from catalogs.cubes.layout import HIGHEST_COHERENCE, publish
from catalogs.cubes.repair import blank_pairs
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.records import DatePair, FrameId, FrameRaster
from catalogs.storage.place import Folder
from fringewatch.errors import StoreError

FRAME = FrameId.parse("106A_09048_000909")
WINDOW = volcano_window(Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913), -0.37, -91.55)
NAMES = ("20240106_20240118", "20240106_20240130", "20240118_20240130", "20240118_20240211")


def tile(name: str, seed: int) -> PairTile:
    coherence = np.random.default_rng(seed).integers(0, 200, (500, 500), dtype=np.uint8)
    return PairTile(DatePair.parse(name), np.full((500, 500), 9, np.uint8), coherence)


TILES = [tile(name, seed) for seed, name in enumerate(NAMES)]
HIGHEST = np.max([one.coherence for one in TILES], axis=0)


def cube_at(place: Folder) -> Cube:
    return open_cube(place, "fernandina", FRAME, WINDOW)


def kept(path: Path) -> dict[str, bytes]:
    folder = path / HIGHEST_COHERENCE
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_the_highest_coherence_is_of_all_pairs_in_any_order(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    place = Folder(tmp_path / "a.zarr")
    for count, index in enumerate(order):
        cube_at(place).append([TILES[index]])
        assert (highest_coherence(read_cube(place)) <= HIGHEST).all()
        if count % 2:
            settle_highest_coherence(place)
    found = read_cube(place)
    assert found[HIGHEST_COHERENCE].attrs["pairs"] == 4
    assert (highest_coherence(found) == HIGHEST).all()
    before = kept(tmp_path / "a.zarr")
    settle_highest_coherence(place)
    assert kept(tmp_path / "a.zarr") == before


def test_a_reader_adds_the_pairs_that_are_not_in_it_yet(tmp_path: Path) -> None:
    place = Folder(tmp_path / "a.zarr")
    cube_at(place).append(TILES[:2])
    settle_highest_coherence(place)
    cube_at(place).append(TILES[2:])
    found = read_cube(place)
    assert found[HIGHEST_COHERENCE].attrs["pairs"] == 2
    assert (highest_coherence(found) == HIGHEST).all()


def test_a_pair_that_changed_takes_back_what_it_gave(tmp_path: Path) -> None:
    place = Folder(tmp_path / "a.zarr")
    cube_at(place).append(TILES)
    settle_highest_coherence(place)
    lower = PairTile(TILES[0].pair, TILES[0].phase, np.full((500, 500), 1, np.uint8))
    cube_at(place).append([lower])
    settle_highest_coherence(place)
    expected = np.max([one.coherence for one in (lower, *TILES[1:])], axis=0)
    assert (highest_coherence(read_cube(place)) == expected).all()


def test_a_pair_that_was_blanked_gives_nothing(tmp_path: Path) -> None:
    place = Folder(tmp_path / "a.zarr")
    cube_at(place).append(TILES)
    settle_highest_coherence(place)
    blank_pairs(place, [TILES[3].pair])
    settle_highest_coherence(place)
    expected = np.max([one.coherence for one in TILES[:3]], axis=0)
    assert (highest_coherence(read_cube(place)) == expected).all()


def test_a_cube_of_an_older_version_gets_what_it_lacks(tmp_path: Path) -> None:
    place = Folder(tmp_path / "a.zarr")
    cube_at(place).append(TILES)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r+", use_consolidated=False)
    del group[HIGHEST_COHERENCE]
    publish(group.store)
    assert (highest_coherence(read_cube(place)) == HIGHEST).all()
    settle_highest_coherence(place)
    assert read_cube(place)[HIGHEST_COHERENCE].attrs["pairs"] == 4


def test_a_layer_comes_back_as_it_was_written(tmp_path: Path) -> None:
    place = Folder(tmp_path / "a.zarr")
    cube_at(place).append(TILES[:1])
    assert read_layer(read_cube(place), FrameRaster.LANDMASK) is None
    land = np.where(np.arange(500) < 250, np.nan, 1.0) * np.ones((500, 1))
    write_layer(place, FrameRaster.LANDMASK, land)
    write_layer(place, FrameRaster.HEIGHT, land * 1234.5)
    found = read_cube(place)
    back, height = (read_layer(found, one) for one in (FrameRaster.LANDMASK, FrameRaster.HEIGHT))
    assert back is not None
    assert height is not None
    assert np.array_equal(back, land, equal_nan=True)
    assert np.nanmax(height) == 1234.5
    cube_at(place).append(TILES)
    assert read_layer(read_cube(place), FrameRaster.HEIGHT) is not None
    with pytest.raises(StoreError, match=r"landmask has shape \(2, 2\)"):
        write_layer(place, FrameRaster.LANDMASK, np.ones((2, 2)))
