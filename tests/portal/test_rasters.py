from pathlib import Path

import numpy as np
import pytest
import rasterio

from catalogs.records import DatePair
from tests.portal.rasters import GALAPAGOS, RasterForm, shifted, write_pair

PAIR = DatePair.parse("20240106_20240118")
PHASE_RAD = np.linspace(-np.pi, np.pi, 70 * 90, dtype=np.float32).reshape(70, 90)
COHERENCE = np.arange(70 * 90, dtype=np.uint32).reshape(70, 90).astype(np.uint8)


@pytest.mark.parametrize(
    "form",
    [
        RasterForm(),
        RasterForm(tiled=True),
        RasterForm(nodata=0.0),
        RasterForm(is_point=True),
        RasterForm(transform=shifted(GALAPAGOS, 1.0, 0.2)),
    ],
)
def test_rasters_read_back_in_their_form(tmp_path: Path, form: RasterForm) -> None:
    files = write_pair(tmp_path, PAIR, PHASE_RAD, COHERENCE, form)
    assert [file.name for file in files] == [
        "20240106_20240118.geo.diff_pha.tif",
        "20240106_20240118.geo.cc.tif",
    ]
    for file, values, rows, predictor in zip(
        files, (PHASE_RAD, COHERENCE), (1, 4), ("3", "2"), strict=True
    ):
        with rasterio.open(file) as dataset:
            np.testing.assert_array_equal(dataset.read(1), values)
            assert dataset.crs.to_epsg() == 4326
            assert dataset.nodata == form.nodata
            assert dataset.transform.almost_equals(form.transform, 1e-9)
            assert dataset.block_shapes == [(64, 64) if form.tiled else (rows, 90)]
            assert dataset.tags()["AREA_OR_POINT"] == ("Point" if form.is_point else "Area")
            assert dataset.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == predictor
            assert dataset.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "DEFLATE"


def test_a_shift_moves_down_and_right() -> None:
    moved = shifted(GALAPAGOS, rows=1.0, columns=2.0)
    assert moved.f == pytest.approx(GALAPAGOS.f - 0.001)
    assert moved.c == pytest.approx(GALAPAGOS.c + 0.002)
