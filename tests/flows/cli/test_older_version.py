"""A home of an older version before its first run: it is said, and nothing false beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalogs.home.home import home_of
from catalogs.ledger.file import LEDGER_FORMAT
from flows.cli import run
from tests.tasks.kept_home import KeptHome

pytestmark = pytest.mark.usefixtures("with_exports_and_a_channel")

LATER_TABLES = (
    "layers", "recipes", "corrections", "reviews", "reviewed_dates", "reviewed_pairs", "standings",
    "messages", "message_keys", "channels", "deliveries", "runs", "run_volcanoes", "lost_tiles",
    "measures", "delays",
)  # fmt: skip
"""What a ledger of format 2 had not."""


def make_older(ledger: Path) -> bytes:
    """Make a ledger one of format 2; return what the file holds then."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        for name in LATER_TABLES:
            connection.execute(f"DROP TABLE {name}")
        connection.execute("PRAGMA user_version = 2")
    return ledger.read_bytes()


def test_what_looks_says_so_and_pages_are_not_touched(
    kept: KeptHome, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_of(kept.settings)
    content = make_older(home.ledger)
    where = ["--home", str(home.root)]
    for command, code in (
        (["status"], 0), (["status", "fernandina"], 0), (["health"], 3), (["health", "--json"], 3),
        (["site"], 2), (["site", "fernandina"], 2), (["export"], 2),
    ):  # fmt: skip
        assert run([*command, *where]) == code, command
        captured = capsys.readouterr()
        said = captured.out + captured.err
        words = f"older version (ledger format 2, this one writes {LEDGER_FORMAT})"
        assert words in said, command
        assert "run `fringewatch nightly`" in said, command
        for wrong in ("never seen", "never watched", "ever judged"):
            assert wrong not in said, (command, wrong)
    assert run(["runs", *where]) == 4
    assert capsys.readouterr().out.startswith("no run is remembered in")
    assert home.ledger.read_bytes() == content
    assert not (home.root / "site").exists()


def test_a_run_brings_it_up_to_date(kept: KeptHome, capsys: pytest.CaptureFixture[str]) -> None:
    home = home_of(kept.settings)
    make_older(home.ledger)
    kept.backfill()
    where = ["--home", str(home.root)]
    assert run(["site", "--seen-from", "2024-02-20", *where]) == 0
    assert run(["status", "fernandina", *where]) == 0
    said = capsys.readouterr().out
    assert "older version" not in said
    assert "UNREST since" in (home.root / "site" / "fernandina.html").read_text("utf-8")
