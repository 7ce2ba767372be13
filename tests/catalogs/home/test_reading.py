import sqlite3
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.home.reading import find_home, read_ledger
from catalogs.ledger.ledger import open_ledger
from catalogs.records import DatePair, FrameId
from fringewatch.errors import HomeError, NoHomeError, StoreError

FRAME = FrameId.parse("106A_09048_000909")
PAIR, LATER = (DatePair.parse(name) for name in ("20240106_20240118", "20240118_20240130"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path) as ledger:
        ledger.record_listing(FRAME, "http://a", [PAIR], complete=True)
    return path


def test_a_home_is_found_and_never_made(tmp_path: Path) -> None:
    with pytest.raises(NoHomeError, match="--home"):
        find_home(Home(tmp_path / "home"))
    assert not (tmp_path / "home").exists()
    home = open_home(Home(tmp_path / "home"))
    assert find_home(home) == home


def test_reading_leaves_no_file_behind(path: Path) -> None:
    before = path.read_bytes()
    ledger = read_ledger(path)
    assert ledger is not None
    with ledger:
        assert [row.pair for row in ledger.pairs(FRAME)] == [PAIR]
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_can_be_read(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        ledger = read_ledger(path)
    finally:
        path.parent.chmod(0o700)
    assert ledger is not None
    ledger._connection.close()


def test_a_reader_sees_one_moment_while_a_run_writes(path: Path) -> None:
    with open_ledger(path) as writer:
        writer.record_listing(
            FRAME, "http://a", [PAIR, LATER], complete=True
        )  # still in the -wal file
        reader = read_ledger(path)
        assert reader is not None
        writer.record_listing(FRAME, "http://a", [LATER], complete=True)
        with reader:
            assert [(row.pair, row.gone_since) for row in reader.pairs(FRAME)] == [
                (PAIR, None), (LATER, None),
            ]  # fmt: skip


def test_a_ledger_of_the_first_format_is_read_and_stays_one(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE verdicts; PRAGMA user_version = 1")
    connection.close()
    before = path.read_bytes()
    ledger = read_ledger(path)
    assert ledger is not None
    with ledger:
        assert [row.pair for row in ledger.pairs(FRAME)] == [PAIR]
        assert ledger.verdicts("taal") == {}
    assert path.read_bytes() == before


def test_what_is_read_cannot_be_written(path: Path) -> None:
    reader = read_ledger(path)
    assert reader is not None
    with reader, pytest.raises(HomeError):
        reader.record_listing(FRAME, "http://b", [LATER], complete=True)


def test_there_may_be_no_ledger_yet(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "ledger.sqlite") is None
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_ledger_of_ours(path: Path) -> None:
    path.write_bytes(b"not a database at all, but as long as one" * 40)
    with pytest.raises(StoreError, match="is no ledger"):
        read_ledger(path)
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 8")
    connection.close()
    with pytest.raises(StoreError, match="has format 8"):
        read_ledger(path)
