import json
from pathlib import Path

import pytest

from catalogs.home.home import Home, home_of, open_home
from catalogs.home.reading import find_home
from catalogs.records import FrameId
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from fringewatch.errors import BadInputError, HomeError
from tests.storage import StorageFault, StorageServer

FRAME = FrameId.parse("106A_09048_000909")
MARK = "fringewatch-storage.json"


@pytest.fixture
def home(tmp_path: Path, storage: StorageServer) -> Home:
    return open_home(Home(tmp_path / "home", storage.address))


def test_what_is_large_lies_at_the_storage_and_the_ledger_here(
    home: Home, storage: StorageServer
) -> None:
    assert home == home_of(Settings(home=home.root, storage=storage.address))
    kept = (
        home.cubes,
        home.corpora,
        home.models,
        home.detections("taal"),
        home.cube("taal", FRAME),
    )
    assert all(str(place).startswith(f"{storage.address}/") for place in kept)
    local = (home.ledger, home.granules(FRAME), home.prefect, home.settings_file)
    assert all(path.is_relative_to(home.root) for path in local)
    assert home_of(Settings(home=home.root)).cubes == Folder(home.root / "cubes")
    assert [file.name for file in storage.place.files()] == [MARK]


def test_a_home_opens_again_and_a_second_home_is_refused(home: Home, tmp_path: Path) -> None:
    assert open_home(home) == home
    other = Home(tmp_path / "other", home.storage)
    for _ in range(2):
        with pytest.raises(HomeError, match=rf"belongs to another home \(.*{home.root}\)"):
            open_home(other)
    # An address with a slip of the pen binds nobody.
    open_home(Home(other.root, f"{home.storage}/of-another"))


def test_a_storage_that_was_forgotten_is_asked_for(home: Home) -> None:
    for storage in ("", f"{home.storage}/elsewhere"):
        for attempt in (open_home, find_home):
            with pytest.raises(HomeError, match=f"set FRINGEWATCH_STORAGE={home.storage}"):
                attempt(Home(home.root, storage))


def test_a_storage_of_a_newer_version_or_a_damaged_one_is_left_alone(home: Home) -> None:
    mark = home.kept / MARK
    words = json.loads(mark.read())
    mark.write(json.dumps({**words, "format": 99}).encode())
    with pytest.raises(HomeError, match=r"newer Fringewatch \(format 99"):
        open_home(home)
    for damaged in (b"", b"[]", b"{"):
        mark.write(damaged)
        with pytest.raises(HomeError, match="is damaged"):
            open_home(home)


def test_a_storage_that_does_not_answer_is_said_and_binds_nobody(
    tmp_path: Path, storage: StorageServer
) -> None:
    storage.faults[:] = [StorageFault(status=503)]
    with pytest.raises(HomeError, match="gives no good answer"):
        open_home(Home(tmp_path / "home", storage.address))
    storage.faults.clear()
    open_home(Home(tmp_path / "home"))
    with pytest.raises(BadInputError, match="no place to keep things"):
        open_home(Home(tmp_path / "home", "gs://bucket"))


def test_a_home_that_was_killed_while_it_claimed_a_storage_knows_it_again(
    tmp_path: Path, storage: StorageServer
) -> None:
    storage.faults[:] = [StorageFault(status=403, method="GET", path=MARK)]
    with pytest.raises(HomeError, match="refuses us"):
        open_home(Home(tmp_path / "home", storage.address))
    assert storage.count("PUT", MARK) == 1
    storage.faults.clear()
    open_home(Home(tmp_path / "home", storage.address))


def test_a_folder_may_be_the_storage(tmp_path: Path) -> None:
    home = open_home(Home(tmp_path / "home", str(tmp_path / "large")))
    assert (tmp_path / "large" / MARK).is_file()
    assert home.cubes == Folder(tmp_path / "large" / "cubes")
