"""Files are opened one at a time: GDAL's list of handlers has no lock."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.errors import RasterioIOError

from catalogs.rasters.grid import Grid
from catalogs.rasters.opening import HANDLERS, opened_raster
from catalogs.rasters.writer import write_geotiff

GRID = Grid(-91.8, -0.1, 0.001, 0.001, 8, 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "a.tif"
    write_geotiff(found, np.ones((GRID.height, GRID.width), np.float32), GRID)
    return found


def test_nobody_opens_or_closes_while_another_does(path: Path) -> None:
    opened = threading.Event()

    def value() -> float:
        with opened_raster(path) as raster:
            opened.set()
            return float(raster.read(1).mean())

    with ThreadPoolExecutor(1) as threads:
        with HANDLERS:
            waits = threads.submit(value)
            assert not opened.wait(0.2)
        assert waits.result(30) == 1.0


def test_what_cannot_be_opened_keeps_nobody_waiting(path: Path) -> None:
    path.write_bytes(b"no raster")
    with pytest.raises(RasterioIOError), opened_raster(path):
        pass
    assert HANDLERS.acquire(timeout=0)
    HANDLERS.release()


def test_several_are_open_at_once(path: Path) -> None:
    with opened_raster(path) as first, opened_raster(path) as second:
        assert isinstance(first, rasterio.DatasetReader)
        assert np.array_equal(first.read(1), second.read(1))
