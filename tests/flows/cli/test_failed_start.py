"""A run that cannot begin is in the history of a home whose ledger is on this machine."""

import datetime as dt
from pathlib import Path

import pytest
from pydantic import SecretStr

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.records import DatePair
from catalogs.settings import Settings
from flows.cli import run
from fringewatch.errors import LedgerError, ServerUnavailableError
from tasks.messages.send import send_messages
from tasks.records import Outcome, RunReport
from tasks.runs import recorded_run
from tests.scenes import FRAME
from tests.storage import StorageFault, StorageServer

PAIR = DatePair.parse("20240106_20240118")
LATER = 5


@pytest.fixture
def home(tmp_path: Path, storage: StorageServer, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a storage, which knows of data and is watched."""
    monkeypatch.setenv("FRINGEWATCH_STORAGE", storage.address)
    home = open_home(Home(tmp_path / "home", storage.address))
    with open_ledger(home.ledger) as ledger:
        ledger.record_listing(FRAME, "http://a", [PAIR], complete=True)
    numbers = tmp_path / "fringewatch.prom"
    home.settings_file.write_text(f'watch = ["fernandina"]\nmetrics_file = "{numbers}"\n')
    return home


def words_of_runs(home: Home, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(["runs", "--home", str(home.root)]) == 0
    return capsys.readouterr().out


def test_a_night_without_its_storage_is_in_the_history(
    home: Home, storage: StorageServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage.faults.append(StorageFault(status=500))
    assert run(["nightly", "--home", str(home.root)]) == LATER
    said = words_of_runs(home, capsys)
    assert "1 nightly" in said
    assert "later after 0 min: 1 volcano, 0 pairs fetched" in said
    assert f"fernandina later: cannot use {storage.address}" in said
    assert run(["health", "--home", str(home.root)]) == 3
    assert "brought nothing (later)" in capsys.readouterr().out
    assert 'fringewatch_findings{check="schedule"} 1.0' in (
        tmp_path / "fringewatch.prom"
    ).read_text("utf-8")


def test_so_is_a_backfill_and_one_whose_server_is_away(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        message = "the Prefect server gives no answer"
        raise ServerUnavailableError(message)

    monkeypatch.setattr("flows.prefect_home.prepare_prefect", away)
    days = ["--start", "2024-01-01", "--end", "2024-02-01"]
    assert run(["backfill", "fernandina", *days, "--home", str(home.root)]) == LATER
    said = words_of_runs(home, capsys)
    assert "1 backfill" in said
    assert "the Prefect server gives no answer" in said


def test_three_such_nights_are_a_message(home: Home, storage: StorageServer) -> None:
    settings = Settings(
        home=home.root, storage=storage.address, notify=(SecretStr("json://127.0.0.1:9"),)
    )
    send_messages(settings, sender=lambda *_: pytest.fail("there is none yet"))
    storage.faults.append(StorageFault(status=500))
    late = RunReport("fernandina", Outcome.LATER, notes=("the storage gives no answer",))
    for night in (3, 2, 1):
        with recorded_run(settings, "nightly", ["fernandina"]) as record:
            record.reports = [late]
        with open_ledger(home.ledger) as ledger:
            if night > 1:
                ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=night - 1)
                ledger._connection.execute(
                    "UPDATE runs SET started_at = ? WHERE number = ?",
                    (ago.isoformat(timespec="seconds"), record.number),
                )
            messages = ledger.messages()
    assert [message.volcanoes for message in messages] == [("fernandina",)]


def test_a_storage_that_never_answered_a_new_home_is_in_its_history(
    tmp_path: Path, storage: StorageServer, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("FRINGEWATCH_STORAGE", storage.address)
    storage.faults.append(StorageFault(status=500))
    home = Home(tmp_path / "new", storage.address)
    assert run(["nightly", "fernandina", "--home", str(home.root)]) == LATER
    assert "fernandina later" in words_of_runs(home, capsys)


def test_nothing_is_kept_in_a_home_whose_ledger_is_lost(home: Home, storage: StorageServer) -> None:
    for path in home.root.glob("ledger.sqlite*"):
        path.unlink()
    (storage.place / "cubes" / "fernandina" / "inside").write(b"made by a run")
    with (
        pytest.raises(LedgerError),
        recorded_run(Settings(home=home.root, storage=storage.address), "nightly", ["fernandina"]),
    ):
        open_home(home)
    assert not home.ledger.exists()


def test_nothing_is_made_where_there_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    assert run(["nightly", "fernandina", "--home", str(tmp_path / "file")]) == 2
    assert (tmp_path / "file").read_text("utf-8") == "in the way"
