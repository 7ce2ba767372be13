"""Writing patch files: what does not fit is refused, and then nothing is left."""

import dataclasses
import errno
import os
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, FringewatchError, HomeError, StoreError
from insar_models.patchfile import writer as patch_file_writer
from insar_models.patchfile.writer import write_patch_file
from tests.insar_models.small_patch_file import FACTS, columns_of, patches_of


class TestWriting:
    def test_columns_that_do_not_fit(self, tmp_path: Path) -> None:
        patches = patches_of(3)
        good = columns_of(patches)
        bad: list[tuple[dict[str, NDArray[Any]], str]] = [
            ({k: v for k, v in good.items() if k != "row"}, "missing or unknown: row"),
            (good | {"colour": good["row"]}, "missing or unknown: colour"),
            (good | {"row": good["row"].astype(np.int64)}, "'row' is int64"),
            (good | {"row": good["row"][:2]}, r"'row' is int32 of shape \(2,\)"),
            (good | {"frame": good["frame"] + np.uint16(1)}, "number 3 in the column 'frame'"),
            ({k: v[:0] for k, v in good.items()}, "at least 1 patch"),
        ]
        for columns, message in bad:
            with pytest.raises(BadInputError, match=message):
                write_patch_file(tmp_path / "a", FACTS, columns, [patches])
        assert list(tmp_path.iterdir()) == []

    def test_facts_that_could_not_be_read_back(self, tmp_path: Path) -> None:
        patches = patches_of(1)
        for change, message in (({"recipe": "{"}, "no JSON"), ({"words": {}}, "has 0 words")):
            facts = dataclasses.replace(FACTS, **change)
            with pytest.raises(BadInputError, match=message):
                write_patch_file(tmp_path / "a", facts, columns_of(patches), [patches])

    def test_patches_that_do_not_fit(self, tmp_path: Path) -> None:
        patches = patches_of(3)
        other = patches.copy()
        other[1, 5, 5] ^= 1
        bad: list[tuple[list[NDArray[Any]], type[FringewatchError], str]] = [
            ([patches[:2]], StoreError, "2 patches came.*have 3"),
            ([patches, patches[:1]], StoreError, "more than the 3 patches"),
            ([patches[:1], other[1:]], StoreError, "patch 1 has not the sha256"),
            ([patches.astype(np.int16)], BadInputError, "int16"),
            ([patches[:, :100]], BadInputError, r"shape \(3, 100, 224\)"),
        ]
        for blocks, kind, message in bad:
            with pytest.raises(kind, match=message):
                write_patch_file(tmp_path / "a", FACTS, columns_of(patches), blocks)
        assert list(tmp_path.iterdir()) == []

    def test_a_disk_that_is_too_small_from_the_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Usage(NamedTuple):
            free: int

        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000))
        patches = patches_of(1)
        with pytest.raises(HomeError, match=r"takes 0\.\d\d GB and 0\.00 GB are free"):
            write_patch_file(tmp_path / "a", FACTS, columns_of(patches), [patches])
        assert list(tmp_path.iterdir()) == []

    def test_a_disk_that_fills_up_meanwhile(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> str:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        (tmp_path / "a").write_bytes(b"older")
        monkeypatch.setattr(patch_file_writer, "_write_phase", full)
        patches = patches_of(1)
        with pytest.raises(HomeError, match=r"cannot write .*a: the disk is full"):
            write_patch_file(tmp_path / "a", FACTS, columns_of(patches), [patches])
        assert [path.name for path in tmp_path.iterdir()] == ["a"]
        assert (tmp_path / "a").read_bytes() == b"older"

    def test_one_block_at_a_time_is_in_memory(self, tmp_path: Path) -> None:
        block = patches_of(8)
        columns = columns_of(np.concatenate([block] * 50))

        def blocks() -> Iterator[NDArray[np.uint8]]:
            for _ in range(50):
                yield block.copy()

        tracemalloc.start()
        write_patch_file(tmp_path / "a", FACTS, columns, blocks())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 4 * block.nbytes
