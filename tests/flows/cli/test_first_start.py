"""What a person waits for before a command says anything: the imports of the quick ones."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "zarr", "obstore", "requests", "prefect", "torch", "dask", "pandas", "matplotlib")


@pytest.mark.parametrize("words", [["--help"], ["status", "--home", "HOME"]])
def test_a_quick_command_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    given = [str(tmp_path) if word == "HOME" else word for word in words]
    code = (
        f"import sys; sys.argv = ['fringewatch', *{given!r}]\n"
        "from fringewatch.command import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout
