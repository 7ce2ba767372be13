"""Where the ledger is lost, and cubes and tables are not, every command ends with 2 and says so."""

from pathlib import Path

import pytest

from catalogs.home.home import home_of
from flows.cli import run
from tests.flows.cli.test_damaged_ledger import COMMANDS
from tests.tasks.kept_home import KeptHome

pytestmark = pytest.mark.usefixtures("with_exports_and_a_channel")


@pytest.mark.parametrize("is_there", [True, False])
def test_every_command_says_so_and_nothing_is_written(
    kept: KeptHome, is_there: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_of(kept.settings)
    for path in home.root.glob("ledger.sqlite*"):
        path.unlink()
    if is_there:
        home.ledger.touch()
    before = content(home.root)
    for command in COMMANDS:
        code = run([*command, "--home", str(home.root)])
        said = capsys.readouterr()
        assert code == 2, (command, said)
        assert f"its ledger {home.ledger} is" in said.err, command
        assert "from a backup" in said.err, command
        assert "Traceback" not in said.err
        assert content(home.root) == before, command


def test_numbers_of_a_better_day_do_not_stay(kept: KeptHome) -> None:
    home, numbers = home_of(kept.settings), kept.settings.home.parent / "fringewatch.prom"
    home.settings_file.write_text(f'metrics_file = "{numbers}"\n')
    for path in home.root.glob("ledger.sqlite*"):
        path.unlink()
    numbers.write_text("fringewatch_well 1.0\n")
    assert run(["nightly", "fernandina", "--home", str(home.root)]) == 2
    assert "fringewatch_well 0.0" in numbers.read_text()
    assert 'fringewatch_findings{check="home"} 1.0' in numbers.read_text()


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
