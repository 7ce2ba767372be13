import sys
from pathlib import Path

import pytest

from catalogs.home.home import home_of, open_home
from catalogs.settings import Settings
from flows.exports import leave_exports
from tasks.records import Outcome, RunReport

DONE = RunReport("taal", Outcome.DONE)
NO_VOLCANO = RunReport("no such volcano", Outcome.REFUSED)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", exports=("geojson", "stac"))
    open_home(home_of(settings))
    return settings


def test_a_run_leaves_its_exports(settings: Settings) -> None:
    assert leave_exports([DONE, NO_VOLCANO], settings) == [DONE, NO_VOLCANO]
    names = sorted(path.name for path in (settings.home / "exports").iterdir())
    assert names == ["catalog.json", "volcanoes.geojson"]
    assert leave_exports([DONE], settings.model_copy(update={"exports": ()})) == [DONE]


def test_an_export_that_could_not_be_written_is_a_gap_of_the_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pystac", None)  # as where it is not installed
    report, refused = leave_exports([DONE, NO_VOLCANO], settings)
    assert report.outcome is Outcome.PARTIAL
    assert refused.outcome is Outcome.REFUSED
    assert "exports has 'stac': pip install 'fringewatch[standards]'" in report.notes[0]
    assert (settings.home / "exports" / "volcanoes.geojson").is_file()
    monkeypatch.undo()
    (settings.home / "home.json").write_text("damaged")
    (settings.home / "exports").rename(settings.home / "elsewhere")
    (settings.home / "exports").write_text("mine")
    (report,) = leave_exports([DONE], settings)
    assert report.outcome is Outcome.PARTIAL
    assert "the exports are not written" in report.notes[0]
