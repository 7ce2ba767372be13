import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.outbox_records import Message
from catalogs.ledger.rows import TileRow
from catalogs.ledger.runs import BACKFILL, NIGHTLY, RunRow
from catalogs.records import DatePair
from catalogs.settings import Settings
from fringewatch.errors import DiskFullError, SourceUnavailableError
from tasks.records import Outcome, Problem, RunReport
from tasks.runs import recorded_run
from tests.scenes import FRAME

DONE = RunReport("taal", Outcome.DONE, fetched=3, scored=3)
LATER = RunReport("taal", Outcome.LATER, problems=(Problem(FRAME, None, "503 at the door"),))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = open_home(Home(tmp_path / "home")).root
    return Settings(home=home, notify=(SecretStr("ntfy://topic"),), stale_days=30)


def run(settings: Settings, reports: Sequence[RunReport], kind: str = NIGHTLY) -> None:
    with recorded_run(settings, kind, [report.volcano for report in reports]) as record:
        record.reports = list(reports)


def nights_ago(settings: Settings, *days: int) -> None:
    """Move the last runs back, each by so many days."""
    with open_ledger(settings.home / "ledger.sqlite") as ledger, ledger._transaction() as cursor:
        numbers = [run.number for run in ledger.runs()]
        for number, back in zip(numbers, days, strict=False):
            at = (dt.datetime.now(dt.UTC) - dt.timedelta(days=back)).isoformat(timespec="seconds")
            cursor.execute("UPDATE runs SET started_at = ? WHERE number = ?", (at, number))


def runs(settings: Settings) -> tuple[RunRow, ...]:
    with open_ledger(settings.home / "ledger.sqlite") as ledger:
        return ledger.runs()


def messages(settings: Settings) -> tuple[Message, ...]:
    with open_ledger(settings.home / "ledger.sqlite") as ledger:
        return ledger.messages()


def tile(settings: Settings, volcano: str, pair: str) -> None:
    with open_ledger(settings.home / "ledger.sqlite") as ledger:
        row = TileRow(DatePair.parse(pair), "http://x", "aa", "bb", "cc")
        ledger.record_tiles(volcano, FRAME, [row])


def test_a_night_is_in_the_history(settings: Settings) -> None:
    run(settings, [DONE, RunReport("etna", Outcome.NOTHING, notes=("no frame",))])
    (row,) = runs(settings)
    assert (row.kind, row.outcome) == ("nightly", "partial")
    assert row.disk_free_bytes is not None
    etna, taal = row.volcanoes
    assert (taal.outcome, taal.fetched, taal.scored) == ("done", 3, 3)
    assert (etna.outcome, etna.words) == ("nothing", "no frame")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(SourceUnavailableError("503"), "later"), (DiskFullError("full"), "later"),
     (ZeroDivisionError("bug"), "failed")],
)  # fmt: skip
def test_a_run_that_an_error_ends_is_in_the_history_with_it(
    settings: Settings, error: Exception, outcome: str
) -> None:
    with pytest.raises(type(error)), recorded_run(settings, BACKFILL, ["taal"]):
        raise error
    (row,) = runs(settings)
    assert (row.outcome, row.volcanoes[0].outcome) == (outcome, outcome)


def test_a_run_that_is_killed_stays_without_an_end(settings: Settings) -> None:
    with pytest.raises(KeyboardInterrupt), recorded_run(settings, NIGHTLY, ["taal"]):
        raise KeyboardInterrupt
    (row,) = runs(settings)
    assert (row.ended_at, row.volcanoes[0].outcome) == (None, None)


def test_a_ledger_that_cannot_be_written_is_the_runs_own_to_say(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.home / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    caplog.set_level("INFO")
    run(settings, [DONE])
    assert "the run is not in the history" in caplog.text


def test_a_volcano_that_has_grown_stale_is_one_message(settings: Settings) -> None:
    today = dt.datetime.now(dt.UTC).date()
    fresh = f"{today - dt.timedelta(60):%Y%m%d}_{today - dt.timedelta(30):%Y%m%d}"
    tile(settings, "taal", fresh)
    run(settings, [DONE])
    assert messages(settings) == ()
    tile(settings, "etna", "20230101_20230113")
    night = [DONE, RunReport("etna", Outcome.DONE), RunReport("wolf", Outcome.NOTHING)]
    run(settings, night)
    run(settings, night)
    (message,) = messages(settings)
    assert message.volcanoes == ("etna",)
    assert message.facts["newest"] == "2023-01-13"
    tile(settings, "etna", "20230201_20230213")  # newer, and old as well
    run(settings, night)
    assert [each.facts["newest"] for each in messages(settings)] == ["2023-01-13", "2023-02-13"]


def test_each_third_failed_night_is_one_message(settings: Settings) -> None:
    others = [RunReport("etna", Outcome.DONE)]
    for count, made in ((1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (7, 2)):
        run(settings, [LATER, *others])
        run(settings, [LATER, *others])  # by hand, on the same day: no other night
        assert len(messages(settings)) == made, count
        nights_ago(settings, *[back // 2 + 1 for back in range(2 * count)])
    first, second = messages(settings)
    assert (first.volcanoes, first.facts["nights"], first.facts["last_good"]) == (("taal",), 3, "")
    assert "503 at the door" in first.facts["reason"]
    assert second.facts["nights"] == 6


def test_a_night_killed_before_its_message_leaves_it_to_the_next(settings: Settings) -> None:
    for count in range(1, 4):
        with_channel = settings if count < 3 else settings.model_copy(update={"notify": ()})
        run(with_channel, [LATER])
        nights_ago(settings, *range(1, count + 1))
    assert messages(settings) == ()
    run(settings, [LATER])
    (message,) = messages(settings)
    assert message.facts["nights"] == 4


def test_failed_nights_can_be_nobodys_business(settings: Settings) -> None:
    silent = settings.model_copy(update={"notify_failed_nights": 0})
    for count in range(1, 5):
        run(silent, [LATER])
        nights_ago(silent, *range(1, count + 1))
    assert messages(silent) == ()
