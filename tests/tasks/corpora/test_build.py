"""A corpus from sources to readers: the same bytes however it is built, and what may go wrong."""

import dataclasses
import multiprocessing
import random
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typing_extensions import override

from catalogs.corpora.lease import only_builder
from catalogs.corpora.recipe import CorpusRecipe, ImagesSource, Rules
from catalogs.corpora.shards import shard_name, write_shard
from catalogs.corpora.versions import Corpus, corpus_at
from catalogs.home.home import Home, home_of, open_home
from catalogs.settings import Settings
from catalogs.storage.place import Folder, Place
from fringewatch.errors import BadInputError, HomeError, StoreError, TryLaterError
from tasks.corpora import build as building
from tasks.corpora.build import build_corpus, build_shards, finish_corpus, plan_corpus
from tasks.corpora.images_source import PicturePatches
from tasks.corpora.patch_source import Item, PatchKey
from tasks.corpora.verify import verify_corpus
from tasks.records import Outcome
from tests.storage import StorageFault, StorageServer, folder_of
from tests.tasks.corpora.small_sources import (
    built_tree,
    mixed_recipe,
    tree,
    write_cube,
    write_ledger,
    write_picture,
)

NAME = "small"
PICTURES = 10


@dataclass(frozen=True)
class Built:
    """A corpus that was built by one worker."""

    recipe: CorpusRecipe
    cubes: Path
    version: str
    tree: dict[str, bytes]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("sources")
    for number in range(PICTURES):
        write_picture(folder / "pictures", number)
    home = folder / "home"
    open_home(Home(home))
    write_cube(Folder(home) / "cubes")
    write_ledger(home)
    recipe = mixed_recipe(folder / "pictures")
    report = build_corpus(NAME, recipe, Settings(home=home, workers=1))
    assert (report.outcome, report.patches, report.shards) == (Outcome.DONE, 37, 7)
    corpus = corpus_at(Folder(home) / "corpora", NAME)
    return Built(recipe, home / "cubes", report.version, built_tree(corpus))


@pytest.fixture
def pictures(tmp_path: Path) -> CorpusRecipe:
    """A recipe of 10 pictures in 5 shards, which the test may change."""
    for number in range(PICTURES):
        write_picture(tmp_path / "pictures", number)
    return recipe_of(tmp_path / "pictures")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", workers=1)


def recipe_of(folder: Path, **words: Any) -> CorpusRecipe:
    return CorpusRecipe(sources=(ImagesSource(folder=folder),), patches_in_a_shard=2, **words)


def home_with_cubes(home: Path, built: Built) -> Path:
    open_home(Home(home))
    (home / "cubes").symlink_to(built.cubes)
    write_ledger(home)
    return home


def corpus_of(settings: Settings) -> Corpus:
    return corpus_at(home_of(settings).corpora, NAME)


def plan_address(settings: Settings, recipe: CorpusRecipe) -> str:
    return str(corpus_of(settings).plan(plan_corpus(NAME, recipe, settings).version))


def assert_sound(corpus: Corpus, version: str) -> None:
    assert corpus.current() == version
    report = verify_corpus(corpus, [version])
    assert report.is_sound, report


def assert_nobody_sees(corpus: Corpus) -> None:
    assert corpus.finished() == ()
    with pytest.raises(StoreError, match="build it first"):
        corpus.current()


def shards_put(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The shards that are written from now on."""
    put: list[int] = []

    def noted(place: Place, plan: Any, shard: int, patches: Any) -> Any:
        put.append(shard)
        return write_shard(place, plan, shard, patches)

    monkeypatch.setattr(building, "write_shard", noted)
    return put


class TestTheSameBytes:
    @pytest.mark.long
    def test_two_workers_give_the_bytes_of_one(self, built: Built, tmp_path: Path) -> None:
        settings = Settings(home=home_with_cubes(tmp_path / "home", built), workers=2)
        build_corpus(NAME, built.recipe, settings)
        assert built_tree(corpus_of(settings)) == built.tree

    @pytest.mark.parametrize("seed", range(3))
    def test_shards_in_any_order_give_the_bytes_of_one_build(
        self, built: Built, tmp_path: Path, seed: int
    ) -> None:
        settings = Settings(home=home_with_cubes(tmp_path / "home", built), workers=1)
        address = plan_address(settings, built.recipe)
        shards = [*range(7), 4]  # one of them twice
        random.Random(seed).shuffle(shards)
        for shard in shards:
            (receipt,) = build_shards(address, [shard], settings)
            assert receipt.shard == shard
        assert_nobody_sees(corpus_of(settings))
        report = finish_corpus(address)
        assert (report.outcome, report.missing) == (Outcome.DONE, ())
        assert built_tree(corpus_of(settings)) == built.tree
        assert_sound(corpus_of(settings), built.version)

    def test_the_bucket_holds_the_bytes_of_the_disk(
        self, built: Built, storage: StorageServer
    ) -> None:
        settings = Settings(home=built.cubes.parent, storage=storage.address, workers=1)
        copy_cubes(built, storage.place)
        storage.faults = [
            StorageFault(status=503, times=2, skip=3),
            StorageFault(reset="after", method="PUT", path="/c.", times=2, skip=1),
            StorageFault(reset="upload", method="PUT", path="/c.", times=1, skip=3),
            StorageFault(status=503, method="PUT", path="zarr.json", times=2),
            StorageFault(reset="after", method="PUT", path="history.csv", times=1),
            StorageFault(reset="before", method="PUT", path="/current", times=1),
        ]
        report = build_corpus(NAME, built.recipe, settings)
        assert report.outcome is Outcome.DONE, report
        assert [fault.times for fault in storage.faults] == [0] * 6, "all of them struck"
        corpus = corpus_of(settings)
        assert built_tree(corpus) == built.tree
        assert_sound(corpus, built.version)


def copy_cubes(built: Built, storage: Place) -> None:
    for name, content in tree(Folder(built.cubes)).items():
        (storage / "cubes" / name).write(content)


class TestAgain:
    def test_a_rerun_writes_nothing(
        self, pictures: CorpusRecipe, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = build_corpus(NAME, pictures, settings)
        corpus = corpus_of(settings)
        files = [path for path in folder_of(corpus.place).rglob("*.*") if path.is_file()]
        before = {path: path.stat().st_mtime_ns for path in files if "builder" not in path.name}
        put = shards_put(monkeypatch)
        again = build_corpus(NAME, pictures, settings)
        assert again == first
        assert not put
        assert before == {path: path.stat().st_mtime_ns for path in before}
        assert len((corpus.place / "history.csv").read().splitlines()) == 2

    def test_the_older_version_stays_when_a_source_has_grown(
        self, pictures: CorpusRecipe, settings: Settings, tmp_path: Path
    ) -> None:
        first = build_corpus(NAME, pictures, settings)
        before = tree(first.place)
        write_picture(tmp_path / "pictures", PICTURES)
        second = build_corpus(NAME, pictures, settings)
        assert corpus_of(settings).finished() == (first.version, second.version)
        assert_sound(corpus_of(settings), second.version)
        assert tree(first.place) == before

    @pytest.mark.parametrize("spoilt", ["phase/c.1.0.0", "label/c/0", "phase/zarr.json"])
    def test_a_damaged_version_is_mended_as_verify_advises(
        self, pictures: CorpusRecipe, settings: Settings, spoilt: str
    ) -> None:
        report = build_corpus(NAME, pictures, settings)
        corpus, good = corpus_of(settings), tree(report.place)
        path = folder_of(report.place) / spoilt
        path.write_bytes(good[spoilt][:-9] + b"rubbish")
        found = verify_corpus(corpus, [report.version])
        assert any(
            "remove " in problem and "build the corpus again" in problem
            for version in found.versions
            for problem in version.problems
        ), found
        (corpus.version(report.version) / "zarr.json").remove()
        assert corpus.finished() == ()
        assert build_corpus(NAME, pictures, settings).outcome is Outcome.DONE
        assert tree(report.place) == good
        assert_sound(corpus, report.version)


class TestMissingShards:
    def test_they_are_named_and_a_rerun_writes_only_them(
        self, pictures: CorpusRecipe, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        damage_once(monkeypatch, "003.png", "007.png")
        report = build_corpus(NAME, pictures, settings)
        assert report.outcome is Outcome.PARTIAL
        assert len(report.missing) == len(report.failures) > 0
        for shard, failure in zip(report.missing, report.failures, strict=True):
            assert failure.startswith(f"shard {shard}: the disk stumbled at 00")
        corpus = corpus_of(settings)
        assert_nobody_sees(corpus)
        assert corpus.unfinished() == (report.version,)
        put = shards_put(monkeypatch)
        again = build_corpus(NAME, pictures, settings)
        assert (again.outcome, again.missing, again.failures) == (Outcome.DONE, (), ())
        assert tuple(put) == report.missing
        assert_sound(corpus, report.version)

    def test_build_shards_writes_those_that_are_missing(
        self, pictures: CorpusRecipe, settings: Settings
    ) -> None:
        address = plan_address(settings, pictures)
        assert [r.shard for r in build_shards(address, [3, 1], settings)] == [1, 3]
        report = finish_corpus(address)
        assert (report.outcome, report.missing) == (Outcome.PARTIAL, (0, 2, 4))
        assert [r.shard for r in build_shards(address, None, settings)] == [0, 2, 4]
        assert finish_corpus(address).outcome is Outcome.DONE
        assert build_shards(address, None, settings) == ()

    def test_a_shard_whose_object_is_gone_is_written_again(
        self, pictures: CorpusRecipe, settings: Settings
    ) -> None:
        address = plan_address(settings, pictures)
        build_shards(address, None, settings)
        corpus = corpus_of(settings)
        (version,) = corpus.unfinished()
        (corpus.version(version) / "phase" / shard_name(2)).remove()
        corpus.receipt(version, 4).write(b"{half a rec")
        assert finish_corpus(address).missing == (2, 4)
        assert build_corpus(NAME, pictures, settings).outcome is Outcome.DONE
        assert_sound(corpus, version)

    def test_a_worker_without_memory_costs_its_shard(
        self, pictures: CorpusRecipe, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        codes_again = PicturePatches._codes_again

        def hungry(self: PicturePatches, location: str) -> Any:
            if location == "005.png":
                raise MemoryError
            return codes_again(self, location)

        monkeypatch.setattr(PicturePatches, "_codes_again", hungry)
        report = build_corpus(NAME, pictures, settings)
        assert report.outcome is Outcome.LATER
        (missing,), (failure,) = report.missing, report.failures
        assert failure.startswith(f"shard {missing}: not enough memory")


def damage_once(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let some pictures fail the first time that they are read for a shard."""
    left = {*names}
    codes_again = PicturePatches._codes_again

    def once(self: PicturePatches, location: str) -> Any:
        if location in left:
            left.remove(location)
            message = f"the disk stumbled at {location}"
            raise StoreError(message)
        return codes_again(self, location)

    monkeypatch.setattr(PicturePatches, "_codes_again", once)


class TestSourcesThatChange:
    @pytest.mark.parametrize("change", ["other", "gone", "damaged"])
    def test_a_picture_that_changed_after_the_plan_is_named(
        self, pictures: CorpusRecipe, settings: Settings, tmp_path: Path, change: str
    ) -> None:
        address = plan_address(settings, pictures)
        path = tmp_path / "pictures" / "004.png"
        if change == "other":
            write_picture(tmp_path / "pictures", 4, seed=99)
        elif change == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(StoreError, match=r"shard \d: .*004\.png.*plan (it|the corpus) again"):
            build_shards(address, None, settings)
        report = finish_corpus(address)
        assert len(report.missing) == 1
        assert_nobody_sees(corpus_of(settings))
        again = build_corpus(NAME, pictures, settings)
        assert again.outcome is Outcome.DONE
        assert again.version not in address
        assert_sound(corpus_of(settings), again.version)

    def test_a_piece_that_cannot_be_surveyed_makes_no_plan(
        self, pictures: CorpusRecipe, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def hungry(*_: object) -> Any:
            raise MemoryError

        monkeypatch.setattr(PicturePatches, "survey", hungry)
        words = r"1 of 1 pieces could not be surveyed: .*not enough"
        with pytest.raises(TryLaterError, match=words):
            build_corpus(NAME, pictures, settings)
        assert not corpus_of(settings).place.is_folder() or not corpus_of(settings).finished()
        assert (corpus_of(settings).place / "plans").children() == ()


class TestBadInput:
    def test_a_recipe_that_keeps_nothing(
        self, pictures: CorpusRecipe, settings: Settings, tmp_path: Path
    ) -> None:
        strict = recipe_of(tmp_path / "pictures", rules=Rules(minimum_phasor_coherence=1.0))
        with pytest.raises(BadInputError, match="keeps no patch: loosen its rules"):
            build_corpus(NAME, strict, settings)
        address = plan_address(settings, strict)
        with pytest.raises(BadInputError, match="keeps no patch"):
            build_shards(address, None, settings)
        with pytest.raises(BadInputError, match="keeps no patch"):
            finish_corpus(address)
        assert_nobody_sees(corpus_of(settings))

    def test_a_plan_that_was_moved(
        self, pictures: CorpusRecipe, settings: Settings, tmp_path: Path
    ) -> None:
        content = Path(plan_address(settings, pictures)).read_bytes()
        for name in ("corpora/other/plans", f"corpora/{NAME}/old"):
            moved = tmp_path / name / "0123456789ab.parquet"
            moved.parent.mkdir(parents=True)
            moved.write_bytes(content)
            with pytest.raises(BadInputError, match="ftp://"):
                finish_corpus(f"ftp://x/{name}/0123456789ab.parquet")
            for use in (finish_corpus, lambda plan: build_shards(plan, None, settings)):
                with pytest.raises(BadInputError, match=rf"give \.\.\./{NAME}/plans/"):
                    use(str(moved))
            assert [path.name for path in moved.parent.parent.iterdir()] == [moved.parent.name]

    def test_a_shard_that_there_is_not(self, pictures: CorpusRecipe, settings: Settings) -> None:
        address = plan_address(settings, pictures)
        for number in (-1, 5):
            with pytest.raises(BadInputError, match=rf"no shard {number}: .* has shards 0 to 4"):
                build_shards(address, [number], settings)

    def test_a_plan_that_was_edited_or_is_gone(
        self, pictures: CorpusRecipe, settings: Settings
    ) -> None:
        address = Path(plan_address(settings, pictures))
        address.write_bytes(address.read_bytes()[:-100])
        for use in (finish_corpus, lambda plan: build_shards(plan, None, settings)):
            with pytest.raises(StoreError, match="plan the corpus again"):
                use(str(address))
        address.unlink()
        with pytest.raises(StoreError, match="plan the corpus first"):
            finish_corpus(str(address))


def build_elsewhere(recipe: CorpusRecipe, settings: Settings, gate: Any) -> None:
    """Build in another process, which stops in the middle until it may go on."""

    def slow(*words: Any) -> Any:
        gate.wait(60)
        gate.wait(60)
        return write_shard(*words)

    pytest.MonkeyPatch().setattr(building, "write_shard", slow)
    build_corpus(NAME, recipe, settings)


class TestTwoBuilders:
    def test_the_second_is_told_who_builds(
        self, pictures: CorpusRecipe, settings: Settings
    ) -> None:
        context = multiprocessing.get_context("spawn")
        gate = context.Barrier(2)
        first = context.Process(target=build_elsewhere, args=(pictures, settings, gate))
        first.start()
        try:
            gate.wait(60)
            who = rf"'{NAME}' .*is being built by process {first.pid} on .* since .*: wait until"
            with pytest.raises(HomeError, match=who):
                build_corpus(NAME, pictures, settings)
            (version,) = corpus_of(settings).unfinished()
            address = str(corpus_of(settings).plan(version))
            with pytest.raises(HomeError, match=who):
                finish_corpus(address)
            assert_nobody_sees(corpus_of(settings))
        finally:
            first.kill()
            first.join()
        assert build_corpus(NAME, pictures, settings).outcome is Outcome.DONE
        assert_sound(corpus_of(settings), version)

    @pytest.mark.parametrize("kind", ["disk", "bucket"])
    def test_of_many_at_once_one_builds_and_the_others_are_refused(
        self, pictures: CorpusRecipe, settings: Settings, kind: str,
        request: pytest.FixtureRequest,
    ) -> None:  # fmt: skip
        if kind == "bucket":
            storage: StorageServer = request.getfixturevalue("storage")
            settings = settings.model_copy(update={"storage": storage.address})
        start = threading.Barrier(4)
        ended: list[object] = []

        def one() -> None:
            start.wait()
            try:
                with only_builder(corpus_of(settings)):
                    start.wait()  # until all have tried
                    ended.append("had it")
            except HomeError as error:
                ended.append(str(error))
                start.wait()

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        refused = [words for words in ended if words != "had it"]
        assert len(ended) == 4
        assert len(refused) == 3
        assert all("is being built by" in str(words) for words in refused)
        assert build_corpus(NAME, pictures, settings).outcome is Outcome.DONE


@dataclass(frozen=True)
class Hungry(PicturePatches):
    """Takes all memory where it reads a certain picture again."""

    @override
    def read(self, keys: Sequence[PatchKey]) -> NDArray[np.uint8]:
        if any(key.location == "005.png" for key in keys):
            hoard = np.ones(2 * 10**8)  # 1.6 GB
            time.sleep(60)
            return hoard.astype(np.uint8)
        return super().read(keys)

    @override
    def items(self) -> tuple[Item, ...]:
        """Return two pieces, for two workers."""
        (item,) = super().items()
        return tuple(
            dataclasses.replace(item, first=first, count=item.count // 2)
            for first in (0, item.count // 2)
        )


@pytest.mark.long
def test_a_worker_process_out_of_memory_costs_its_shard(
    pictures: CorpusRecipe, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source,) = pictures.sources
    monkeypatch.setattr(building, "open_source", lambda number, *_: Hungry(number, source))  # type: ignore[arg-type]
    hungry = settings.model_copy(update={"workers": 2, "worker_memory_gb": 0.7})
    report = build_corpus(NAME, pictures, hungry)
    assert report.outcome is Outcome.PARTIAL
    (missing,), (failure,) = report.missing, report.failures
    assert re.match(rf"shard {missing}: a worker died 3 times .* out of memory", failure)
    assert_nobody_sees(corpus_of(settings))
    monkeypatch.undo()
    put = shards_put(monkeypatch)
    again = build_corpus(NAME, pictures, settings)
    assert (again.outcome, again.version, put) == (Outcome.DONE, report.version, [missing])
    assert_sound(corpus_of(settings), report.version)
