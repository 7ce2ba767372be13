import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from catalogs.home.home import home_of, open_home
from catalogs.settings import Settings
from flows.site import leave_site
from tasks.records import Outcome, RunReport

DONE = RunReport("taal", Outcome.DONE)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", watch=("taal",))
    open_home(home_of(settings))
    return settings


def test_a_run_leaves_its_pages(settings: Settings) -> None:
    assert leave_site([DONE], settings, dt.date(2024, 1, 1)) == [DONE]
    pages = sorted(path.name for path in (settings.home / "site").iterdir())
    assert pages == ["index.html", "taal.html"]


def test_what_a_run_could_not_have_is_on_the_page_of_all(settings: Settings) -> None:
    late = replace(DONE, outcome=Outcome.LATER, notes=("portal.example gave no answer",))
    leave_site([late], settings)
    page = (settings.home / "site" / "index.html").read_text("utf-8")
    assert "taal: portal.example gave no answer" in page


def test_a_page_that_could_not_be_made_is_a_gap_of_the_run(settings: Settings) -> None:
    (settings.home / "site").mkdir()
    (settings.home / "site" / "index.html").write_text("mine")
    (report,) = leave_site([DONE], settings)
    assert report.outcome is Outcome.PARTIAL
    assert "index.html is a file of somebody else" in report.notes[0]
    (settings.home / "home.json").write_text("damaged")
    (report,) = leave_site([DONE], settings)
    assert report.outcome is Outcome.PARTIAL
    assert "the pages could not be made" in report.notes[0]


def test_pages_can_be_switched_off(settings: Settings) -> None:
    without = settings.model_copy(update={"site": False})
    assert leave_site([DONE], without) == [DONE]
    assert not (settings.home / "site").exists()
