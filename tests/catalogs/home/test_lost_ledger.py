"""A home whose ledger is lost while cubes or tables are there is damaged: it is no new one."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.home.reading import find_home, kept_ledger, read_ledger
from catalogs.ledger.ledger import open_ledger
from catalogs.records import DatePair, FrameId
from catalogs.storage.place import Place
from fringewatch.errors import HomeError, LedgerError, NoHomeError, StorageUnavailableError
from tests.storage import StorageFault, StorageServer

FRAME = FrameId.parse("106A_09048_000909")
PAIR = DatePair.parse("20240106_20240118")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(Home(tmp_path / "home"))


def fill(kept: Place, what: str) -> None:
    (kept / what / "taal" / "inside").write(b"made by a run")


def empty(ledger: Path, how: str) -> None:
    """Leave a ledger as a disk, a copy or a careless hand does."""
    if how == "no bytes":
        ledger.touch()
    elif how == "no tables":
        with closing(sqlite3.connect(ledger)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    elif how == "no rows":
        open_ledger(ledger).close()
    elif how == "runs that failed":
        with open_ledger(ledger) as opened:
            opened.begin_run("nightly", "1", ["taal"])
            opened.register_channels(["mailto-00000000"])


@pytest.mark.parametrize(
    "how", ["no file", "no bytes", "no tables", "no rows", "runs that failed"]
)  # fmt: skip
@pytest.mark.parametrize("what", ["cubes", "detections"])
def test_who_reads_and_who_writes_hears_of_the_damage(home: Home, how: str, what: str) -> None:
    empty(home.ledger, how)
    assert find_home(home) == open_home(home) == home  # nothing is lost where nothing was made
    fill(home.kept, what)
    before = {path: path.stat().st_size for path in home.root.rglob("*")}
    for use in (find_home, open_home):
        with pytest.raises(LedgerError) as caught:
            use(home)
        assert not isinstance(caught.value, NoHomeError)
        said = str(caught.value)
        for words in (str(home.ledger), f"{what}/taal holds", "from a backup", "docs/upkeep.md",
                      "To begin anew"):  # fmt: skip
            assert words in said
    assert {path: path.stat().st_size for path in home.root.rglob("*")} == before


def test_a_ledger_that_knows_of_data_is_not_lost(home: Home) -> None:
    with open_ledger(home.ledger) as ledger:
        ledger.record_listing(FRAME, "http://a", [PAIR], complete=True)
        fill(home.kept, "cubes")
        assert find_home(home) == open_home(home) == home  # while a run writes, too
    assert find_home(home) == open_home(home) == home


def test_what_stands_empty_was_made_by_nobody(home: Home) -> None:
    (home.root / "cubes" / "taal").mkdir(parents=True)
    (home.root / "detections").mkdir()
    assert open_home(home) == home


def test_to_begin_anew_is_to_move_what_is_there(home: Home) -> None:
    fill(home.kept, "cubes")
    home.ledger.touch()
    with pytest.raises(LedgerError):
        open_home(home)
    (home.root / "cubes").rename(home.root.parent / "cubes-of-before")
    open_home(home)


def test_a_storage_that_is_full_belongs_to_a_ledger_that_was(
    tmp_path: Path, storage: StorageServer
) -> None:
    home = open_home(Home(tmp_path / "home", storage.address))
    open_ledger(home.ledger).close()
    assert find_home(home) == home
    fill(storage.place, "cubes")
    for use in (find_home, open_home):
        with pytest.raises(LedgerError, match=f"{storage.address}/cubes/taal holds"):
            use(home)
    storage.faults.append(StorageFault(status=403))
    with pytest.raises(HomeError, match="refuses us"):  # not taken for an empty one
        find_home(home)


def test_a_storage_that_was_never_used_is_not_asked(tmp_path: Path, storage: StorageServer) -> None:
    home = Home(tmp_path / "home", storage.address)
    open_home(Home(home.root))
    storage.requests.clear()
    assert find_home(home) == home
    assert storage.requests == []


def test_a_storage_without_an_answer_is_no_empty_one(
    tmp_path: Path, storage: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_home(Home(tmp_path / "home", storage.address))
    monkeypatch.setattr(
        "catalogs.storage.bucket.obstore.list_with_delimiter", _no_answer, raising=True
    )
    with pytest.raises(StorageUnavailableError):
        find_home(home)


def _no_answer(*_: object) -> None:
    message = "no answer"
    raise StorageUnavailableError(message)


def test_a_ledger_of_no_bytes_with_a_log_is_not_opened(home: Home) -> None:
    """SQLite removes the log of a file of no bytes: all that is left of it may be there."""
    log = home.root / "ledger.sqlite-wal"
    home.ledger.touch()
    log.write_bytes(b"x" * 4152)
    for use in (find_home, open_home, kept_ledger):
        with pytest.raises(LedgerError, match=r"holds 0 bytes, and ledger\.sqlite-wal 4152"):
            use(home)
    for open_path in (read_ledger, open_ledger):
        with pytest.raises(LedgerError, match="keep what is there aside"):
            open_path(home.ledger)
    assert log.stat().st_size == 4152


@pytest.mark.parametrize("what", ["a folder", "a link"])
def test_what_is_no_file_is_no_new_home(home: Home, tmp_path: Path, what: str) -> None:
    if what == "a folder":
        home.ledger.mkdir()
    else:
        home.ledger.symlink_to(tmp_path / "unmounted" / "ledger.sqlite")
    for use in (find_home, open_home, kept_ledger):
        with pytest.raises(HomeError) as caught:
            use(home)
        assert not isinstance(caught.value, NoHomeError)
        assert str(home.ledger) in str(caught.value)
    assert not (tmp_path / "unmounted").exists()


def test_a_ledger_without_its_mark_is_a_damaged_home(home: Home) -> None:
    open_ledger(home.ledger).close()
    (home.root / "home.json").unlink()
    for use in (find_home, open_home):
        with pytest.raises(HomeError, match=r"has a ledger, and no home\.json") as caught:
            use(home)
        assert not isinstance(caught.value, NoHomeError)
