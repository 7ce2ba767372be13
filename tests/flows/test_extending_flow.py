"""The flow of docs/extending.md runs as one of ours."""

import datetime as dt
import sys
from pathlib import Path

import pytest

from tasks.records import Outcome
from tests.docs.blocks import blocks
from tests.portal.server import StandInPortal


@pytest.mark.usefixtures("prefect_server")
def test_the_flow_of_the_page_brings_a_table(
    flow_portal: StandInPortal, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = (each for each in blocks() if each.text.startswith("# weekly.py"))
    (tmp_path / "weekly.py").write_text(block.text, "utf-8")
    home.mkdir()
    settings = f'portal = ["{flow_portal.url}"]\nrequests_per_second = 1000\nretries = 0\n'
    (home / "fringewatch.toml").write_text(settings, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    from weekly import weekly  # type: ignore[import-not-found] # noqa: PLC0415 - written above

    try:
        report = weekly("fernandina", home, dt.date(2024, 3, 31))
    finally:
        del sys.modules["weekly"]
    assert report.outcome in {Outcome.DONE, Outcome.PARTIAL}
    assert (report.fetched, report.in_table) == (3, 3)
