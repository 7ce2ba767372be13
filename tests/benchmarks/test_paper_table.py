"""Folders of labelled pictures as files of tiles."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from PIL import Image

from benchmarks.paper_table import main, picture_file
from fringewatch.errors import BadInputError
from insar_models.patchfile.picture_file import read_pictures


def save(path: Path, side: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = (np.arange(side * side).reshape(side, side) // 40 % 255).astype(np.uint8)
    Image.fromarray(grey).save(path)


def test_pictures_become_tiles_and_bad_ones_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    save(folder / "0" / "quiet.png", 224)
    save(folder / "1" / "large.png", 300)
    (folder / "1" / "bad.png").write_bytes(b"no picture")
    path = picture_file(folder, tmp_path / "sets", "c1")
    assert "bad.png: not a picture" in capsys.readouterr().err
    pictures = read_pictures(path)
    assert pictures.labels.tolist() == [0, 1]
    assert pictures.first.tolist() == [0, 1]
    assert len(pictures.tiles) == 5
    assert pictures.groups.tolist() == ["quiet.png", "large.png"]


def test_a_folder_without_classes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(BadInputError, match="is missing"):
        picture_file(tmp_path / "set", tmp_path / "sets", "c1")


def test_the_rows_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert "simclr-resnet50" in capsys.readouterr().out
