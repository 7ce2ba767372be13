"""The command as a process: how it ends."""

import subprocess
from pathlib import Path

from tests.end_to_end.commands import COMMAND, clean_environment


def test_a_reader_that_has_enough_is_no_bug(tmp_path: Path) -> None:
    """The list is longer than a pipe holds."""
    script = f"{COMMAND} volcanoes | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path,
        env=clean_environment(), timeout=200,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
    assert done.returncode == 141
