import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from catalogs.corpora.lease import Builder, LeaseTimes, only_builder
from catalogs.corpora.versions import Corpus, corpus_at
from catalogs.storage.bucket import Bucket
from catalogs.storage.place import Folder, Place
from fringewatch.errors import BadInputError, HomeError

FAST = LeaseTimes(life=0.6, renewal=0.05)
LONG = LeaseTimes(life=600.0, renewal=0.02)


class OfTheBlock(Exception):  # noqa: N818 an error that no library raises
    pass


@pytest.fixture
def corpus(corpora: Place) -> Corpus:
    return corpus_at(corpora, "first")


def note(corpus: Corpus) -> Place:
    return corpus.place / "builder.json"


def of_another(corpus: Corpus, expires: float) -> Builder:
    """Leave what a builder elsewhere has left."""
    other = Builder(
        id="x", host="far", process=7, holder="", since="2026-11-22T12:00:00", expires=expires
    )
    note(corpus).write(other.content)
    return other


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10.0
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def hold(folder: Path, ready: Event) -> None:
    with only_builder(corpus_at(Folder(folder), "first"), "night"):
        ready.set()
        time.sleep(60.0)


def test_a_second_builder_is_told_who_builds(corpus: Corpus) -> None:
    with only_builder(corpus, "nightly", FAST) as lease:
        lease.check()
        words = (
            rf"'first' at .*first is being built by process {os.getpid()} on .*\(nightly\) since"
        )
        with pytest.raises(HomeError, match=words), only_builder(corpus, times=FAST):
            pytest.fail("two builders")
        with only_builder(corpus_at(corpus.place.parent, "second"), times=FAST):
            pass
    with only_builder(corpus, times=FAST) as lease:
        lease.check()


def test_an_error_in_the_block_is_the_one_that_is_seen_and_frees_the_corpus(corpus: Corpus) -> None:
    def fail() -> None:
        with only_builder(corpus, times=FAST):
            raise OfTheBlock

    for _ in range(2):
        with pytest.raises(OfTheBlock):
            fail()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"id": "x"}', b'{"a": 1}'])
def test_a_damaged_note_is_no_reason_to_build_twice(corpus: Corpus, content: bytes) -> None:
    if corpus.place.path is None:
        note(corpus).write(content)
        with pytest.raises(HomeError, match=r"builder\.json is damaged: if nobody builds"):
            only_builder(corpus, times=FAST).__enter__()
    else:
        with only_builder(corpus):
            note(corpus).write(content)
            with pytest.raises(HomeError, match="being built by another process"):
                only_builder(corpus).__enter__()


def test_a_killed_builder_on_disk_frees_the_corpus_at_once(tmp_path: Path) -> None:
    corpus = corpus_at(Folder(tmp_path), "first")
    context = multiprocessing.get_context("forkserver")
    ready = context.Event()
    process = context.Process(target=hold, args=(tmp_path, ready))
    process.start()
    assert ready.wait(30.0)
    words = rf"built by process {process.pid} on .*\(night\)"
    with pytest.raises(HomeError, match=words):
        only_builder(corpus).__enter__()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert note(corpus).is_file()  # it had no time to tidy up
    with only_builder(corpus):
        assert Builder.parse(note(corpus).read(), note(corpus)).process == os.getpid()
    assert not note(corpus).is_file()


def test_a_disk_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("a file where the corpus should be")
    with pytest.raises(HomeError, match="a file stands where a folder is needed"):
        only_builder(corpus_at(Folder(tmp_path), "first")).__enter__()


def in_bucket(bucket: Bucket) -> Corpus:
    return corpus_at(bucket, "first")


def test_a_lease_is_renewed_as_long_as_the_block_runs(bucket: Bucket) -> None:
    corpus = in_bucket(bucket)

    def noted() -> Builder:
        return Builder.parse(note(corpus).read(), note(corpus))

    with only_builder(corpus, times=FAST) as lease:
        first = noted()
        wait_until(lambda: time.time() > first.expires)
        wait_until(lambda: noted().expires > time.time())
        lease.check()
        assert (noted().id, noted().since) == (first.id, first.since)
        with pytest.raises(HomeError, match="is being built by"):
            only_builder(corpus, times=FAST).__enter__()


def test_a_dead_builders_lease_runs_out(bucket: Bucket) -> None:
    corpus = in_bucket(bucket)
    of_another(corpus, expires=time.time() + 60.0)
    with pytest.raises(HomeError, match=r"process 7 on far since 2026.*runs out by itself"):
        only_builder(corpus, times=FAST).__enter__()
    of_another(corpus, expires=time.time())
    started = time.monotonic()
    with only_builder(corpus, times=FAST) as lease:
        assert time.monotonic() - started >= 2 * FAST.renewal
        lease.check()


def while_waiting(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Let this happen while a builder waits for a sign of life of another."""
    clock = SimpleNamespace(time=time.time, sleep=lambda _: happens())
    monkeypatch.setattr("catalogs.corpora.lease.time", clock)


def test_a_builder_whose_clock_is_behind_is_not_taken_for_dead(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = in_bucket(bucket)
    of_another(corpus, expires=time.time() - 3600.0)
    while_waiting(monkeypatch, lambda: of_another(corpus, expires=time.time() - 3599.0))
    with pytest.raises(HomeError, match="process 7 on far"):
        only_builder(corpus, times=FAST).__enter__()


@pytest.mark.parametrize("last", [b"{}\n", b""])
def test_a_builder_that_ends_while_it_is_waited_for_leaves_the_corpus(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, last: bytes
) -> None:
    corpus = in_bucket(bucket)
    of_another(corpus, expires=0.0)
    end = partial(note(corpus).write, last) if last else note(corpus).remove
    while_waiting(monkeypatch, end)
    with only_builder(corpus, times=FAST) as lease:
        lease.check()


def test_one_of_many_gets_a_lease_that_is_free_or_has_run_out(bucket: Bucket) -> None:
    corpus = in_bucket(bucket)
    for expired in (False, True):
        note(corpus).remove()
        if expired:
            of_another(corpus, expires=0.0)
        got, refused, all_asked = list[int](), list[str](), threading.Barrier(4)

        def ask(
            number: int, got: Any = got, refused: Any = refused, all_asked: Any = all_asked
        ) -> None:
            try:
                with only_builder(corpus, times=FAST):
                    got.append(number)
                    all_asked.wait(10.0)
            except HomeError as error:
                refused.append(str(error))
                all_asked.wait(10.0)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(got), len(refused)) == (1, 3)


def test_a_builder_that_lost_its_lease_notices(bucket: Bucket) -> None:
    corpus = in_bucket(bucket)

    def build() -> None:
        with only_builder(corpus, times=LONG) as lease:
            lease.check()
            of_another(corpus, expires=time.time() + 60.0)
            with pytest.raises(HomeError, match="was taken over by process 7 on far"):
                lease.check()

    with pytest.raises(HomeError, match=r"'first' lost its lease: .*taken over by .*run again"):
        build()
    assert Builder.parse(note(corpus).read(), note(corpus)).host == "far"  # it stays the other's


def test_a_builder_notices_by_itself_and_does_not_take_the_lease_back(bucket: Bucket) -> None:
    corpus = in_bucket(bucket)

    def build() -> None:
        with only_builder(corpus, times=LONG):
            note(corpus).remove()
            time.sleep(10 * LONG.renewal)
            assert not note(corpus).is_file()

    with pytest.raises(HomeError, match="was removed or freed"):
        build()


def test_a_lease_that_was_lost_does_not_hide_the_error_of_the_block(bucket: Bucket) -> None:
    corpus = in_bucket(bucket)

    def build() -> None:
        with only_builder(corpus, times=LONG):
            note(corpus).remove()
            raise OfTheBlock

    with pytest.raises(OfTheBlock):
        build()


def test_a_renewal_whose_answer_got_lost_is_ours(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, replace, lost = in_bucket(bucket), Bucket.replace, list[bytes]()

    def without_answer(place: Bucket, seen: bytes, content: bytes) -> bool:
        done = replace(place, seen, content)
        if not lost:
            lost.append(content)
            message = "the network is away"
            raise HomeError(message)
        return done

    monkeypatch.setattr(Bucket, "replace", without_answer)
    with only_builder(corpus, times=FAST) as lease:
        wait_until(lambda: bool(lost))
        time.sleep(4 * FAST.renewal)
        lease.check()
        assert note(corpus).read() != lost[0]
    assert note(corpus).read() == b"{}\n"


def test_storage_that_is_away_for_good_is_an_error_at_the_end(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = in_bucket(bucket)

    def away(*_: Any) -> bool:
        message = "the network is away"
        raise HomeError(message)

    def build() -> None:
        with only_builder(corpus, times=FAST):
            monkeypatch.setattr(Bucket, "replace", away)
            monkeypatch.setattr(Bucket, "read", away)
            time.sleep(3 * FAST.renewal)

    with caplog.at_level(logging.WARNING), pytest.raises(HomeError, match="network is away"):
        build()
    assert any("could not renew" in line for line in caplog.messages)
    assert any("could not free" in line for line in caplog.messages)


@pytest.mark.parametrize(("life", "renewal"), [(60.0, 31.0), (60.0, 0.0), (0.0, 0.0), (1.0, -1.0)])
def test_a_lease_that_cannot_be_renewed_in_time_is_refused(life: float, renewal: float) -> None:
    with pytest.raises(BadInputError, match="cannot be renewed every"):
        LeaseTimes(life=life, renewal=renewal)


def test_a_lease_lives_a_minute_if_nobody_says_otherwise(bucket: Bucket) -> None:
    corpus = in_bucket(bucket)
    with only_builder(corpus):
        left = Builder.parse(note(corpus).read(), note(corpus)).expires - time.time()
    assert 50.0 < left <= 60.0
