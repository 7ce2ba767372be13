import errno
from pathlib import Path

import pytest

from fringewatch.atomic import atomic_file, disk_errors, write_atomically
from fringewatch.errors import HomeError


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
