"""Patch files: what is written comes back, and nothing else passes for one."""

import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from fringewatch.errors import BadInputError, StoreError
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.header import COLUMNS, PATCH_BYTES, header_bytes
from insar_models.patchfile.writer import write_patch_file
from tests.insar_models.small_patch_file import FACTS, columns_of, patches_of, small_patch_file


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> PatchFile:
    return small_patch_file(tmp_path_factory.mktemp("kept") / "a.safetensors")


@pytest.fixture
def path(kept: PatchFile, tmp_path: Path) -> Path:
    """A file that may be spoilt."""
    return Path(shutil.copy(kept.path, tmp_path / "a.safetensors"))


def header_of(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    found: dict[str, Any] = json.loads(content[8 : 8 + length])
    return found


def change_header(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the header in place; everything behind it stays where it is."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header, separators=(",", ":")).encode().ljust(length)
    assert len(text) == length
    path.write_bytes(content[:8] + text + content[8 + length :])


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


class TestRoundTrip:
    def test_everything_comes_back(self, kept: PatchFile) -> None:
        patches = patches_of(10)
        assert kept.facts == FACTS
        assert len(kept) == 10
        np.testing.assert_array_equal(kept.phase, patches)
        for name, values in columns_of(patches).items():
            assert kept.columns[name].dtype == COLUMNS[name] == values.dtype
            np.testing.assert_array_equal(kept.columns[name], values)
        assert kept.words("frame").tolist() == ["a", "b", "", "a", "b", "", "a", "b", "", "a"]
        kept.verify()

    def test_others_open_it(self, kept: PatchFile) -> None:
        tensors = safetensors.numpy.load_file(kept.path)
        assert set(tensors) == {"phase", *COLUMNS}
        np.testing.assert_array_equal(tensors["phase"], kept.phase)
        for name in COLUMNS:
            np.testing.assert_array_equal(tensors[name], kept.columns[name])
        with safetensors.safe_open(kept.path, framework="numpy") as file:
            assert file.metadata()["version"] == FACTS.version

    def test_torch_opens_it(self, kept: PatchFile) -> None:
        torch = pytest.importorskip("torch")
        from safetensors.torch import load_file  # noqa: PLC0415

        tensors = load_file(kept.path)
        assert tensors["phase"].dtype == torch.uint8
        assert tensors["volcano"].tolist() == kept.columns["volcano"].tolist()

    def test_the_same_content_gives_the_same_bytes(self, kept: PatchFile, tmp_path: Path) -> None:
        patches, path = patches_of(10), tmp_path / "b.safetensors"
        write_patch_file(path, FACTS, columns_of(patches), [patches])
        assert path.read_bytes() == kept.path.read_bytes()

    def test_patches_begin_at_a_page_and_columns_where_their_type_may(
        self, kept: PatchFile
    ) -> None:
        header = header_of(kept.path)
        start = len(header_bytes(FACTS, 10))
        assert start % 4096 == 0
        for name, dtype in COLUMNS.items():
            assert (start + header[name]["data_offsets"][0]) % dtype.itemsize == 0

    def test_nothing_can_be_written_into_it(self, kept: PatchFile) -> None:
        for values in (kept.phase, *kept.columns.values()):
            with pytest.raises(ValueError, match="read-only"):
                values[0] = 0

    def test_rows_are_read_in_their_order(self, kept: PatchFile) -> None:
        rows = np.array([9, 0, 9, 4])
        np.testing.assert_array_equal(kept.read(rows), patches_of(10)[rows])
        assert kept.read(rows[:0]).shape == (0, 224, 224)
        into = np.zeros((4, 224, 224), np.uint8)
        assert kept.read(rows, into=into) is into
        np.testing.assert_array_equal(into, patches_of(10)[rows])

    @pytest.mark.parametrize("row", [-1, 10])
    def test_rows_that_are_not_there(self, kept: PatchFile, row: int) -> None:
        with pytest.raises(BadInputError, match=r"rows 0 to 9"):
            kept.read(np.array([3, row]))

    def test_words_of_a_column_without(self, kept: PatchFile) -> None:
        with pytest.raises(BadInputError, match=r"'label'.*holds no words: source, volcano, frame"):
            kept.words("label")

    def test_it_travels_as_its_path(self, kept: PatchFile) -> None:
        sent = pickle.dumps(kept)
        assert len(sent) < 1000
        np.testing.assert_array_equal(pickle.loads(sent).phase, kept.phase)  # noqa: S301

    def test_torch_is_not_imported(self, kept: PatchFile) -> None:
        code = (
            "import sys, pathlib, insar_models.patchfile.sampling, insar_models.patchfile.writer\n"
            "from insar_models.patchfile.file import open_patch_file\n"
            "file = open_patch_file(pathlib.Path(sys.argv[1]))\n"
            "file.verify(); print(len(file), {'torch', 'zarr', 'pandas'} & set(sys.modules))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, kept.path], capture_output=True, text=True, check=False
        )
        assert done.stdout.strip() == "10 set()", done.stderr


class TestDamage:
    def test_any_flipped_bit_is_found(self, path: Path) -> None:
        size = path.stat().st_size
        start = len(header_bytes(FACTS, 10))
        for at in [start, size - 1, *np.random.default_rng(3).integers(start, size, 20).tolist()]:
            flip(path, at)
            with pytest.raises(StoreError):
                open_patch_file(path).verify()
            flip(path, at)
        open_patch_file(path).verify()

    def test_the_damaged_patch_is_named(self, path: Path) -> None:
        flip(path, len(header_bytes(FACTS, 10)) + 7 * PATCH_BYTES)
        with pytest.raises(StoreError, match=r"1 of the 10 patches of .* \(7\)"):
            open_patch_file(path).verify()

    def test_a_changed_column(self, path: Path) -> None:
        flip(path, path.stat().st_size - 400)
        with pytest.raises(StoreError, match="were altered"):
            open_patch_file(path)

    @pytest.mark.parametrize("name", ["name", "version", "licence"])
    def test_changed_facts(self, path: Path, name: str) -> None:
        def change(header: dict[str, Any]) -> None:
            text = header["__metadata__"][name]
            header["__metadata__"][name] = ("x" if text[0] != "x" else "y") + text[1:]

        change_header(path, change)
        with pytest.raises(StoreError, match="were altered"):
            open_patch_file(path)

    @pytest.mark.parametrize("left", [0, 4, 8, 100, 4096, 4097, -1])
    def test_cut(self, path: Path, left: int) -> None:
        os.truncate(path, left if left >= 0 else path.stat().st_size - 1)
        with pytest.raises(StoreError, match=r"cut|damaged"):
            open_patch_file(path)

    def test_something_behind_it(self, path: Path) -> None:
        with path.open("ab") as file:
            file.write(b"\0")
        with pytest.raises(StoreError, match="its header says"):
            open_patch_file(path)

    def test_another_format(self, path: Path) -> None:
        change_header(path, lambda header: header["__metadata__"].update(fringewatch_format="2"))
        with pytest.raises(StoreError, match=r"has the format '2'.*reads '1'"):
            open_patch_file(path)

    def test_another_version(self, path: Path) -> None:
        assert open_patch_file(path, version="0123456789ab").facts == FACTS
        with pytest.raises(StoreError, match="version 0123456789ab of corpus 'tiny', version ffff"):
            open_patch_file(path, version="ffff")

    @pytest.mark.parametrize(
        "change",
        [
            lambda header: header["phase"].update(shape=[-1, 224, 224]),
            lambda header: header["phase"].update(shape=[True, 224, 224]),
            lambda header: header["phase"].update(shape=[1.5, 224, 224]),
            lambda header: header["phase"].update(shape=[]),
            lambda header: header["phase"].update(shape=[10**30, 224, 224]),
            lambda header: header["phase"].update(dtype="I8"),
            lambda header: header["phase"].update(data_offsets=[1, 501761]),
            lambda header: header.pop("label"),
            lambda header: header.update(label=7),
            lambda header: header.update(extra={"dtype": "U8", "shape": [0]}),
            lambda header: header["__metadata__"].pop("words"),
            lambda header: header["__metadata__"].update(words="[]"),
            lambda header: header["__metadata__"].update(words='{"source": []}'),
            lambda header: header["__metadata__"].update(recipe="{"),
            lambda header: header["__metadata__"].update(phase_sha256="00"),
            lambda header: header["__metadata__"].update(name=None),
            lambda header: header.update(__metadata__=None),
        ],
    )
    def test_a_header_that_is_not_ours(
        self, path: Path, change: Callable[[dict[str, Any]], object]
    ) -> None:
        change_header(path, change)
        with pytest.raises(StoreError, match=r"a\.safetensors"):
            open_patch_file(path)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\x80\x04pickle",
            b"PK\x03\x04" * 9000,
            struct.pack("<Q", 40_000) + b"[" * 40_000,
            struct.pack("<Q", 2) + b"[]",
            struct.pack("<Q", 2**63) + b"{}",
            safetensors.numpy.save({"a": np.zeros(3)}),
            safetensors.numpy.save({"a": np.zeros(3)}, {"fringewatch_format": "1"}),
        ],
    )
    def test_files_of_others(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "b").write_bytes(content)
        with pytest.raises(StoreError, match="export the corpus again"):
            open_patch_file(tmp_path / "b")

    def test_no_file_or_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="No such file"):
            open_patch_file(tmp_path / "none")
        with pytest.raises(StoreError, match="directory"):
            open_patch_file(tmp_path)
