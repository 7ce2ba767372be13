"""Export: a version of a corpus becomes one flat file, patch for patch."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zarr
from numpy.typing import NDArray

from catalogs.storage.place import Folder
from fringewatch.errors import HomeError, StoreError
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.header import COLUMNS, NO_DAY
from insar_models.patchfile.writer import write_patch_file
from tasks.corpora import export
from tasks.corpora.export import export_corpus
from tests.catalogs.corpora.small_corpus import built
from tests.tasks.corpora.version_by_hand import columns_of, write_version

PATCHES = np.random.default_rng(5).integers(0, 256, (10, 224, 224), dtype=np.uint8)


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_version(tmp_path_factory.mktemp("corpora"), PATCHES)


@pytest.fixture(scope="module")
def exported(version: Path, tmp_path_factory: pytest.TempPathFactory) -> PatchFile:
    target = tmp_path_factory.mktemp("exported") / "new" / "tiny.safetensors"
    assert export_corpus(Folder(version), target) == target
    return open_patch_file(target, version="0123456789ab")


@pytest.fixture
def spoilt(version: Path, tmp_path: Path) -> Path:
    """A version that may be spoilt."""
    return Path(shutil.copytree(version, tmp_path / "tiny" / version.name))


def test_patches_and_columns_come_over(exported: PatchFile) -> None:
    np.testing.assert_array_equal(exported.phase, PATCHES)
    expected = columns_of(PATCHES)
    for name in set(COLUMNS) - {"frame", "primary", "secondary"}:
        np.testing.assert_array_equal(exported.columns[name], expected[name][0], err_msg=name)
    assert exported.columns["primary"].tolist() == [*range(19000, 19108, 12), NO_DAY]
    assert exported.columns["secondary"].tolist() == [*range(19012, 19120, 12), NO_DAY]
    assert np.isnan(exported.columns["north"][-1])
    exported.verify()


def test_words_come_over(exported: PatchFile) -> None:
    assert exported.words("volcano").tolist() == ["mount etna", "fernandina"] * 5
    assert exported.words("source").tolist() == ["cubes"] * 10
    frames = ["106A_09048_000909", "128D_09016_110500"] * 4 + ["106A_09048_000909", ""]
    assert exported.words("frame").tolist() == frames


def test_facts_come_over(exported: PatchFile) -> None:
    facts = exported.facts
    assert (facts.name, facts.version, facts.code_version) == ("tiny", "0123456789ab", "0.1.0")
    assert json.loads(facts.recipe) == {"sources": [{"kind": "cubes"}]}
    assert "Copernicus" in facts.licence


def test_flags_that_do_not_count_from_zero(spoilt: Path, tmp_path: Path) -> None:
    change_attributes(spoilt, "frame", flag_values=[-1, 0, 1], flag_meanings="other a b")
    change_codes(spoilt, "frame", np.arange(10) % 2)
    file = open_patch_file(export_corpus(Folder(spoilt), tmp_path))
    assert file.words("frame").tolist() == ["a", "b"] * 5


def test_codes_without_a_word(spoilt: Path, tmp_path: Path) -> None:
    change_codes(spoilt, "frame", np.array([0, 7, 1, 2, 0, 0, 0, 0, 0, 9]))
    with pytest.raises(StoreError, match=r"2 numbers in .*'frame' .* such as 7, stand for no word"):
        export_corpus(Folder(spoilt), tmp_path)


def test_a_version_that_was_built(tmp_path: Path) -> None:
    corpus, plan, patches = built(Folder(tmp_path / "corpora"))
    path = export_corpus(corpus.version(plan.version), tmp_path)
    file = open_patch_file(path, version=plan.version)
    np.testing.assert_array_equal(file.phase, patches)
    assert file.facts.name == corpus.name
    assert file.words("volcano").tolist() == plan.kept["volcano"].tolist()
    assert file.words("frame").tolist() == plan.kept["frame"].tolist()
    for name in ("group", "area", "row", "column", "label"):
        assert file.columns[name].tolist() == plan.kept[name].tolist()
    days = file.columns["primary"].astype("datetime64[D]").tolist()
    known = [NO_DAY if day is None or pd.isna(day) else day for day in plan.kept["primary"]]
    assert [
        NO_DAY if number == NO_DAY else day
        for number, day in zip(file.columns["primary"], days, strict=True)
    ] == known
    assert NO_DAY in known


def test_into_a_folder_and_again_to_the_same_bytes(
    version: Path, exported: PatchFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_MOST_IN_A_BLOCK", 3)
    path = export_corpus(Folder(version), tmp_path)
    assert path == tmp_path / "tiny-0123456789ab.safetensors"
    assert path.read_bytes() == exported.path.read_bytes()


def test_storage_is_asked_once_for_each_shard(
    version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    plain = write_patch_file

    def watched(path: Path, facts: object, columns: object, blocks: object) -> None:
        kept = list(blocks)  # type: ignore[call-overload]
        sizes.extend(len(block) for block in kept)
        plain(path, facts, columns, kept)  # type: ignore[arg-type]

    monkeypatch.setattr(export, "write_patch_file", watched)
    export_corpus(Folder(version), tmp_path)
    assert sizes == [4, 4, 2]


@pytest.mark.parametrize("name", ["zarr.json", ""])
def test_a_version_that_was_not_finished(spoilt: Path, tmp_path: Path, name: str) -> None:
    if name:
        (spoilt / name).unlink()
    else:
        shutil.rmtree(spoilt)
    with pytest.raises(StoreError, match="no finished version of a corpus"):
        export_corpus(Folder(spoilt), tmp_path)


def test_a_root_that_is_damaged(spoilt: Path, tmp_path: Path) -> None:
    (spoilt / "zarr.json").write_text("{")
    with pytest.raises(StoreError, match="is damaged"):
        export_corpus(Folder(spoilt), tmp_path)


def test_a_column_is_missing(spoilt: Path, tmp_path: Path) -> None:
    root = json.loads((spoilt / "zarr.json").read_text())
    del root["consolidated_metadata"]["metadata"]["area"]
    (spoilt / "zarr.json").write_text(json.dumps(root))
    with pytest.raises(StoreError, match="lacks area"):
        export_corpus(Folder(spoilt), tmp_path)


def test_a_root_without_facts(spoilt: Path, tmp_path: Path) -> None:
    root = json.loads((spoilt / "zarr.json").read_text())
    del root["attributes"]["recipe"]
    (spoilt / "zarr.json").write_text(json.dumps(root))
    with pytest.raises(StoreError, match="does not say its 'recipe'"):
        export_corpus(Folder(spoilt), tmp_path)


def test_numbers_that_do_not_fit(spoilt: Path, tmp_path: Path) -> None:
    change_codes(spoilt, "rotation", np.full(10, 300, np.int16))
    with pytest.raises(StoreError, match=r"'rotation' .* 300 to 300, which do not fit int8"):
        export_corpus(Folder(spoilt), tmp_path)


@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_a_damaged_shard_leaves_nothing(spoilt: Path, tmp_path: Path, how: str) -> None:
    shard = spoilt / "phase" / "c" / "1" / "0" / "0"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.unlink()
    if how != "gone":
        shard.write_bytes(content if how == "flipped" else content[:-100])
    target = tmp_path / "out" / "a.safetensors"
    with pytest.raises(StoreError, match=r"patches 4 to 7 .* cannot be read|patch [4-7] has not"):
        export_corpus(Folder(spoilt), target)
    assert list(target.parent.iterdir()) == []


def test_a_target_below_a_file(version: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(HomeError, match="a file stands where a folder is needed"):
        export_corpus(Folder(version), tmp_path / "a" / "b.safetensors")


def change_attributes(version: Path, name: str, **attributes: object) -> None:
    root = json.loads((version / "zarr.json").read_text())
    root["consolidated_metadata"]["metadata"][name]["attributes"].update(attributes)
    (version / "zarr.json").write_text(json.dumps(root))


def change_codes(version: Path, name: str, values: NDArray[Any]) -> None:
    """Replace a column, and keep its attributes."""
    root = json.loads((version / "zarr.json").read_text())
    described = root["consolidated_metadata"]["metadata"]
    array = zarr.create_array(
        version / name,
        data=values,
        overwrite=True,
        dimension_names=["patch"],
        attributes=described[name]["attributes"],
    )
    assert array.shape == (10,)
    described[name] = json.loads((version / name / "zarr.json").read_text())
    (version / "zarr.json").write_text(json.dumps(root))
