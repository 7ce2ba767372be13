"""File systems of a test's own, which nobody else sees and which can be filled."""

import shutil
import subprocess

import pytest


def own_mounts() -> list[str]:
    """Words before a command that may then mount what it likes; skips where that cannot be."""
    words = ["unshare", "--map-root-user", "--mount"]
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            [*words, "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("no file systems of one's own on this machine (unshare --mount)")
    return words
