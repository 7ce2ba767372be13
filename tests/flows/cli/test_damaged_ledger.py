"""A ledger of which a page was scribbled over: every command says so, and none writes to it."""

from pathlib import Path

import pytest

from catalogs.home.home import home_of
from flows.cli import run
from tests.tasks.kept_home import KeptHome

pytestmark = pytest.mark.usefixtures("with_exports_and_a_channel")

COMMANDS = (
    ["status"], ["health"], ["health", "--json"], ["runs"], ["notify"], ["notify", "--list"],
    ["site"], ["verify"], ["review", "--list"], ["export"], ["rebuild", "fernandina"],
    ["review", "fernandina", "2024-02-11", "--confirmed", "--by", "NS"],
    ["backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-31", "--dry-run"],
    ["backfill", "fernandina", "--start", "2024-01-01", "--end", "2024-03-31"],
    ["nightly", "fernandina"],
)  # fmt: skip


def scribble(path: Path, page: int) -> bytes:
    """Write over a page of a ledger; return all that it holds then."""
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    content = bytearray(path.read_bytes())
    content[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.unlink()  # another file: what this process found whole before is not this one
    path.write_bytes(bytes(content))
    return bytes(content)


@pytest.mark.parametrize("page", [2, 5])
def test_every_command_ends_with_2_and_nothing_is_written(
    kept: KeptHome, page: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = home_of(kept.settings).ledger
    content = scribble(ledger, page)
    for command in COMMANDS:
        where = ["--home", str(kept.settings.home)]
        code = run([*command, *where])
        said = capsys.readouterr()
        assert code == 2, (command, said)
        assert "is damaged" in said.err, command
        assert "Traceback" not in said.err
        assert "bug" not in said.err
        assert ledger.read_bytes() == content, command


def test_a_run_writes_nothing_into_it(kept: KeptHome) -> None:
    content = scribble(home_of(kept.settings).ledger, 2)
    with pytest.raises(Exception, match="is damaged"):
        kept.backfill()
    assert home_of(kept.settings).ledger.read_bytes() == content
