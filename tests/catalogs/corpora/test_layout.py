import json
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import xarray as xr
import zarr
from typing_extensions import override

import catalogs.corpora.layout
from catalogs.corpora.columns import words_of
from catalogs.corpora.layout import create_version, finish_version, read_corpus, version_objects
from catalogs.corpora.plan import make_plan
from catalogs.corpora.shards import shard_name, write_receipt, write_shard
from catalogs.corpora.versions import Corpus
from catalogs.storage.bucket import Bucket
from catalogs.storage.place import Folder, Place
from fringewatch.atomic import draft_of
from fringewatch.errors import StoreError
from insar_models.phase.codes import decode_phase
from tests.catalogs.corpora.small_corpus import (
    RECIPE,
    built,
    fringes,
    plan_of,
    planned,
    tree,
    write_all,
)
from tests.storage import folder_of

PATCHES = fringes(7)
PLAN = plan_of(PATCHES)


class KilledError(BaseException):
    """As when the process dies: nothing handles it."""


class _Mortal:
    """Counts what changes the storage; at the end of its life nothing is changed any more."""

    steps_left: ClassVar[int] = 0

    def __init_subclass__(cls) -> None:
        for name in ("create", "write", "replace", "remove"):
            setattr(cls, name, cls._counted(getattr(cls, name)))

    @classmethod
    def _counted(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            if _Mortal.steps_left <= 0:
                raise KilledError
            _Mortal.steps_left -= 1
            return method(*arguments)

        return step


class MortalFolder(_Mortal, Folder):
    pass


class MortalBucket(_Mortal, Bucket):
    pass


def mortal(place: Place) -> Place:
    if isinstance(place, Folder):
        return MortalFolder(place.folder)
    assert isinstance(place, Bucket)
    return MortalBucket(place.bucket, place.key)


def assert_nobody_sees(corpus: Corpus) -> None:
    place = corpus.version(PLAN.version)
    assert corpus.finished() == ()
    with pytest.raises(StoreError, match="no finished version of a corpus: build"):
        read_corpus(place)
    store: Any = place.path or place.zarr_store(read_only=True)
    with pytest.raises(FileNotFoundError):
        xr.open_zarr(store, consolidated=True)
    with pytest.raises((FileNotFoundError, RuntimeWarning)):  # looking for other metadata, it warns
        xr.open_zarr(store)


def test_a_build_killed_at_any_step_is_not_seen_and_can_be_gone_on_with(
    corpora: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = version_objects(PLAN)
    monkeypatch.setattr(catalogs.corpora.layout, "version_objects", lambda _: dict(objects))
    sound = planned(corpora, PLAN)
    corpus = Corpus(mortal(sound.place))
    for steps in range(0, 1000, 1 if corpora.path else 9):  # a bucket takes its time
        _Mortal.steps_left = steps
        try:
            write_all(corpus, PLAN, PATCHES)
        except KilledError:
            if not sound.is_finished(PLAN.version):
                assert_nobody_sees(sound)
                continue
            assert sound.finished() == (PLAN.version,)
        else:
            break
    assert steps >= len(objects)  # else it was killed at few steps
    place = sound.version(PLAN.version)
    assert sound.finished() == (PLAN.version,)
    assert sound.unfinished() == ()
    assert not sound.building(PLAN.version).children()
    np.testing.assert_array_equal(read_corpus(place)["phase"].to_numpy(), PATCHES)


def test_all_else_is_safe_before_the_root_is_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []

    class Watched(Folder):
        @override
        def create(self, content: bytes) -> bool:
            log.append(self.folder.relative_to(tmp_path).as_posix().partition(".zarr/")[2])
            return super().create(content)

        @override
        def sync(self) -> None:
            log.append("sync")

    write_all(planned(Watched(tmp_path), PLAN), PLAN, PATCHES)
    assert log[-2:] == ["sync", "zarr.json"]
    assert log.count("zarr.json") == 1
    assert "sha256/c/0/0" in log


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_the_same_plan_gives_the_same_files_in_any_order(
    tmp_path: Path, bucket: Bucket, order: tuple[int, ...]
) -> None:
    first, plan, patches = built(Folder(tmp_path / "a"))
    expected = tree(first.version(plan.version))
    for place in (Folder(tmp_path / "elsewhere/b"), bucket):
        corpus = planned(place, plan)
        write_all(corpus, plan, patches, order)
        assert tree(corpus.version(plan.version)) == expected
    assert {f"phase/{shard_name(shard)}" for shard in range(3)} < set(expected)
    assert not [name for name in expected if "/." in name]


def test_a_version_holds_all_that_a_plan_gives_and_nothing_of_this_machine(tmp_path: Path) -> None:
    corpus, plan, _ = built(Folder(tmp_path))
    attributes = zarr.open_group(corpus.version(plan.version).path, mode="r").attrs.asdict()
    assert attributes["plan_sha256"] == plan.sha256
    assert attributes["version"] == plan.version
    assert attributes["fringewatch_format"] == 1
    assert json.loads(str(attributes["statistics"]))["patches"] == 7
    assert "COMET" in str(attributes["license"])
    assert "simulated" in str(attributes["license"])
    assert str(tmp_path) not in json.dumps(attributes)


def test_plain_xarray_opens_it(tmp_path: Path) -> None:
    corpus, plan, patches = built(Folder(tmp_path))
    found = xr.open_zarr(corpus.version(plan.version).path)  # warnings are errors here
    np.testing.assert_allclose(
        found["phase"].to_numpy(), decode_phase(patches), atol=1e-5, equal_nan=True
    )
    assert found["phase"].attrs["units"] == "rad"
    assert found["primary"].dtype.kind == "M"
    assert str(found["primary"].to_numpy()[0])[:10] == "2020-01-06"
    assert np.isnat(found["secondary"].to_numpy()).tolist() == [n == 1 for n in range(7)]
    locations = ["1" if n == 1 else f"etna/frame-{n}" for n in range(7)]
    assert found["location"].to_numpy().tolist() == locations
    assert found["volcano"].attrs["flag_meanings"] == "etna unknown"
    assert found["volcano"].to_numpy().tolist() == [n == 1 for n in range(7)]
    assert dict(found.sizes) == {"patch": 7, "y": 224, "x": 224, "byte": 32}


def test_a_corpus_without_any_date_opens(tmp_path: Path) -> None:
    rows = plan_of(fringes(2)).rows.assign(primary=None, secondary=None)
    plan = make_plan("small", RECIPE, rows)
    corpus = planned(Folder(tmp_path), plan)
    write_all(corpus, plan, fringes(2))
    for dataset in (
        xr.open_zarr(corpus.version(plan.version).path),
        read_corpus(corpus.version(plan.version)),
    ):
        assert dataset["primary"].dtype.kind == "M"
        assert np.isnat(dataset["primary"].to_numpy()).all()


def test_read_corpus_gives_bytes_dates_and_names(corpora: Place) -> None:
    corpus, plan, patches = built(corpora)
    found = read_corpus(corpus.version(plan.version))
    assert found["phase"].dtype == np.uint8
    assert found["phase"].chunks is None  # no dask
    assert np.isnat(found["secondary"].to_numpy()).tolist() == [n == 1 for n in range(7)]
    assert words_of(found["volcano"]).tolist() == ["etna", "", *["etna"] * 5]
    assert words_of(found["source"]).tolist() == ["cubes-0", "simulated-1", *["cubes-0"] * 5]
    assert [row.tobytes().hex() for row in found["sha256"].to_numpy()] == plan.kept[
        "sha256"
    ].tolist()
    chosen = random.Random(3).sample(range(7), 4)
    np.testing.assert_array_equal(found["phase"][chosen].to_numpy(), patches[chosen])


def test_patches_fewer_than_a_shard(tmp_path: Path) -> None:
    corpus, plan, patches = built(Folder(tmp_path), 2)
    found = read_corpus(corpus.version(plan.version))
    np.testing.assert_array_equal(found["phase"].to_numpy(), patches)


def test_finish_names_the_shards_that_are_missing(corpora: Place) -> None:
    corpus = planned(corpora, PLAN)
    place = corpus.version(PLAN.version)
    create_version(place, PLAN)
    write_receipt(corpus, PLAN, write_shard(place, PLAN, 1, PATCHES[3:6]))
    with pytest.raises(StoreError, match=r"lacks 2 of 3 shards \(0, 2\): build it again"):
        finish_version(corpus, PLAN)
    assert_nobody_sees(corpus)


def test_finish_again_changes_nothing_and_clears_receipts(tmp_path: Path) -> None:
    corpus, plan, _ = built(Folder(tmp_path))
    corpus.receipt(plan.version, 0).write(b"left by a kill")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.zarr/*")}
    finish_version(corpus, plan)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.zarr/*")} == before
    assert not corpus.building(plan.version).is_folder()


def test_what_killed_writers_left_is_swept(tmp_path: Path) -> None:
    corpus = planned(Folder(tmp_path), PLAN)
    place = corpus.version(PLAN.version)
    ended = subprocess.Popen(["true"])  # whose number nobody has for a while
    ended.wait()
    for name in ("zarr.json", "phase/c.0.0.0", "phase/c.9.0.0", "volcano/c/0"):
        draft = draft_of(folder_of(place / name))
        draft = draft.with_name(draft.name.replace(f"-{os.getpid()}-", f"-{ended.pid}-"))
        Folder(draft).write(b"half")
    write_all(corpus, PLAN, PATCHES)
    assert not list(tmp_path.rglob(".*.tmp"))
    assert tree(place) == tree(built(Folder(tmp_path / "other"))[0].version(PLAN.version))


def test_a_version_without_its_root_is_mended(corpora: Place) -> None:
    corpus, plan, patches = built(corpora)
    place = corpus.version(plan.version)
    expected = tree(place)
    for name in ("phase/c.1.0.0", "volcano/c/0", "label/zarr.json"):
        (place / name).write(expected[name][:-3] + b"...")
    (place / "area/c/0").remove()
    (place / "zarr.json").remove()
    assert_nobody_sees(corpus)
    write_all(corpus, plan, patches)
    assert tree(place) == expected


def test_a_damaged_root_and_a_newer_format_are_named(tmp_path: Path) -> None:
    corpus, plan, _ = built(Folder(tmp_path))
    root = corpus.version(plan.version) / "zarr.json"
    content = json.loads(root.read())
    root.write(b'{"zarr_format": 3, "node_')
    with pytest.raises(StoreError, match=r"zarr is damaged \(.*remove its zarr.json and build"):
        read_corpus(root.parent)
    content["attributes"]["fringewatch_format"] = 2
    root.write(json.dumps(content).encode())
    with pytest.raises(StoreError, match=r"has format 2, and this version reads 1: install"):
        read_corpus(root.parent)
