"""Rasters of other grids on the lattice: fringes stay where they are, no angle is averaged."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import Affine, xy
from rasterio.warp import transform, transform_bounds

from catalogs.rasters.grid import Grid
from catalogs.rasters.lattice import place_window
from catalogs.rasters.reading import read_on_lattice, read_place
from catalogs.records import Product
from fringewatch.errors import CorruptProductError, GridMismatchError

LATITUDE, LONGITUDE = 37.75, 15.0
WINDOW = place_window(Grid(14.5, 38.2, 0.001, 0.001, 1000, 900), LATITUDE, LONGITUDE)


def fringes(longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unwrapped phase: closed fringes round the volcano, some 25 pixels wide, on a slope."""
    far = ((longitudes - LONGITUDE) / 0.12) ** 2 + ((latitudes - LATITUDE) / 0.1) ** 2
    return 20 * np.exp(-far) + 30 * (longitudes - LONGITUDE) + 0.3


def write_grid(
    folder: Path, crs: str, place: Affine, shape: tuple[int, int], **options: Any
) -> Path:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    x, y = (np.asarray(part).reshape(shape) for part in xy(place, rows.ravel(), columns.ravel()))
    longitudes, latitudes = x, y
    if crs != "EPSG:4326":
        flat = transform(crs, "EPSG:4326", x.ravel(), y.ravel())
        longitudes, latitudes = (np.asarray(part).reshape(shape) for part in flat[:2])
    phase = np.angle(np.exp(1j * fringes(longitudes, latitudes))).astype(np.float32)
    phase[longitudes > LONGITUDE + 0.2] = 0  # sea
    path = folder / "own.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=shape[1], height=shape[0], count=1, dtype="float32",
        crs=crs, transform=place, **options,
    ) as raster:  # fmt: skip
        raster.write(phase, 1)
    return path


def utm(step_m: float) -> tuple[str, Affine, tuple[int, int]]:
    west, south, east, north = transform_bounds(
        CRS.from_epsg(4326), CRS.from_epsg(32633), 14.6, 37.4, 15.4, 38.1
    )
    shape = round((north - south) / step_m), round((east - west) / step_m)
    return "EPSG:32633", Affine(step_m, 0, west, 0, -step_m, north), shape


def degrees(step: float) -> tuple[str, Affine, tuple[int, int]]:
    return "EPSG:4326", Affine(step, 0, 14.5, 0, -step, 38.2), (round(0.9 / step), round(1 / step))


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (utm(80.0), "EPSG:32633 80 x 80 metre"),
        (utm(30.0), "EPSG:32633 30 x 30 metre"),
        (degrees(0.0005), "EPSG:4326 0.0005 x 0.0005 degree"),
        (degrees(0.002), "EPSG:4326 0.002 x 0.002 degree"),
        (degrees(1 / 1200), "EPSG:4326 0.0008333333 x 0.0008333333 degree"),
    ],
    ids=["hyp3", "utm 30 m", "half", "double", "3 arc seconds"],
)
def test_fringes_come_out_where_they_are(
    tmp_path: Path, grid: tuple[str, Affine, tuple[int, int]], words: str
) -> None:
    read = read_on_lattice(write_grid(tmp_path, *grid), Product.DIFF_PHA, WINDOW)
    assert read.resampled_from == words
    longitudes, latitudes = np.meshgrid(WINDOW.longitudes, WINDOW.latitudes)
    has_data = read.values != 0
    assert has_data[longitudes < LONGITUDE + 0.198].all()
    assert not has_data[longitudes > LONGITUDE + 0.202].any()
    off = np.angle(np.exp(1j * (read.values - fringes(longitudes, latitudes))))[has_data]
    assert np.abs(off).mean() < 0.03
    assert np.abs(off).max() < 0.25  # an angle that was averaged over the jump would be 3 off


def test_a_raster_from_the_south_is_the_same(tmp_path: Path) -> None:
    crs, place, shape = degrees(0.001)
    north_up = read_on_lattice(write_grid(tmp_path, crs, place, shape), Product.DIFF_PHA, WINDOW)
    assert not north_up.resampled_from
    south = Affine(0.001, 0, 14.5, 0, 0.001, 38.2 - shape[0] * 0.001)
    turned = read_on_lattice(write_grid(tmp_path, crs, south, shape), Product.DIFF_PHA, WINDOW)
    assert turned.resampled_from
    off = np.angle(np.exp(1j * (turned.values - north_up.values)))
    assert np.abs(off).max() < 1e-3


def test_coherence_is_averaged_where_there_is_data(tmp_path: Path) -> None:
    crs, place, shape = degrees(0.0005)
    band = np.full(shape, 0.5, dtype=np.float32)
    band[:, ::2] = 0.7
    band[::2, ::2] = 0
    path = tmp_path / "cc.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=shape[1], height=shape[0], count=1, dtype="float32",
        crs=crs, transform=place,
    ) as raster:  # fmt: skip
        raster.write(band, 1)
    values = read_on_lattice(path, Product.CC, WINDOW).values
    assert set(np.unique(values)) <= {143, 144, 145, 146}  # (0.5 + 0.5 + 0.7) / 3 of 255


def test_a_raster_ten_degrees_away_does_not_reach_the_window(tmp_path: Path) -> None:
    crs, place, shape = utm(80.0)
    far = Affine(80.0, 0, place.c, 0, -80.0, place.f - 1_000_000)
    with pytest.raises(GridMismatchError, match="does not reach the volcano's window"):
        read_on_lattice(write_grid(tmp_path, crs, far, shape), Product.DIFF_PHA, WINDOW)


def test_pixels_that_are_too_coarse_are_refused_with_their_step(tmp_path: Path) -> None:
    path = write_grid(tmp_path, *degrees(0.004))
    with pytest.raises(CorruptProductError, match=r"0\.004 x 0\.004 degree: too coarse"):
        read_place(path, Product.DIFF_PHA)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32633"])
@pytest.mark.parametrize("corner", [math.nan, math.inf, -math.inf])
def test_coordinates_that_are_no_numbers_are_refused(
    crs: str, corner: float, tmp_path: Path
) -> None:
    path, shape = tmp_path / "own.tif", (8, 8)
    with rasterio.open(
        path, "w", driver="GTiff", width=shape[1], height=shape[0], count=1, dtype="float32",
        crs=crs, transform=Affine(0.001, 0, corner, 0, -0.001, 38.2),
    ) as raster:  # fmt: skip
        raster.write(np.ones(shape, np.float32), 1)
    with pytest.raises(CorruptProductError, match="its coordinates are no numbers"):
        read_place(path, Product.DIFF_PHA)


@pytest.mark.parametrize("corner", [(1e300, 38.2), (14.5, 800.0), (600.0, 38.2)])
def test_degrees_off_the_earth_are_refused(corner: tuple[float, float], tmp_path: Path) -> None:
    place = Affine(0.001, 0, corner[0], 0, -0.001, corner[1])
    path = tmp_path / "own.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=8, count=1, dtype="float32", crs="EPSG:4326",
        transform=place,
    ) as raster:  # fmt: skip
        raster.write(np.ones((8, 8), np.float32), 1)
    with pytest.raises(CorruptProductError, match="degrees north or south"):
        read_place(path, Product.DIFF_PHA)


def test_a_nodata_tag_and_a_unit_count_before_resampling(tmp_path: Path) -> None:
    path = write_grid(tmp_path, *utm(80.0))
    plain = read_on_lattice(path, Product.DIFF_PHA, WINDOW).values
    with rasterio.open(path, "r+") as raster:
        phase = raster.read(1)
        raster.write(np.where(phase == 0, -9999, np.degrees(phase)).astype(np.float32), 1)
        raster.nodata, raster.units = -9999, ("degree",)
    tagged = read_on_lattice(path, Product.DIFF_PHA, WINDOW).values
    assert np.array_equal(tagged == 0, plain == 0)
    assert np.abs(np.angle(np.exp(1j * (tagged - plain)))).max() < 1e-4
    assert math.isclose(float(np.abs(plain).max()), math.pi, abs_tol=0.05)
