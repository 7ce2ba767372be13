"""Prefect's test server, started once, and a stand-in portal for the flows."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from tests.portal.server import StandInPortal
from tests.scenes import FRINGES, QUIET, write_frame


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A server of our own: flows run as they do under a real one, and nothing else is touched."""
    os.environ.setdefault("PREFECT_TASKS_DEFAULT_NO_CACHE", "true")
    with prefect_test_harness(server_startup_timeout=240):
        yield


@pytest.fixture(scope="session")
def flow_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInPortal]:
    kinds = {"20240106_20240118": QUIET, "20240106_20240130": FRINGES, "20240118_20240130": FRINGES}
    with StandInPortal(write_frame(tmp_path_factory.mktemp("flows"), kinds)) as portal:
        yield portal


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
