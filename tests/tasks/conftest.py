"""A stand-in portal with a small frame of Fernandina, and settings that ask it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from catalogs.portal.session import SessionSettings
from catalogs.settings import Settings
from tests.portal.server import StandInPortal


@pytest.fixture
def portal(scene_tree: Path) -> Iterator[StandInPortal]:
    with StandInPortal(scene_tree) as portal:
        yield portal


@pytest.fixture
def settings(portal: StandInPortal, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home", portal=(portal.url,), retries=0, requests_per_second=1000
    )


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal is asked again at once, and no pictures are drawn."""
    quick = partial(SessionSettings, backoff_s=0.0, backoff_jitter_s=0.0)
    monkeypatch.setattr("tasks.ingest.discover.SessionSettings", quick)
    for picture in ("timeline", "interferograms"):
        monkeypatch.setattr(f"tasks.publish.draw_{picture}", lambda *_: None)
