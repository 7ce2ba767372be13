import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning

from catalogs.rasters.grid import Grid, volcano_window
from catalogs.rasters.reading import check_raster, read_on_lattice, read_place, read_window
from catalogs.records import DatePair, Product
from fringewatch.errors import CorruptProductError, GridMismatchError
from tests.catalogs.rasters.same_grid import assert_same_grid
from tests.portal.rasters import RasterForm, shifted, write_pair
from tests.scenes import QUIET, SIDE, TRANSFORM, full_coherence, scene_phase

PAIR = DatePair.parse("20240106_20240118")


def write(folder: Path, form: RasterForm) -> Path:
    return write_pair(folder, PAIR, scene_phase(QUIET), full_coherence(), form).phase


@pytest.mark.parametrize(
    "form",
    [
        RasterForm(TRANSFORM),
        RasterForm(TRANSFORM, tiled=True),
        RasterForm(TRANSFORM, nodata=0.0),
        RasterForm(TRANSFORM, is_point=True),
    ],
)
def test_every_container_gives_the_same_grid_and_values(tmp_path: Path, form: RasterForm) -> None:
    path = write(tmp_path, form)
    grid = check_raster(path, Product.DIFF_PHA)
    assert_same_grid(grid, Grid(-91.81, -0.11, 0.001, 0.001, SIDE, SIDE))
    window = volcano_window(grid, -0.37, -91.55)
    assert np.array_equal(
        read_window(path, Product.DIFF_PHA, window),
        scene_phase(QUIET)[window.row : window.row + 500, window.column : window.column + 500],
    )


def test_pixels_outside_the_raster_are_no_data(tmp_path: Path) -> None:
    path = write(tmp_path, RasterForm(TRANSFORM))
    window = volcano_window(read_place(path, Product.DIFF_PHA).grid, -0.11, -91.81)
    values = read_window(path, Product.DIFF_PHA, window)
    assert (values[:250] == 0).all()
    assert (values[:, :250] == 0).all()
    assert np.array_equal(values[250:, 250:], scene_phase(QUIET)[:250, :250])


def test_a_shift_is_seen_in_the_grid(tmp_path: Path) -> None:
    path = write(tmp_path, RasterForm(shifted(TRANSFORM, 0.2, 0.0)))
    grid = read_place(path, Product.DIFF_PHA).grid
    assert grid.north + 0.11 == pytest.approx(-0.0002, abs=1e-9)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_cut_file_is_refused(tmp_path: Path, share: float) -> None:
    path = write(tmp_path, RasterForm(TRANSFORM))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CorruptProductError, match="does not decode"):
        check_raster(path, Product.DIFF_PHA)


def test_a_raster_of_zeros_is_refused(tmp_path: Path) -> None:
    zeros = np.zeros((SIDE, SIDE), dtype=np.float32)
    path = write_pair(tmp_path, PAIR, zeros, full_coherence(), RasterForm(TRANSFORM)).phase
    with pytest.raises(CorruptProductError, match="every pixel is 0"):
        check_raster(path, Product.DIFF_PHA)


def test_a_raster_of_nan_holds_no_data_either(tmp_path: Path) -> None:
    nothing = np.full((SIDE, SIDE), np.nan, dtype=np.float32)
    path = write_pair(tmp_path, PAIR, nothing, full_coherence(), RasterForm(TRANSFORM)).phase
    with pytest.raises(CorruptProductError, match="no data"):
        check_raster(path, Product.DIFF_PHA)


def test_coherence_is_no_phase(tmp_path: Path) -> None:
    files = write_pair(tmp_path, PAIR, scene_phase(QUIET), full_coherence(), RasterForm(TRANSFORM))
    with pytest.raises(
        CorruptProductError, match=r"of uint8, expected one of float32.*need a scale"
    ):
        check_raster(files.coherence, Product.DIFF_PHA)


def test_degrees_that_are_called_metres_lie_far_off(tmp_path: Path) -> None:
    path = write(tmp_path, RasterForm(TRANSFORM))
    window = volcano_window(read_place(path, Product.DIFF_PHA).grid, -0.37, -91.55)
    with rasterio.open(path, "r+") as raster:
        raster.crs = "EPSG:32715"
    with pytest.raises(GridMismatchError, match=r"does not reach .* -0\.370 N, -91\.550 E"):
        read_on_lattice(path, Product.DIFF_PHA, window)


@pytest.mark.parametrize(
    ("dtype", "words"),
    [("complex_int16", "complex_int16"), ("complex64", "complex64"), ("float64", "CRS None")],
)
def test_complex_numbers_and_no_georeference_are_refused(
    tmp_path: Path, dtype: str, words: str
) -> None:
    path = tmp_path / "odd.tif"
    options = {} if dtype == "float64" else {"crs": "EPSG:4326", "transform": TRANSFORM}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="GTiff", width=9, height=9, count=1, dtype=dtype, **options
        ):
            pass
    with pytest.raises(CorruptProductError, match=words):
        check_raster(path, Product.DIFF_PHA)


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.tif"
    path.write_text("<html>gone</html>")
    with pytest.raises(CorruptProductError, match=r"page\.tif does not decode"):
        check_raster(path, Product.DIFF_PHA)


def test_the_real_frame_has_one_grid(shared_data: Path) -> None:
    files = sorted((shared_data / "licsar").glob("1*/interferograms/*/*.geo.diff_pha.tif"))
    grids = [read_place(path, Product.DIFF_PHA).grid for path in files]
    assert len(grids) == 7
    for grid in grids:
        assert_same_grid(grid, grids[0])
