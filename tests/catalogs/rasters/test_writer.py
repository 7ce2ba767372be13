import errno
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from catalogs.rasters.grid import Grid
from catalogs.rasters.reading import check_raster
from catalogs.rasters.writer import write_geotiff
from catalogs.records import Product
from fringewatch.errors import BadInputError, DiskFullError, HomeError
from tests.catalogs.rasters.same_grid import assert_same_grid

GRID = Grid(-22.6205, 64.2051667, 0.001, 0.001, 70, 62)
PHASE = np.random.default_rng(1).uniform(-3, 3, (62, 70)).astype(np.float32)
COHERENCE = np.random.default_rng(2).integers(0, 256, (62, 70), dtype=np.uint8)


@pytest.mark.parametrize(
    ("array", "product", "predictor", "rows_in_a_strip"),
    [(PHASE, Product.DIFF_PHA, "3", 1), (COHERENCE, Product.CC, "2", 4)],
)
def test_a_raster_comes_back_in_licsars_container(
    tmp_path: Path,
    array: NDArray[np.generic],
    product: Product,
    predictor: str,
    rows_in_a_strip: int,
) -> None:
    path = tmp_path / "frame" / "pair.tif"
    write_geotiff(path, array, GRID)
    with rasterio.open(path) as raster:
        assert np.array_equal(raster.read(1), array)
        assert raster.crs.to_epsg() == 4326
        assert raster.nodata is None
        assert raster.block_shapes == [(rows_in_a_strip, 70)]
        assert raster.profile["compress"] == "deflate"
        assert raster.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == predictor
        assert raster.tags()["AREA_OR_POINT"] == "Area"
    assert_same_grid(check_raster(path, product), GRID)
    assert [entry.name for entry in path.parent.iterdir()] == ["pair.tif"]


@settings(max_examples=20, deadline=None)
@given(st.floats(-180, 179), st.floats(-60, 85), st.integers(1, 40), st.integers(1, 40))
def test_any_grid_comes_back(
    tmp_path_factory: pytest.TempPathFactory, west: float, north: float, width: int, height: int
) -> None:
    grid = Grid(west, north, 0.001, 0.001, width, height)
    path = tmp_path_factory.mktemp("grid") / "any.tif"
    write_geotiff(path, np.full((height, width), 204, dtype=np.uint8), grid)
    assert_same_grid(check_raster(path, Product.CC), grid)


def test_the_same_array_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.tif", "two.tif"):
        write_geotiff(tmp_path / name, PHASE, GRID)
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()


@pytest.mark.parametrize("shape", [(70, 62), (62,), (1, 62, 70)])
def test_another_shape_than_the_grid_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInputError, match="does not fit the grid"):
        write_geotiff(tmp_path / "x.tif", np.zeros(shape, dtype=np.float32), GRID)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", [np.float64, np.int16, np.complex64])
def test_another_type_is_refused(tmp_path: Path, dtype: type[np.generic]) -> None:
    with pytest.raises(BadInputError, match="no container for"):
        write_geotiff(tmp_path / "x.tif", np.zeros((62, 70), dtype=dtype), GRID)


def test_a_file_in_the_way_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "frame").write_text("no folder")
    with pytest.raises(HomeError, match="a file stands where a folder is needed"):
        write_geotiff(tmp_path / "frame" / "x.tif", PHASE, GRID)


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.tif"
    write_geotiff(path, PHASE, GRID)
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(DiskFullError, match="the disk is full"):
        write_geotiff(path, PHASE, GRID)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.tif"]
