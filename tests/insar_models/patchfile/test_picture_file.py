"""Labelled pictures in one file: they come back as they were, and what does not fit is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fringewatch.errors import BadInputError, StoreError
from insar_models.patchfile.picture_file import Pictures, read_pictures, write_pictures

PICTURES = Pictures(
    tiles=np.arange(3, dtype=np.uint8)[:, None, None] + np.zeros((3, 224, 224), np.uint8),
    first=np.array([0, 2]),
    labels=np.array([0, 1]),
    groups=np.array(["etna", "taal"]),
)


def test_pictures_come_back(tmp_path: Path) -> None:
    write_pictures(tmp_path / "one", PICTURES)
    read = read_pictures(tmp_path / "one")
    assert len(read) == 2
    for name in ("tiles", "first", "labels", "groups"):
        assert np.array_equal(getattr(read, name), getattr(PICTURES, name))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"labels": np.array([1, 1])}, r"labels of pictures are \[1\]"),
        ({"labels": np.array([0, 2])}, r"labels of pictures are \[0, 2\]"),
        ({"labels": np.array([0])}, "1 labels"),
        ({"first": np.array([0, 3])}, "one tile or more a picture"),
        ({"first": np.array([1, 2])}, "do not fit"),
        ({"tiles": np.zeros((3, 224, 224))}, "tiles of float64"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(BadInputError, match=problem):
        replace(PICTURES, **changes)  # type: ignore[arg-type]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_pictures(tmp_path / "none")
    (tmp_path / "text").write_text("no tensors")
    with pytest.raises(StoreError, match="no pictures file"):
        read_pictures(tmp_path / "text")
