"""What docs/upkeep.md says of the units of systemd holds for those there are."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks

UPKEEP = ROOT / "docs" / "upkeep.md"
UNITS = sorted(path.name for path in (ROOT / "docs" / "systemd").glob("fringewatch-*.*"))

SYSTEMCTL = """#!/bin/sh
case "$*" in
  "list-unit-files --no-legend --state=enabled fringewatch-*") cat "$ENABLED" ;;
  "list-unit-files --no-legend fringewatch-*") cat "$INSTALLED" ;;
  *) echo "$*" >> "$SAID" ;;
esac
"""


def line_of(beginning: str, end: str) -> str:
    """The one line of a block of the page that begins and ends so."""
    lines = [
        line
        for block in blocks()
        if block.page == "docs/upkeep.md"
        for line in block.text.splitlines()
    ]
    (found,) = {line for line in lines if line.startswith(beginning) and line.endswith(end)}
    return found


def told(line: str, folder: Path, enabled: list[str]) -> list[str]:
    """What systemctl is told by a line of the page, where so many units are enabled."""
    systemctl = folder / "systemctl"
    systemctl.write_text(SYSTEMCTL, "utf-8")
    systemctl.chmod(0o700)
    files = {name: folder / name.lower() for name in ("ENABLED", "INSTALLED", "SAID")}
    files["ENABLED"].write_text("".join(f"{unit} enabled enabled\n" for unit in enabled))
    files["INSTALLED"].write_text("".join(f"{unit} disabled enabled\n" for unit in UNITS))
    files["SAID"].touch()
    variables = {name: str(path) for name, path in files.items()}
    subprocess.run(
        ["sh", "-ec", line], check=True, cwd=folder,
        env={"PATH": f"{folder}:{os.environ['PATH']}", **variables},
    )  # fmt: skip
    return files["SAID"].read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "enabled",
    [["fringewatch-server.service", "fringewatch-worker.service"], ["fringewatch-serve.service"],
     ["fringewatch-nightly.timer"], []],
)  # fmt: skip
def test_an_upgrade_starts_what_was_enabled_and_nothing_else(
    enabled: list[str], tmp_path: Path
) -> None:
    line = line_of("systemctl list-unit-files", "systemctl start")
    assert told(line, tmp_path, enabled) == ([f"start {' '.join(enabled)}"] if enabled else [])


def test_an_uninstall_ends_all_units(tmp_path: Path) -> None:
    line = line_of("systemctl list-unit-files", "disable --now")
    assert told(line, tmp_path, []) == [f"disable --now {' '.join(UNITS)}"]


def test_what_stops_stops_all_units(tmp_path: Path) -> None:
    assert told(line_of("systemctl stop", ""), tmp_path, []) == ["stop fringewatch-*"]


@pytest.mark.parametrize("title", ["Install and upgrade", "Uninstall"])
def test_each_unit_that_runs_for_long_is_named(title: str) -> None:
    section = UPKEEP.read_text("utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    for name in ("fringewatch-serve", "fringewatch-server", "fringewatch-worker"):
        assert f"`{name}`" in section
        assert f"{name}.service" in UNITS
    assert "timer" in section


def test_a_home_without_settings_is_backed_up(tmp_path: Path) -> None:
    (text,) = [block.text for block in blocks() if "backup/ledger.sqlite" in block.text]
    copying = text[text.index("for file in") :].split("done\n")[0] + "done"
    home = tmp_path / "fringewatch-data"
    home.mkdir()
    (tmp_path / "backup").mkdir()
    for count, name in enumerate(("home.json", "fringewatch.toml", "storage.json"), 1):
        (home / name).touch()
        subprocess.run(["sh", "-ec", copying], check=True, cwd=tmp_path)
        assert len(list((tmp_path / "backup").iterdir())) == count
