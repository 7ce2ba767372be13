import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from catalogs.corpora.plan import Plan, write_plan
from catalogs.corpora.shards import ShardReader
from catalogs.corpora.versions import Corpus
from catalogs.storage.bucket import Bucket
from catalogs.storage.bucket_client import RETRIES
from catalogs.storage.place import Folder
from fringewatch.errors import BadInputError, HomeError
from tasks.corpora.verify import VersionReport, verify_corpus, verify_version
from tasks.progress import listening
from tests.catalogs.corpora.conftest import bucket, storage  # noqa: F401 fixtures
from tests.catalogs.corpora.small_corpus import built, fringes, plan_of, write_all

NOW = dt.datetime(2026, 3, 4, 5, 6, tzinfo=dt.UTC)
MEND = "zarr.json and build the corpus again: what is sound is kept"


@pytest.fixture
def made(tmp_path: Path) -> tuple[Corpus, Plan, NDArray[np.uint8]]:
    corpus, plan, patches = built(Folder(tmp_path))
    corpus.make_current(plan.version, NOW)
    return corpus, plan, patches


@pytest.fixture
def corpus(made: tuple[Corpus, Plan, NDArray[np.uint8]]) -> Corpus:
    return made[0]


def check(corpus: Corpus) -> VersionReport:
    return verify_version(corpus, corpus.current())


def only_problem(corpus: Corpus) -> str:
    (problem,) = check(corpus).problems
    assert "\n" not in problem
    return problem


def store(corpus: Corpus) -> Folder:
    place = corpus.version(corpus.current())
    assert isinstance(place, Folder)
    return place


def flip(folder: Folder, name: str, where: int) -> None:
    content = bytearray((folder / name).read())
    content[where] ^= 1
    (folder / name).folder.write_bytes(content)


def test_a_sound_corpus_has_no_problem(corpus: Corpus) -> None:
    steps = []
    with listening(lambda step, done, total: steps.append((step, done, total))):
        report = verify_corpus(corpus)
    assert report.is_sound
    version = corpus.current()
    assert report.versions == (VersionReport(version, 3, 7, 7, ()),)
    assert steps == [(f"small {version}: decoding", n, 3) for n in (1, 2, 3)]


def test_a_bucket_is_verified_alike(bucket: Bucket) -> None:  # noqa: F811
    corpus, plan, _ = built(bucket)
    corpus.make_current(plan.version, NOW)
    assert verify_corpus(corpus).is_sound
    (corpus.version(plan.version) / "phase/c.1.0.0").remove()
    report = check(corpus)
    assert report.sound_patches == 4
    (problem,) = report.problems
    assert f"{corpus.version(plan.version)}/phase/c.1.0.0 is missing: remove s3://" in problem


def test_storage_that_does_not_answer_is_an_error(
    bucket: Bucket,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus, plan, _ = built(bucket)
    monkeypatch.setitem(RETRIES, "max_retries", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(HomeError, match="cannot use s3://"):
        verify_version(corpus, plan.version)


def test_a_flipped_bit_in_a_patch_names_the_patch(corpus: Corpus) -> None:
    flip(store(corpus), "phase/c.1.0.0", 400)
    report = check(corpus)
    assert report.sound_patches == 6
    (problem,) = report.problems
    target = store(corpus) / "phase/c.1.0.0"
    assert problem == (f"{target}: patch 3 does not decode: remove {store(corpus)}/{MEND}")


def test_a_flipped_bit_in_the_index_costs_the_shard(corpus: Corpus) -> None:
    flip(store(corpus), "phase/c.0.0.0", -7)
    assert "c.0.0.0 is cut or damaged, nothing in it decodes: remove" in only_problem(corpus)


@pytest.mark.parametrize("left", [0, 1, 100, -1])
def test_a_cut_shard_is_named(corpus: Corpus, left: int) -> None:
    shard = store(corpus) / "phase/c.2.0.0"
    shard.folder.write_bytes(shard.read()[:left])
    assert check(corpus).sound_patches == 6
    assert "c.2.0.0 is cut or damaged, nothing in it decodes: remove" in only_problem(corpus)


def test_a_missing_shard_is_named_with_what_to_do(corpus: Corpus) -> None:
    (store(corpus) / "phase/c.0.0.0").remove()
    assert check(corpus).sound_patches == 4
    assert only_problem(corpus) == (
        f"{store(corpus)}/phase/c.0.0.0 is missing: remove {store(corpus)}/{MEND}"
    )


def test_a_shard_that_the_disk_does_not_give_is_named(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Folder.read

    def fail(self: Folder) -> bytes:
        if self.name == "c.1.0.0":
            raise OSError(5, "Input/output error")
        return read(self)

    monkeypatch.setattr(Folder, "read", fail)
    assert "c.1.0.0 cannot be read (Input/output error): check the disk" in only_problem(corpus)


def test_shards_that_changed_places_hold_what_was_not_planned(corpus: Corpus) -> None:
    first, second = (store(corpus) / f"phase/c.{n}.0.0" for n in (0, 1))
    content = first.read()
    first.write(second.read())
    second.write(content)
    problems = check(corpus).problems
    assert [problem.partition(": remove")[0] for problem in problems] == [
        f"{first}: patch 0, 1, 2 is not what was planned",
        f"{second}: patch 3, 4, 5 is not what was planned",
    ]


def test_foreign_files_are_named_and_drafts_are_not(corpus: Corpus) -> None:
    (store(corpus) / "notes.txt").write(b"mine")
    (store(corpus) / "phase/.c.0.0.0.17.new").write(b"half")
    (store(corpus) / "phase/c.3.0.0").write(b"one too many")
    problems = check(corpus).problems
    assert problems == tuple(
        f"{store(corpus)}/{name} is no part of the version: move it away, nothing reads it"
        for name in ("notes.txt", "phase/c.3.0.0")
    )


def test_edited_columns_are_named(corpus: Corpus) -> None:
    group = zarr.open_group(store(corpus).folder, mode="r+", use_consolidated=False)
    for name, row, value in (("label", 2, 1), ("north", 6, 1.5), ("location", 4, "etna/other")):
        array = group[name]
        assert isinstance(array, zarr.Array)
        array[row] = value
    lines = [problem.partition(": remove")[0] for problem in check(corpus).problems]
    assert lines == [
        f"{store(corpus)}/label: it differs from the plan at patch 2",
        f"{store(corpus)}/location: it differs from the plan at patch 4",
        f"{store(corpus)}/north: it differs from the plan at patch 6",
    ]


def test_damaged_and_missing_columns_are_named(corpus: Corpus) -> None:
    flip(store(corpus), "frame/c/0", 12)
    (store(corpus) / "area/c/0").remove()
    lines = [problem.partition(": remove")[0] for problem in check(corpus).problems]
    assert lines[0] == f"{store(corpus)}/area/c/0 is missing"
    assert "/frame: it does not decode" in lines[-1]


def test_edited_attributes_are_named(corpus: Corpus) -> None:
    root = store(corpus) / "zarr.json"
    content = json.loads(root.read())
    content["attributes"]["recipe"] = "{}"
    content["attributes"]["title"] = "words may change"
    described = content["consolidated_metadata"]["metadata"]
    described["volcano"]["attributes"]["flag_meanings"] = "fernandina unknown"
    described["phase"]["attributes"]["scale_factor"] = 1.0
    root.write(json.dumps(content).encode())
    lines = [problem.partition(": remove")[0] for problem in check(corpus).problems]
    assert lines == [
        f"{root}: 'recipe' is not the plan's",
        f"{store(corpus)}/phase: its attribute 'scale_factor' is not the plan's",
        f"{store(corpus)}/volcano: its attribute 'flag_meanings' is not the plan's",
    ]


def test_an_array_described_otherwise_by_itself_is_named(corpus: Corpus) -> None:
    own = store(corpus) / "phase/zarr.json"
    content = json.loads(own.read())
    content["chunk_key_encoding"]["configuration"]["separator"] = "/"
    own.write(json.dumps(content).encode())
    assert "/phase: its 'chunk_key_encoding' is not the plan's: remove" in only_problem(corpus)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
@pytest.mark.parametrize("name", ["zarr.json", "phase/zarr.json", "volcano/zarr.json"])
def test_damaged_descriptions_are_named(corpus: Corpus, name: str, content: bytes) -> None:
    (store(corpus) / name).folder.write_bytes(content)
    report = check(corpus)
    assert report.problems
    assert all("build the corpus again" in problem for problem in report.problems)


def test_without_its_plan_a_version_is_compared_with_itself(corpus: Corpus) -> None:
    corpus.plan(corpus.current()).remove()
    report = check(corpus)
    assert report.sound_patches == 7
    assert "there is no plan at" in only_problem(corpus)
    flip(store(corpus), "phase/c.2.0.0", 400)
    assert len(check(corpus).problems) == 2


def test_the_plan_of_another_version_is_named(corpus: Corpus) -> None:
    version = corpus.current()
    write_plan(plan_of(fringes(3)), corpus.plan(version))
    report = check(corpus)
    assert report.sound_patches == 7
    assert "is the plan of" in only_problem(corpus)


def test_a_version_of_another_plan_is_named(corpus: Corpus, tmp_path: Path) -> None:
    other, plan, _ = built(Folder(tmp_path / "other"), 5)
    other.version(plan.version).folder.rename(  # type: ignore[attr-defined]
        store(corpus).folder.with_name("moved")
    )
    version = corpus.current()
    store(corpus).remove()
    (tmp_path / "small/moved").rename(tmp_path / f"small/{version}.zarr")
    problems = " ".join(check(corpus).problems)
    assert "'plan_sha256' is not the plan's" in problems
    assert "phase: it is uint8 (5, 224, 224), not uint8 (7, 224, 224)" in problems
    assert "c.2.0.0 is missing" in problems


def test_a_pointer_to_nothing_is_named(corpus: Corpus) -> None:
    version = corpus.current()
    (corpus.version(version) / "zarr.json").remove()
    report = verify_corpus(corpus)
    assert report.versions == ()
    assert not report.is_sound
    (problem,) = report.problems
    assert f"names version {version}, which is gone" in problem
    (unfinished,) = verify_corpus(corpus, [version]).versions
    (problem,) = unfinished.problems
    assert "was never finished: build the corpus again" in problem


def test_a_name_that_is_none_is_refused(corpus: Corpus) -> None:
    with pytest.raises(BadInputError, match="is no version of a corpus"):
        verify_corpus(corpus, ["latest"])


def test_one_shard_at_a_time_is_read_and_decoded_once(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    decode, read = ShardReader.decode, Folder.read

    def watch_decode(
        reader: ShardReader, shard: int, content: bytes
    ) -> tuple[NDArray[np.uint8] | None, ...]:
        steps.append(f"decode {shard}")
        return decode(reader, shard, content)

    def watch_read(place: Folder) -> bytes:
        if place.name.startswith("c."):
            steps.append(f"read {place.name}")
        return read(place)

    monkeypatch.setattr(ShardReader, "decode", watch_decode)
    monkeypatch.setattr(Folder, "read", watch_read)
    check(corpus)
    assert steps == [step for n in range(3) for step in (f"read c.{n}.0.0", f"decode {n}")]


def test_what_verify_advises_mends(made: tuple[Corpus, Plan, NDArray[np.uint8]]) -> None:
    corpus, plan, patches = made
    flip(store(corpus), "phase/c.1.0.0", 400)
    (store(corpus) / "label/c/0").remove()
    assert not check(corpus).is_sound
    (store(corpus) / "zarr.json").remove()
    write_all(corpus, plan, patches)
    assert check(corpus).is_sound
