"""Windows of cubes, relief and delays become flat files; what cannot is said."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from catalogs.storage.place import Folder
from fringewatch.errors import BadInputError
from insar_models.patchfile.air_file import read_air
from tasks.corpora.field_files import export_air, export_windows


def heights(path: Path, step: float = 0.000833) -> None:
    field = np.full((400, 400), 120, np.int16)
    field[:, :40] = -32768
    profile = {"driver": "GTiff", "width": 400, "height": 400, "count": 1, "dtype": "int16"}
    with rasterio.open(
        path, "w", crs="EPSG:4326", transform=Affine(step, 0, 1, 0, -step, 1), **profile
    ) as raster:
        raster.write(field, 1)


def test_relief_and_delays_are_read(tmp_path: Path) -> None:
    heights(tmp_path / "N00E001.tif")
    np.savez(tmp_path / "gacos.npz", ztd_tenth_mm=np.zeros((3, 400, 400), np.int16))
    target = tmp_path / "air.safetensors"
    assert export_air(tmp_path, tmp_path / "gacos.npz", "public domain", target) == 2
    air = read_air(target)
    assert set(np.unique(air.relief_m["N00E001"])) == {0, 120}  # the sea is at 0
    assert air.delay_tenth_mm["gacos"].shape == (3, 400, 400)


def test_what_is_no_relief_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "air.safetensors"
    with pytest.raises(BadInputError, match=r"holds no \.tif"):
        export_air(tmp_path, None, "", target)
    heights(tmp_path / "coarse.tif", step=0.01)
    with pytest.raises(BadInputError, match=r"step of 0\.01"):
        export_air(tmp_path, None, "", target)
    (tmp_path / "coarse.tif").write_bytes(b"no raster")
    with pytest.raises(BadInputError, match="cannot be read as a GeoTIFF"):
        export_air(tmp_path, None, "", target)
    (tmp_path / "x.npz").write_bytes(b"PK no archive")
    with pytest.raises(BadInputError, match="no 'ztd_tenth_mm'"):
        export_air(None, tmp_path / "x.npz", "", target)
    assert not target.exists()


def test_no_cubes_no_windows(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there are no cubes"):
        export_windows(Folder(tmp_path), [], 0.1, tmp_path / "w.safetensors")
    with pytest.raises(BadInputError, match="no cube of etna"):
        export_windows(Folder(tmp_path), ["etna"], 0.1, tmp_path / "w.safetensors")
