import hashlib
import multiprocessing
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogs.storage.place
from catalogs.corpora.layout import create_version
from catalogs.corpora.plan import make_plan, read_plan, write_plan
from catalogs.corpora.shards import (
    Receipt,
    ShardReader,
    encode_shard,
    listed,
    missing_shards,
    put_object,
    read_receipts,
    shard_name,
    write_receipt,
    write_shard,
)
from catalogs.storage.place import Folder, Place
from fringewatch.errors import BadInputError, StoreError
from tests.catalogs.corpora.plan_rows import left_out, table
from tests.catalogs.corpora.small_corpus import RECIPE, fringes, plan_of, planned, tree, write_all

PATCHES = fringes(7)
PLAN = plan_of(PATCHES)
OBJECTS = [encode_shard(PLAN, shard, PATCHES[3 * shard : 3 * shard + 3]) for shard in range(3)]


def description(folder: Path) -> bytes:
    place = Folder(folder / "described.zarr")
    create_version(place, PLAN)
    return (place / "phase/zarr.json").read()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> ShardReader:
    return ShardReader(description(tmp_path_factory.mktemp("shards")))


def test_a_shard_is_one_object_and_its_receipt_is_of_it(corpora: Place) -> None:
    receipts = [
        write_shard(corpora, PLAN, shard, PATCHES[3 * shard : 3 * shard + 3]) for shard in range(3)
    ]
    assert tree(corpora) == {f"phase/c.{n}.0.0": content for n, content in enumerate(OBJECTS)}
    assert receipts == [
        Receipt(n, patches, len(content), hashlib.sha256(content).hexdigest())
        for n, (patches, content) in enumerate(zip([3, 3, 1], OBJECTS, strict=True))
    ]


def test_what_was_encoded_is_decoded(reader: ShardReader) -> None:
    assert (reader.patches, reader.shards) == (7, 3)
    found = [patch for shard in range(3) for patch in reader.decode(shard, OBJECTS[shard])]
    np.testing.assert_array_equal(np.stack([p for p in found if p is not None]), PATCHES)


def test_a_shard_without_any_data_is_an_object_too(tmp_path: Path) -> None:
    empty = np.zeros((4, 224, 224), np.uint8)
    empty[:3, 0, :3] = np.eye(3, dtype=np.uint8)
    plan = plan_of(empty)
    place = Folder(tmp_path)
    create_version(place, plan)
    write_shard(place, plan, 1, empty[3:])
    content = (place / "phase/c.1.0.0").read()
    (patch,) = ShardReader((place / "phase/zarr.json").read()).decode(1, content)
    assert patch is not None
    assert not patch.any()


@given(shard=st.integers(0, 2), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_never_gives_a_wrong_patch(
    reader: ShardReader, shard: int, where: float, bit: int
) -> None:
    content = bytearray(OBJECTS[shard])
    content[int(where * len(content))] ^= 1 << bit
    found = reader.decode(shard, bytes(content))
    assert len(found) == len(PATCHES[3 * shard : 3 * shard + 3])
    for patch, right in zip(found, PATCHES[3 * shard : 3 * shard + 3], strict=True):
        assert patch is None or np.array_equal(patch, right)


@given(shard=st.integers(0, 2), share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None)
def test_a_cut_object_gives_nothing(reader: ShardReader, shard: int, share: float) -> None:
    content = OBJECTS[shard]
    assert not any(
        patch is not None for patch in reader.decode(shard, content[: int(share * len(content))])
    )


def test_a_patch_that_is_not_the_planned_one_is_named(tmp_path: Path) -> None:
    other = PATCHES[3:6].copy()
    other[1, 100, 100] ^= 1
    with pytest.raises(StoreError, match=r"shard 1: patch 4 \(cubes etna/frame-4, 20200106_202001"):
        write_shard(Folder(tmp_path), PLAN, 1, other)
    assert tree(Folder(tmp_path)) == {}


def test_a_patch_without_dates_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"patch 1 \(simulated 1, row -3, 138\) has the hash"):
        write_shard(Folder(tmp_path), PLAN, 0, PATCHES[[0, 2, 1]])


@pytest.mark.parametrize(
    "patches", [PATCHES[:2], PATCHES[:3, :200], PATCHES[:3].astype(np.int16)], ids=str
)
def test_other_shapes_and_types_are_refused(tmp_path: Path, patches: np.ndarray) -> None:
    with pytest.raises(BadInputError, match=r"shard 0 of corpus 'small' takes uint8 \(3, 224, 224"):
        write_shard(Folder(tmp_path), PLAN, 0, patches)


def test_a_shard_that_the_plan_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no shard 3"):
        write_shard(Folder(tmp_path), PLAN, 3, PATCHES[:1])


def test_a_plan_that_keeps_nothing_is_refused(tmp_path: Path) -> None:
    plan = make_plan("small", RECIPE, table(left_out(1, "little data")))
    with pytest.raises(BadInputError, match="'small' keeps no patch"):
        create_version(Folder(tmp_path), plan)


def test_a_damaged_object_is_replaced(corpora: Place) -> None:
    target = corpora / "phase" / shard_name(0)
    target.write(OBJECTS[0][:1000])
    write_shard(corpora, PLAN, 0, PATCHES[:3])
    assert target.read() == OBJECTS[0]


def test_a_sound_object_is_not_written_again(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    write_shard(place, PLAN, 0, PATCHES[:3])
    before = (tmp_path / "phase/c.0.0.0").stat()
    write_shard(place, PLAN, 0, PATCHES[:3])
    after = (tmp_path / "phase/c.0.0.0").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_object_and_folder_are_safe_before_the_receipt_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def note(path: Path) -> None:
        synced.append((path.name.lstrip(".")[: len("c.0.0.0")], path.stat().st_size))

    monkeypatch.setattr(catalogs.storage.place, "sync_file", note)
    receipt = write_shard(Folder(tmp_path), PLAN, 0, PATCHES[:3])
    assert synced[0] == ("c.0.0.0", receipt.bytes)
    assert [name for name, _ in synced] == ["c.0.0.0", "phase"]


def _write_all_alone(folder: Path, plan_file: Path) -> list[Receipt]:
    plan = read_plan(Folder(plan_file))
    patches = fringes(plan.shards)
    return [write_shard(Folder(folder), plan, n, patches[n : n + 1]) for n in range(plan.shards)]


def test_two_processes_write_the_same_shards_at_once(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"patches_in_a_shard": 1})
    plan = plan_of(fringes(60), recipe)
    write_plan(plan, Folder(tmp_path / "plan"))
    folder = tmp_path / "store"
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        both = [processes.submit(_write_all_alone, folder, tmp_path / "plan") for _ in range(2)]
        receipts = [one.result() for one in both]
    assert receipts[0] == receipts[1]
    there = {
        name: hashlib.sha256(content).hexdigest() for name, content in tree(Folder(folder)).items()
    }
    assert there == {f"phase/c.{r.shard}.0.0": r.sha256 for r in receipts[0]}


def test_a_killed_writer_leaves_no_object_and_no_receipt(tmp_path: Path) -> None:
    corpus = planned(Folder(tmp_path), PLAN)
    script = f"""
        import os, signal, sys
        from pathlib import Path
        from catalogs.corpora.plan import read_plan
        from catalogs.corpora.shards import write_shard, write_receipt
        from catalogs.corpora.versions import Corpus
        from catalogs.storage.place import Folder
        from tests.catalogs.corpora.small_corpus import fringes
        corpus = Corpus(Folder(Path({str(corpus.place)!r})))
        plan = read_plan(corpus.plan({PLAN.version!r}))
        patches = fringes(7)
        place = corpus.version(plan.version)
        write_receipt(corpus, plan, write_shard(place, plan, 0, patches[:3]))
        os.link = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
        write_shard(place, plan, 1, patches[3:6])
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    died = subprocess.run(command, cwd=Path(__file__).parents[3], check=False)
    assert died.returncode == -signal.SIGKILL
    drafts = list(tmp_path.rglob("phase/.c.1.0.0.*"))
    assert len(drafts) == 1  # else this test kills too early
    assert [file.name for file in corpus.version(PLAN.version).files()] == ["phase/c.0.0.0"]
    assert missing_shards(corpus, PLAN) == (1, 2)
    write_all(corpus, PLAN, PATCHES)
    assert not drafts[0].exists()


def test_a_receipt_counts_only_with_its_object(corpora: Place) -> None:
    corpus = planned(corpora, PLAN)
    place = corpus.version(PLAN.version)
    assert missing_shards(corpus, PLAN) == (0, 1, 2)
    receipts = [write_shard(place, PLAN, n, PATCHES[3 * n : 3 * n + 3]) for n in range(3)]
    assert missing_shards(corpus, PLAN) == (0, 1, 2)
    for receipt in receipts:
        write_receipt(corpus, PLAN, receipt)
    assert read_receipts(corpus, PLAN) == dict(enumerate(receipts))
    assert missing_shards(corpus, PLAN) == ()
    (place / "phase" / shard_name(0)).remove()
    (place / "phase" / shard_name(2)).write(OBJECTS[2][:-1])
    assert missing_shards(corpus, PLAN) == (0, 2)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"shard": 0}', b"\xff\xfe"])
def test_a_damaged_receipt_does_not_count(tmp_path: Path, content: bytes) -> None:
    corpus = planned(Folder(tmp_path), PLAN)
    write_receipt(corpus, PLAN, write_shard(corpus.version(PLAN.version), PLAN, 0, PATCHES[:3]))
    corpus.receipt(PLAN.version, 0).write(content)
    assert missing_shards(corpus, PLAN) == (0, 1, 2)


def test_a_receipt_is_the_same_whoever_writes_it(tmp_path: Path) -> None:
    corpus = planned(Folder(tmp_path), PLAN)
    receipt = Receipt(12, 3, 99, "ab")
    write_receipt(corpus, PLAN, receipt)
    content = corpus.receipt(PLAN.version, 12).read()
    assert content == b'{"bytes": 99, "patches": 3, "sha256": "ab", "shard": 12}\n'
    put_object(corpus.receipt(PLAN.version, 12), b"old")
    write_receipt(corpus, PLAN, receipt)
    assert corpus.receipt(PLAN.version, 12).read() == content


def test_many_numbers_are_shortened() -> None:
    assert listed([3]) == "3"
    assert listed(range(8)) == "0, 1, 2, 3, 4, 5, 6, 7"
    assert listed(range(20), most=2) == "0, 1 and 18 more"
