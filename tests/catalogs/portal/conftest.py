"""A stand-in portal with three small pairs, a session that does not wait, and a dead address."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from catalogs.portal.hosts import Manners
from catalogs.portal.session import PortalSession, SessionSettings, make_session
from catalogs.records import DatePair, FrameId
from tests.portal import StandInPortal, link_frame, pair_folder
from tests.portal.rasters import write_pair

FRAME = FrameId.parse("051D_05291_081406")
PAIRS = tuple(
    DatePair.parse(text) for text in ("20240106_20240118", "20240106_20240130", "20240118_20240130")
)
LONG_AGO = 1_710_908_225.0
"""When the stand-in's files were changed, seconds since 1970."""
HERE = ("127.0.0.1", "localhost")
"""Where the stand-ins of the tests are, at any port."""
QUICK = SessionSettings(
    hosts=HERE,
    connect_timeout_s=5.0,
    read_timeout_s=5.0,
    retries=2,
    body_retries=2,
    backoff_s=0.0,
    backoff_jitter_s=0.0,
    retry_after_max_s=1,
    manners=Manners(requests_per_s=10_000, failures_before_pause=1000),
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    generator = np.random.default_rng(20240106)
    tree = tmp_path / "tree"
    for pair in PAIRS:
        folder = pair_folder(tree, FRAME, pair)
        phase_rad = generator.uniform(-np.pi, np.pi, (40, 50)).astype(np.float32)
        coherence = generator.integers(1, 248, (40, 50), dtype=np.uint8)
        write_pair(folder, pair, phase_rad, coherence)
        for ending in ("geo.diff.png", "geo.cc.png", "geo.unw.tif"):
            (folder / f"{pair}.{ending}").write_bytes(b"not asked for")
        for file in folder.iterdir():  # a file of this moment could change within its second
            os.utime(file, (LONG_AGO, LONG_AGO))
    return tree


@pytest.fixture
def portal(tree: Path) -> Iterator[StandInPortal]:
    with StandInPortal(tree) as portal:
        yield portal


@pytest.fixture
def real_frame(shared_data: Path, tmp_path: Path) -> Iterator[tuple[StandInPortal, FrameId]]:
    tree = tmp_path / "real"
    frame = link_frame(shared_data / "licsar" / "106A_09048_000909", tree)
    with StandInPortal(tree, descending=True) as portal:
        yield portal, frame


@pytest.fixture
def session() -> Iterator[PortalSession]:
    with make_session(QUICK) as session:
        yield session


@pytest.fixture
def dead_root() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}/LiCSAR_products"
