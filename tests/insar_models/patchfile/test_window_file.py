"""Files of windows and of air come back as they were, and say what is wrong with them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fringewatch.errors import BadInputError, StoreError
from insar_models.patchfile.air_file import Air, read_air, write_air
from insar_models.patchfile.window_file import read_windows, write_windows
from tests.insar_models.small_windows import hills_and_weather, quiet_windows


def test_windows_come_back(tmp_path: Path) -> None:
    made = quiet_windows()
    sha256 = write_windows(tmp_path / "w.safetensors", made)
    found = read_windows(tmp_path / "w.safetensors")
    assert found.sha256 == sha256
    assert np.array_equal(found.phase, made.phase)
    assert found.names() == made.names()
    assert found.names()[0] == "a 018A_12668_131313 19700101_19700113"
    assert found.of_volcanoes(["b", "unknown"]).tolist() == [2, 3]


def test_crops_lie_where_data_are(tmp_path: Path) -> None:
    windows = quiet_windows()
    crops = windows.crops(np.zeros(40, np.int64), np.random.default_rng(1))
    assert crops.shape == (40, 224, 224)
    assert ((crops != 0).mean((1, 2)) > 0.9).mean() > 0.8
    assert len({crop.tobytes() for crop in crops}) > 10  # anywhere, not at fixed places


def test_air_comes_back(tmp_path: Path) -> None:
    made = hills_and_weather()
    write_air(tmp_path / "a.safetensors", made)
    found = read_air(tmp_path / "a.safetensors")
    assert np.array_equal(found.relief_m["cone"], made.relief_m["cone"])
    assert np.array_equal(found.delay_tenth_mm["east"], made.delay_tenth_mm["east"])
    assert found.licence == "made"


def test_what_is_no_such_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(StoreError, match="cannot be read"):
        read_windows(path)
    write_windows(path, quiet_windows())
    with pytest.raises(StoreError, match="is a windows file, a air file is needed"):
        read_air(path)
    whole = path.read_bytes()
    for content in (whole[:-7], b"", b"\xff" * 64, whole[8:]):
        path.write_bytes(content)
        with pytest.raises(StoreError, match="no windows file, or it is cut"):
            read_windows(path)


def test_what_does_not_fit_is_not_written(tmp_path: Path) -> None:
    made = quiet_windows()
    for wrong in (
        replace(made, phase=made.phase[:, :300]),
        replace(made, phase=made.phase[:, :100, :100]),
        replace(made, primary=made.primary[1:]),
    ):
        with pytest.raises(BadInputError, match="do not fit"):
            write_windows(tmp_path / "w", wrong)
    with pytest.raises(BadInputError, match="neither relief nor delays"):
        write_air(tmp_path / "a", Air({}, {}, ""))
    with pytest.raises(BadInputError, match="int16 with 2 dimensions"):
        write_air(tmp_path / "a", Air({"x": np.zeros((3, 3, 3), np.int16)}, {}, ""))
