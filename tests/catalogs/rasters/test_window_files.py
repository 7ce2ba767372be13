import dataclasses
import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.window_files import read_window_file, read_window_grid, write_window
from catalogs.rasters.window_records import FetchedWindow, WindowProvenance, hash_values
from fringewatch.errors import BadInputError, CorruptProductError, HomeError

FRAME = Grid(-92.4255, 0.4871667, 0.0009999999999999992, 0.001, 1840, 1913)
TAG = "TIFFTAG_IMAGEDESCRIPTION"


def phase() -> NDArray[np.float32]:
    values = np.random.default_rng(3).uniform(-np.pi, np.pi, (500, 500)).astype(np.float32)
    values[:100] = 0.0
    values[400, 400] = np.nan
    return values


def fetched_from(values: NDArray[np.generic], row: int = 600, column: int = 623) -> FetchedWindow:
    provenance = WindowProvenance(
        url="https://portal.example/106/20240211_20240306.geo.diff_pha.tif?download=1",
        total_bytes=4_074_021,
        last_modified=dt.datetime(2024, 3, 20, 4, 17, 5, tzinfo=dt.UTC),
        etag='W/"3e2a-\u00fc"',
        byte_ranges=((0, 32768), (1_100_000, 2_000_000)),
        requests=2,
        bytes_moved=932_768,
        sha256=hash_values(values),
    )
    return FetchedWindow(values, Window(FRAME, row, column), provenance)


def rewrite(path: Path, text: str) -> None:
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(**{TAG: text})


@pytest.mark.parametrize(
    "values", [phase(), np.arange(250_000, dtype=np.uint8).reshape(500, 500)], ids=["phase", "cc"]
)
@pytest.mark.parametrize(("row", "column"), [(600, 623), (-250, 1600)])
def test_what_was_written_is_read(
    tmp_path: Path, values: NDArray[np.generic], row: int, column: int
) -> None:
    path = tmp_path / "new folder" / "a.tif"
    fetched = fetched_from(values, row, column)
    write_window(path, fetched)
    read = read_window_file(path)
    assert read.values.dtype == values.dtype
    assert read.values.tobytes() == values.tobytes()
    assert (read.window, read.provenance) == (fetched.window, fetched.provenance)
    assert read.grid == read_window_grid(path) == FRAME
    assert [entry.name for entry in path.parent.iterdir()] == ["a.tif"]


def test_any_tool_sees_where_it_lies_and_where_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_window(path, fetched_from(phase()))
    with rasterio.open(path) as raster:
        assert raster.crs.to_epsg() == 4326
        assert raster.xy(0, 0) == pytest.approx((-92.4255 + 0.6235, 0.4871667 - 0.6005))
        assert json.loads(raster.tags()[TAG])["provenance"]["total_bytes"] == 4_074_021


def test_valid_fraction_counts_neither_zeros_nor_nan() -> None:
    assert fetched_from(phase()).valid_fraction == pytest.approx(0.8 - 1 / 250_000)


@pytest.mark.parametrize(
    "values", [phase()[:400], phase().astype(np.float64)], ids=["shape", "type"]
)
def test_what_is_no_window_is_not_written(tmp_path: Path, values: NDArray[np.generic]) -> None:
    with pytest.raises(BadInputError):
        write_window(tmp_path / "a.tif", fetched_from(values))
    assert not list(tmp_path.iterdir())


def test_other_values_than_those_fetched_are_not_written(tmp_path: Path) -> None:
    fetched = dataclasses.replace(fetched_from(phase()), values=phase() + 1)
    with pytest.raises(BadInputError, match="not the ones"):
        write_window(tmp_path / "a.tif", fetched)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HomeError, match="a file stands"):
        write_window(tmp_path / "file" / "a.tif", fetched_from(phase()))


def test_changed_pixels_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_window(path, fetched_from(phase()))
    with rasterio.open(path, "r+") as raster:
        values = raster.read(1)
        values[250, 250] += 1e-3
        raster.write(values, 1)
    with pytest.raises(CorruptProductError, match="not what was written"):
        read_window_file(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"row":600', '"row":601', "not what was written"),
        ('"west":-92.4', '"west":-92.5', "not what was written"),
        ('"step_y":0.001', '"step_y":0', "not what was written"),
        ('"step_y":0.001', '"step_y":NaN', "not what was written"),
        ('"row":600', '"row":"north"', "1 mistake"),
        ('"url"', '"address"', "1 mistake"),
        ("{", "", "1 mistake"),
    ],
)
def test_a_damaged_description_is_noticed(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "a.tif"
    write_window(path, fetched_from(phase()))
    with rasterio.open(path) as raster:
        text = raster.tags()[TAG]
    assert old in text
    rewrite(path, text.replace(old, new, 1))
    with pytest.raises(CorruptProductError, match=words):
        read_window_file(path)


def test_an_ordinary_raster_is_no_window_file(shared_data: Path) -> None:
    folder = shared_data / "licsar" / "windows"
    with pytest.raises(CorruptProductError, match="no window's file"):
        read_window_file(next(folder.iterdir()))
    with pytest.raises(CorruptProductError, match="no window's file"):
        read_window_grid(next(folder.iterdir()))


@pytest.mark.parametrize("content", [None, b"", b"II*\0 and no more"])
def test_no_raster_at_all(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.tif"
    if content is not None:
        path.write_bytes(content)
    for read in (read_window_file, read_window_grid):
        with pytest.raises(CorruptProductError, match="fetch it again"):
            read(path)


# Damage may hit the georeference: rasterio says so before we refuse the file.
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=4))
def test_damage_anywhere_in_the_header_gives_the_same_window_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "a.tif"
    fetched = fetched_from(np.ones((500, 500), dtype=np.uint8))
    write_window(path, fetched)
    content = bytearray(path.read_bytes())
    content[place % len(content) : place % len(content) + len(damage)] = damage
    path.write_bytes(bytes(content))
    try:
        read = read_window_file(path)
    except CorruptProductError:
        return
    assert read.values.tobytes() == fetched.values.tobytes()
    assert read.window.row == fetched.window.row
