"""Run the installed command as a person does, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COMMAND = Path(sys.executable).with_name("fringewatch")


def fringewatch(
    *words: str | Path, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Return what the command printed and its exit code."""
    return subprocess.run(
        [COMMAND, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=clean_environment() | dict(environment or {}),
        timeout=280,
    )


def clean_environment() -> dict[str, str]:
    """The environment without what other tests told Prefect or us."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "FRINGEWATCH_"))
    }
