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
