import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fringewatch import atomic
from fringewatch.atomic import atomic_file, disk_errors, draft_of, sweep_drafts, write_atomically
from fringewatch.errors import HomeError

KILLED = """
import os, signal, sys
from pathlib import Path
from fringewatch.atomic import atomic_file
with atomic_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def leave_a_draft(path: Path) -> Path:
    """Write a file in a process that is killed half way; return what it left."""
    before = set(path.parent.iterdir())
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    (left,) = set(path.parent.iterdir()) - before
    return left


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "table.csv"
    with atomic_file(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert [entry.name for entry in path.parent.iterdir()] == ["table.csv"]


def test_an_error_keeps_the_old_file_and_leaves_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail() -> None:
        with atomic_file(path) as temporary:
            temporary.write_text("new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    assert write_atomically(path, b"rows")
    before = path.stat().st_mtime_ns
    assert not write_atomically(path, b"rows")
    assert path.stat().st_mtime_ns == before
    assert write_atomically(path, b"other rows")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota is used up"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "change its owner"),
        (errno.ENOTDIR, "a file stands where"),
        (errno.EIO, "check the disk"),
    ],
)
def test_a_full_or_read_only_disk_is_said_plainly(number: int, words: str) -> None:
    with pytest.raises(HomeError, match=words), disk_errors(Path("home/table.csv")):
        raise OSError(number, "the system's words")


def test_errors_that_are_not_the_systems_stay_what_they_are() -> None:
    odd = OSError("odd")
    with pytest.raises(OSError, match="odd"), disk_errors(Path("home")):
        raise odd


def test_a_file_in_the_way_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(HomeError, match="a file stands where"):
        write_atomically(tmp_path / "home" / "table.csv", b"rows")


def test_what_a_killed_writer_left_is_removed_by_the_next_of_the_same_file(tmp_path: Path) -> None:
    leave_a_draft(tmp_path / "table.csv")
    other = leave_a_draft(tmp_path / "table")
    assert write_atomically(tmp_path / "table.csv", b"rows")
    assert names(tmp_path) == [other.name, "table.csv"]


def test_all_that_killed_writers_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    leave_a_draft(tmp_path / "table.csv")
    leave_a_draft(deep / "chunk")
    kept = [deep / ".chunk.lock", deep / "chunk.tmp", deep / ".chunk.tmp", draft_of(deep / "chunk")]
    for path in kept:
        path.write_text("kept")
    sweep_drafts(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    sweep_drafts(tmp_path / "nothing")


def test_two_may_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with atomic_file(path) as first:
        first.write_text("first")
        with atomic_file(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert names(tmp_path) == ["table.csv"]


def test_many_threads_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    errors: list[Exception] = []

    def write(number: int) -> None:
        try:
            for _ in range(30):
                write_atomically(path, str(number).encode() * 5000)
        except (OSError, HomeError) as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert path.read_text() in {str(number) * 5000 for number in range(4)}
    assert names(tmp_path) == ["table.csv"]


def test_a_draft_of_another_machine_is_dead_when_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.csv"
    monkeypatch.setattr(atomic, "_this_machine", lambda: "0123abcd")
    young, old = draft_of(path), draft_of(path)
    monkeypatch.undo()
    for draft in (young, old):
        draft.write_text("half")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    sweep_drafts(tmp_path, "table.csv")
    assert names(tmp_path) == [young.name]
