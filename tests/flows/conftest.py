"""A stand-in portal for the flows, and a home."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal.server import StandInPortal
from tests.scenes import FRINGES, QUIET, write_frame


@pytest.fixture(scope="session")
def flow_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInPortal]:
    kinds = {"20240106_20240118": QUIET, "20240106_20240130": FRINGES, "20240118_20240130": FRINGES}
    with StandInPortal(write_frame(tmp_path_factory.mktemp("flows"), kinds)) as portal:
        yield portal


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
