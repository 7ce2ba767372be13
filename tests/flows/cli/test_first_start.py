"""What a person waits for before a command says anything: the imports of the quick ones."""

import subprocess
import sys
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger

HEAVY = ("numpy", "zarr", "obstore", "requests", "prefect", "torch", "dask", "pandas", "matplotlib")


@pytest.mark.parametrize(
    "words",
    [["--help"], ["status", "--home", "HOME"], ["health", "--home", "HOME"],
     ["runs", "--home", "HOME"]],
)  # fmt: skip
def test_a_quick_command_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    home = open_home(Home(tmp_path / "home"))
    (home.root / "fringewatch.toml").write_text('watch = ["taal"]\n')
    with open_ledger(home.ledger) as ledger:
        ledger.begin_run("nightly", "0.1", ["taal"])
    given = [str(home.root) if word == "HOME" else word for word in words]
    code = (
        f"import sys; sys.argv = ['fringewatch', *{given!r}]\n"
        "from fringewatch.command import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout
