"""Where there is no home, or nothing in it, every command that reads one ends with 4."""

from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from flows.cli import run

pytestmark = pytest.mark.usefixtures("with_exports_and_a_channel")

COMMANDS = (
    ["status"], ["status", "taal"], ["health"], ["health", "--json"], ["runs"],
    ["notify"], ["notify", "--list"], ["site"], ["verify"], ["verify", "taal"],
    ["review", "--list"], ["review", "taal", "2024-01-01", "--confirmed", "--by", "NS"],
    ["export"], ["rebuild", "taal"],
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("what", ["no folder", "an empty folder", "a home without a ledger",
                                  "a home whose ledger got no room"])  # fmt: skip
def test_without_a_home_every_command_ends_with_4_and_makes_none(
    command: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    if what == "an empty folder":
        home.mkdir()
    elif what != "no folder":
        open_home(Home(home))
    if "room" in what:
        (home / "ledger.sqlite").touch()
    before = sorted(tmp_path.rglob("*"))
    assert run([*command, "--home", str(home)]) == 4
    said = capsys.readouterr()
    words = "there is no Fringewatch home at" if "folder" in what else "is empty: nothing ran in it"
    assert words in said.out + said.err
    assert sorted(tmp_path.rglob("*")) == before


def test_health_of_a_home_on_a_full_disk_says_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.health.health._free_bytes", lambda _: 0)
    home = open_home(Home(tmp_path / "home"))
    assert run(["health", "--home", str(home.root)]) == 4
    assert "! DISK: 0.0 GB free" in capsys.readouterr().out
