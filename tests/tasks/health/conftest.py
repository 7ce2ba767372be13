"""A home whose ledger is written by hand, at a time of its own."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.outbox_records import Standing, Telling
from catalogs.ledger.rows import TileRow, Verdict
from catalogs.ledger.runs import VolcanoRun
from catalogs.records import DatePair
from catalogs.settings import Settings
from catalogs.tables import DATES, INTERFEROGRAMS
from tests.scenes import FRAME
from tests.storage import folder_of

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)


@dataclass
class WatchedHome:
    """A home that watches Taal and Etna."""

    settings: Settings

    def set(self, **changes: object) -> None:
        """Change settings."""
        self.settings = self.settings.model_copy(update=changes)

    def ledger(self) -> Ledger:
        return open_ledger(self.settings.home / "ledger.sqlite")

    def data(self, volcano: str, newest: dt.date, state: str = "quiet") -> None:
        """Let a pair that ends on a date be there, and the volcano in a state on it."""
        pair = DatePair(newest - dt.timedelta(12), newest)
        folder_of(Home(self.settings.home).cube(volcano, FRAME)).mkdir(parents=True, exist_ok=True)
        with self.ledger() as ledger:
            ledger.record_tiles(volcano, FRAME, [TileRow(pair, "http://x", "aa", "bb", "cc")])
            news = (Standing(state, None, newest), {"name": volcano}, Telling())
            said = Verdict(state, None, 0.1, "rule", "m", "00")
            ledger.record_verdicts(volcano, {newest: said}, news)
        folder = folder_of(Home(self.settings.home).detections(volcano))
        folder.mkdir(parents=True, exist_ok=True)
        for schema in (DATES, INTERFEROGRAMS):
            table = schema.arrow.empty_table()
            pq.write_table(table, folder / f"{schema.name}.parquet")

    def night(self, days_ago: float, outcome: str = "done", free: int = 10**12) -> None:
        """Let a night have begun so many days before."""
        at = NOW - dt.timedelta(days=days_ago)
        with self.ledger() as ledger:
            slugs = ("taal", "etna")
            number = ledger.begin_run("nightly", "0.1", slugs)
            ledger.end_run(number, outcome, [VolcanoRun(slug, outcome) for slug in slugs], free)
            with ledger._transaction() as cursor:
                cursor.execute(
                    "UPDATE runs SET started_at = ?, ended_at = ? WHERE number = ?",
                    (at.isoformat(timespec="seconds"), at.isoformat(timespec="seconds"), number),
                )


@pytest.fixture
def watched(tmp_path: Path) -> WatchedHome:
    home = open_home(Home(tmp_path / "home")).root
    settings = Settings(home=home, watch=("taal", "etna"), notify=(SecretStr("ntfy://hunter2"),))
    return WatchedHome(settings)


@pytest.fixture
def well(watched: WatchedHome) -> WatchedHome:
    """All is well: fresh data, a good night, room on the disk."""
    watched.data("taal", dt.date(2026, 3, 4))
    watched.data("etna", dt.date(2026, 3, 9), "unrest")
    watched.night(0.3)
    return watched
