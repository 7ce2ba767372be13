"""Every command stands in an empty folder, and leaves environment and log as they were."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.screen import stop_logging


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    environment = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(environment)
    stop_logging()


@pytest.fixture
def with_exports_and_a_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that `export` and `notify` have something to do; nobody listens there."""
    monkeypatch.setenv("FRINGEWATCH_EXPORTS", "atom")
    monkeypatch.setenv("FRINGEWATCH_NOTIFY", "json://127.0.0.1:9/x")
