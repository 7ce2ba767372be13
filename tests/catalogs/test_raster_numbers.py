"""What a file's numbers mean, and what they cannot be: real GeoTIFFs, read whole and by window."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

from catalogs.rasters.grid import Window
from catalogs.rasters.limits import MOST_PIXELS_A_SIDE
from catalogs.rasters.ranges import NumbersSeen, fault_of_batch
from catalogs.rasters.reading import check_raster, read_place, read_window
from catalogs.records import Product
from fringewatch.errors import CorruptProductError

SIDE = 120
PLACE = Affine(0.001, 0, 14.9, 0, -0.001, 37.8)
_RANDOM = np.random.default_rng(1)
NOISE = _RANDOM.uniform(-math.pi, math.pi, (SIDE, SIDE)).astype(np.float32)
QUIET = _RANDOM.normal(0.2, 0.05, (SIDE, SIDE)).astype(np.float32)
COHERENCE = _RANDOM.integers(1, 245, (SIDE, SIDE)).astype(np.uint8)


def write(folder: Path, band: NDArray[Any], **options: Any) -> Path:
    path = folder / "20200101_20200113.tif"
    unit, scale = options.pop("unit", None), options.pop("scale", None)
    with rasterio.open(
        path, "w", driver="GTiff", width=band.shape[1], height=band.shape[0], count=1,
        dtype=band.dtype, crs="EPSG:4326", transform=PLACE, compress="deflate", **options,
    ) as raster:  # fmt: skip
        raster.write(band, 1)
        if unit:
            raster.units = (unit,)
        if scale:
            raster.scales, raster.offsets = (scale[0],), (scale[1],)
    return path


def read(path: Path, product: Product) -> NDArray[Any]:
    check_raster(path, product)
    return read_window(path, product, Window(read_place(path, product).grid, 0, 0, SIDE))


def test_licsar_s_own_numbers_come_out_to_the_bit(tmp_path: Path) -> None:
    assert read(write(tmp_path, NOISE), Product.DIFF_PHA).tobytes() == NOISE.tobytes()
    assert read(write(tmp_path, COHERENCE), Product.CC).tobytes() == COHERENCE.tobytes()


@pytest.mark.parametrize(
    ("band", "tags"),
    [
        (np.degrees(NOISE), {"unit": "degree"}),
        (NOISE / (2 * math.pi), {"unit": "cycles"}),
        (NOISE.astype(np.float64), {}),
        (np.rint(NOISE / 1e-4).astype(np.float32), {"scale": (1e-4, 0.0)}),
        (np.rint((NOISE - 1) / 1e-4).astype(np.int32), {"scale": (1e-4, 1.0)}),
        (np.where(NOISE > 3, -9999, NOISE).astype(np.float32), {"nodata": -9999.0}),
        (np.where(NOISE > 3, np.nan, NOISE).astype(np.float32), {"nodata": math.nan}),
    ],
)
def test_phase_is_read_by_what_the_file_says(
    tmp_path: Path, band: NDArray[Any], tags: dict[str, Any]
) -> None:
    phase = read(write(tmp_path, band, **tags), Product.DIFF_PHA)
    expected = np.where(NOISE > 3, 0, NOISE) if "nodata" in tags else NOISE
    assert phase.dtype == np.float32
    assert np.abs(phase - expected).max() < 1e-4


@pytest.mark.parametrize(
    ("band", "tags"),
    [
        ((COHERENCE / 255).astype(np.float32), {}),
        ((COHERENCE / 2.55).astype(np.float32), {"unit": "%"}),
        (COHERENCE, {"scale": (1 / 255, 0.0)}),
        (np.where(COHERENCE > 240, 255, COHERENCE).astype(np.uint8), {"nodata": 255}),
    ],
)
def test_coherence_is_read_by_what_the_file_says(
    tmp_path: Path, band: NDArray[Any], tags: dict[str, Any]
) -> None:
    expected = np.where(COHERENCE > 240, 0, COHERENCE) if "nodata" in tags else COHERENCE
    assert np.array_equal(read(write(tmp_path, band, **tags), Product.CC), expected)


def test_unwrapped_phase_is_wrapped_again(tmp_path: Path) -> None:
    band = (NOISE + 6 * math.pi).astype(np.float32)
    band[0, 0] = 0
    phase = read(write(tmp_path, band), Product.UNW)
    assert phase[0, 0] == 0
    assert np.abs(phase - NOISE)[1:].max() < 1e-4


@pytest.mark.parametrize(
    ("product", "band", "tags", "words"),
    [
        (Product.DIFF_PHA, np.degrees(NOISE), {}, "reaches from -180 to 179.9, expected radians"),
        (Product.DIFF_PHA, NOISE + np.float32(math.pi), {}, "to 6.28"),
        (Product.DIFF_PHA, NOISE / np.float32(2 * math.pi), {}, "as cycles do"),
        (Product.DIFF_PHA, NOISE / np.float32(math.pi), {}, "as half cycles"),
        (Product.DIFF_PHA, NOISE / np.float32(2 * math.pi) + np.float32(0.5), {}, "from 0 to 1"),
        (Product.DIFF_PHA, NOISE, {"unit": "metre"}, "its unit is 'metre'"),
        (Product.DIFF_PHA, np.rint(NOISE * 10).astype(np.int16), {}, "need a scale"),
        (Product.CC, (COHERENCE > 100).astype(np.uint8), {}, "0 or 1 only"),
        (Product.CC, (COHERENCE / 2.55).astype(np.float32), {}, "expected 0 to 1"),
        (Product.CC, np.minimum(COHERENCE / 2.0, 99).astype(np.uint8), {}, "it is percent"),
        (Product.CC, NOISE, {}, r"reaches from -3\.14"),
    ],
)
def test_what_the_numbers_cannot_be_is_refused_in_words_that_name_the_range(
    tmp_path: Path, product: Product, band: NDArray[Any], tags: dict[str, Any], words: str
) -> None:
    path = write(tmp_path, band, **tags)
    with pytest.raises(CorruptProductError, match=words):
        check_raster(path, product)


def test_radians_that_look_like_cycles_are_read_once_the_file_says_so(tmp_path: Path) -> None:
    band = NOISE / np.float32(2 * math.pi)
    path = write(tmp_path, band, unit="rad")
    assert np.array_equal(read(path, Product.DIFF_PHA), band)


def seen(phase: NDArray[np.float32], *, said: bool = False) -> NumbersSeen:
    return NumbersSeen.among(Product.DIFF_PHA, phase, said=said)


def test_quiet_phase_in_cycles_shows_over_several_pairs() -> None:
    quiet = QUIET / np.float32(2)
    assert seen(quiet).fault() is None, "one pair alone may be quiet radians"
    assert fault_of_batch([seen(quiet)] * 3) is None
    assert "it is in cycles" in str(fault_of_batch([seen(quiet)] * 4))
    assert fault_of_batch([seen(quiet)] * 3 + [seen(NOISE)]) is None
    assert fault_of_batch([seen(quiet, said=True)] * 4) is None


def test_decorrelated_ground_is_not_percent() -> None:
    snow = np.random.default_rng(2).normal(25, 20, (SIDE, SIDE)).clip(1, 98).astype(np.uint8)
    one = NumbersSeen.among(Product.CC, snow, said=False)
    assert one.fault() is None
    assert fault_of_batch([one] * 6) is None


def test_a_small_file_that_claims_millions_of_pixels_allocates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wide.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=3_000_000, height=256, count=1, dtype="float32",
        crs="EPSG:4326", transform=PLACE, sparse_ok=True, compress="deflate", blockysize=256,
    ):  # fmt: skip
        pass
    assert path.stat().st_size < 100_000
    with pytest.raises(CorruptProductError, match=f"3000000 x 256.*at most {MOST_PIXELS_A_SIDE:,}"):
        check_raster(path, Product.DIFF_PHA)
