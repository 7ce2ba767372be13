import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogs.corpora.versions import Corpus, corpus_at, list_corpora, prune
from catalogs.storage.bucket import Bucket
from catalogs.storage.place import Folder, Place
from fringewatch.errors import BadInputError, StoreError

NOON = dt.datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=dt.UTC)
ONE, TWO, THREE, FOUR = (letter * 12 for letter in "a1c0")


def put(corpus: Corpus, version: str, *, whole: bool = True, receipts: int = 0) -> None:
    """Write what a build leaves: a plan, chunks, receipts, and last the root's `zarr.json`."""
    corpus.plan(version).write(b"plan")
    (corpus.version(version) / "phase" / "zarr.json").write(b"{}")
    (corpus.version(version) / "phase" / "c" / "0" / "0" / "0").write(b"patches")
    for shard in range(receipts):
        corpus.receipt(version, shard).write(b"{}")
    if whole:
        (corpus.version(version) / "zarr.json").write(b"{}")


def build(corpus: Corpus, *versions: str) -> None:
    for version in versions:
        put(corpus, version)
        corpus.make_current(version, NOON)


def names(corpus: Corpus) -> set[str]:
    return {file.name for file in corpus.place.files() if not file.name.startswith(".")}


@pytest.fixture
def corpus(corpora: Place) -> Corpus:
    return corpus_at(corpora, "first")


def test_everything_lies_below_the_corpus(tmp_path: Path) -> None:
    corpus = corpus_at(Folder(tmp_path), "first")
    assert corpus.name == "first"
    places = [corpus.plan(ONE), corpus.version(ONE), corpus.receipt(ONE, 7), corpus.building(ONE)]
    assert [str(place) for place in places] == [
        f"{tmp_path}/first/plans/{ONE}.parquet",
        f"{tmp_path}/first/{ONE}.zarr",
        f"{tmp_path}/first/building/{ONE}/000007.json",
        f"{tmp_path}/first/building/{ONE}",
    ]


@pytest.mark.parametrize("name", ["", "-a", "A", "a/b", "..", "a" * 65, "a\n", "é"])
def test_a_name_that_no_corpus_may_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="cannot name a corpus"):
        corpus_at(Folder(tmp_path), name)


@pytest.mark.parametrize("version", ["", "..", "a" * 11, "a" * 13, "A" * 12, f"{ONE}\n", "g" * 12])
def test_a_version_that_is_none_is_refused(tmp_path: Path, version: str) -> None:
    corpus = corpus_at(Folder(tmp_path), "first")
    for ask in (corpus.plan, corpus.version, corpus.building, corpus.is_finished):
        with pytest.raises(BadInputError, match="is no version of a corpus"):
            ask(version)
    with pytest.raises(BadInputError, match="is no version of a corpus"):
        corpus.make_current(version, NOON)


def test_a_corpus_that_was_never_built_has_nothing(corpus: Corpus) -> None:
    assert (corpus.finished(), corpus.unfinished(), prune(corpus, 1)) == ((), (), ())
    with pytest.raises(StoreError, match=r"no corpus at .*first: build it first"):
        corpus.current()


def test_a_version_is_there_when_its_root_is(corpus: Corpus) -> None:
    put(corpus, ONE, whole=False, receipts=1)
    assert (corpus.finished(), corpus.unfinished()) == ((), (ONE,))
    with pytest.raises(StoreError, match=f"no finished version {ONE}: build it first"):
        corpus.make_current(ONE, NOON)
    assert "current" not in names(corpus)
    put(corpus, ONE, receipts=1)
    assert (corpus.finished(), corpus.unfinished()) == ((ONE,), ())  # receipts are left, no matter
    corpus.make_current(ONE, NOON)
    assert corpus.current() == ONE


def test_receipts_alone_are_a_build_that_goes_on(corpus: Corpus) -> None:
    corpus.receipt(ONE, 0).write(b"{}")
    assert corpus.unfinished() == (ONE,)


def test_versions_are_in_the_order_of_their_last_build(corpus: Corpus) -> None:
    build(corpus, ONE, TWO, THREE)
    assert corpus.finished() == (ONE, TWO, THREE)
    corpus.make_current(ONE, NOON)  # the first recipe again: nothing to build
    assert corpus.finished() == (TWO, THREE, ONE)
    assert corpus.current() == ONE
    put(corpus, FOUR)  # killed before it was noted
    assert corpus.finished() == (TWO, THREE, ONE, FOUR)


def test_the_history_is_a_table_in_utc(corpus: Corpus) -> None:
    build(corpus, ONE)
    put(corpus, TWO)
    east = dt.timezone(dt.timedelta(hours=9))
    corpus.make_current(TWO, dt.datetime(2026, 11, 23, 8, tzinfo=east))
    text = (corpus.place / "history.csv").read().decode()
    assert text == (f"built_at,version\n2026-11-22T12:00:00Z,{ONE}\n2026-11-22T23:00:00Z,{TWO}\n")
    assert (corpus.place / "current").read() == f"{TWO}\n".encode()


def test_making_a_version_current_again_changes_nothing(corpus: Corpus) -> None:
    build(corpus, ONE, TWO)
    before = (corpus.place / "history.csv").read()
    corpus.make_current(TWO, NOON + dt.timedelta(days=1))
    assert (corpus.place / "history.csv").read() == before
    (corpus.place / "current").write(f"{ONE}\n".encode())  # as if killed between the two
    corpus.make_current(TWO, NOON)
    assert corpus.current() == TWO
    assert (corpus.place / "history.csv").read() == before


def test_a_time_without_a_zone_is_refused(corpus: Corpus) -> None:
    put(corpus, ONE)
    with pytest.raises(BadInputError, match="has no time zone"):
        corpus.make_current(ONE, NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    "history", [b"", b"\xff\xfe\n", f"built_at,version\n2026,{ONE}".encode(), b"a,b,c\n,,\n1,2\n"]
)
def test_a_damaged_history_is_gone_on_with(corpus: Corpus, history: bytes) -> None:
    (corpus.place / "history.csv").write(history)
    build(corpus, TWO)
    put(corpus, ONE)
    assert set(corpus.finished()) == {ONE, TWO}
    after = (corpus.place / "history.csv").read()
    assert after.startswith(history)
    assert after.endswith(f"\n2026-11-22T12:00:00Z,{TWO}\n".encode()) or not history


def test_a_history_is_whole_at_every_moment(tmp_path: Path) -> None:
    corpus = corpus_at(Folder(tmp_path), "first")
    put(corpus, ONE)
    put(corpus, TWO)
    corpus.make_current(ONE, NOON)
    seen, done = set[tuple[str, ...]](), threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(corpus.finished())
            text = (corpus.place / "history.csv").read().decode()
            assert text.endswith("\n")
            seen.add((corpus.current(),))

    reader = threading.Thread(target=look)
    reader.start()
    for version in (TWO, ONE) * 10:
        corpus.make_current(version, NOON)
    done.set()
    reader.join()
    assert seen <= {(ONE, TWO), (TWO, ONE), (ONE,), (TWO,)}
    assert len((corpus.place / "history.csv").read().splitlines()) == 22


def test_two_who_note_at_once_both_stand_in_the_history(bucket: Bucket) -> None:
    """In a bucket, where a builder may lose its lease; on disk a lock keeps others out."""
    corpus = corpus_at(bucket, "first")
    versions = [f"{number:012x}" for number in range(4)]
    for version in versions:
        put(corpus, version)
    threads = [
        threading.Thread(target=corpus.make_current, args=(version, NOON)) for version in versions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len((corpus.place / "history.csv").read().splitlines()) == 5
    assert sorted(corpus.finished()) == versions


def test_a_pointer_that_is_damaged_or_names_what_is_gone_is_refused(corpus: Corpus) -> None:
    build(corpus, ONE, TWO)
    (corpus.version(TWO) / "zarr.json").remove()
    with pytest.raises(StoreError, match=f"{TWO}, which is gone .*are there: {ONE}.*build"):
        corpus.current()
    for damaged in (b"", b"\xff\x00", b"../../etc\n", f"{ONE}{TWO}".encode()):
        (corpus.place / "current").write(damaged)
        with pytest.raises(StoreError, match=r"current holds .* no version of a corpus: remove"):
            corpus.current()
        with pytest.raises(StoreError, match="current holds"):
            prune(corpus, 0)
    assert corpus.finished() == (ONE,)


def test_corpora_are_listed_by_name(corpora: Place) -> None:
    assert list_corpora(corpora) == ()
    build(corpus_at(corpora, "b"), ONE)
    corpus_at(corpora, "a").plan(ONE).write(b"plan")
    put(corpus_at(corpora, "c"), ONE, whole=False)
    (corpora / "notes.txt").write(b"no corpus")
    (corpora / "note").write(b"no corpus")
    (corpora / "Notes" / "current").write(b"no corpus")
    (corpora / "other" / "notes.txt").write(b"no corpus")
    (corpora / "locked" / "builder.lock").write(b"")
    assert [corpus.name for corpus in list_corpora(corpora)] == ["a", "b", "c"]


def test_pruning_keeps_the_newest_and_the_current(corpus: Corpus) -> None:
    build(corpus, ONE, TWO, THREE, FOUR)
    assert prune(corpus, 4) == ()
    assert prune(corpus, 3) == (ONE,)
    assert prune(corpus, 3) == ()
    (corpus.place / "current").write(f"{TWO}\n".encode())
    assert prune(corpus, 0) == (THREE, FOUR)
    assert corpus.finished() == (TWO,)
    assert corpus.current() == TWO
    left = {name for name in names(corpus) if name not in {"current", "history.csv"}}
    assert left == {
        f"plans/{TWO}.parquet",
        *(f"{TWO}.zarr/{name}" for name in ("zarr.json", "phase/zarr.json", "phase/c/0/0/0")),
    }
    with pytest.raises(BadInputError, match="cannot keep -1 versions"):
        prune(corpus, -1)


def test_a_removed_version_that_is_built_again_is_the_newest(corpus: Corpus) -> None:
    build(corpus, ONE, TWO)
    assert prune(corpus, 1) == (ONE,)
    build(corpus, ONE)
    assert corpus.finished() == (TWO, ONE)


def test_without_a_history_the_current_version_stays(corpus: Corpus) -> None:
    build(corpus, ONE, TWO, THREE)
    (corpus.place / "current").write(f"{TWO}\n".encode())  # the first by name
    (corpus.place / "history.csv").remove()
    assert corpus.finished() == (TWO, ONE, THREE)
    assert prune(corpus, 1) == (ONE,)
    assert corpus.current() == TWO


def test_a_build_that_can_be_gone_on_with_is_not_pruned(corpus: Corpus) -> None:
    build(corpus, ONE)
    put(corpus, TWO, whole=False, receipts=2)
    corpus.plan(THREE).write(b"a plan that nobody built yet")
    before = names(corpus)
    assert prune(corpus, 0) == ()
    assert names(corpus) == before


def test_a_current_version_that_lost_its_root_is_not_rubbish(corpus: Corpus) -> None:
    build(corpus, ONE, TWO)
    (corpus.version(TWO) / "zarr.json").remove()
    assert prune(corpus, 0) == (ONE,)
    assert corpus.unfinished() == (TWO,)


def test_the_plan_of_a_build_that_has_hardly_begun_is_kept(corpus: Corpus) -> None:
    put(corpus, ONE, whole=False)
    assert prune(corpus, 0) == (ONE,)
    assert names(corpus) == {f"plans/{ONE}.parquet"}


class Killed(BaseException):
    pass


@pytest.mark.parametrize("steps", range(12))
def test_a_removal_that_is_killed_anywhere_is_ended_by_the_next(
    corpus: Corpus, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each step: what counts as there is whole, and the next pruning removes the rest."""
    put(corpus, ONE, receipts=2)
    corpus.make_current(ONE, NOON)
    build(corpus, TWO)
    left, kind = [steps], type(corpus.place)
    remove: Callable[[Place], None] = kind.remove

    def remove_some(place: Place) -> None:
        for one in [place / file.name for file in place.files()] or [place]:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            remove(one)
        remove(place)

    monkeypatch.setattr(kind, "remove", remove_some)
    try:
        prune(corpus, 1)
    except Killed:
        pass
    else:
        assert steps > 6
    monkeypatch.setattr(kind, "remove", remove)
    whole = {name for name in names(corpus) if name.startswith(f"{ONE}.zarr")}
    assert len(whole) == 3 if ONE in corpus.finished() else f"{ONE}.zarr/zarr.json" not in whole
    assert corpus.current() == TWO
    prune(corpus, 1)
    assert {name for name in names(corpus) if ONE in name} == set()
    assert (corpus.finished(), corpus.unfinished(), corpus.current()) == ((TWO,), (), TWO)
