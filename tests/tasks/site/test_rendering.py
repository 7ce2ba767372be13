import datetime as dt
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalogs.home.home import Home
from catalogs.records import Volcano
from catalogs.settings import Settings
from catalogs.settings.volcano import PlaceSettings
from tasks.judge.standing import Standing
from tasks.site.overview import make_overview, row_of
from tasks.site.rendering import render_index, render_volcano
from tasks.site.windows import PictureBook
from tests.tasks.site.made_facts import FERNANDINA, POSITIVE, date_of, day, facts_of, pair

SETTINGS = Settings()
HOSTILE = "<script>alert(1)</script>"


def rendered(home: Path, volcano: Volcano = FERNANDINA, **said: object) -> str:
    """The page of a volcano whose cube is nowhere."""
    days = [day(1, because=HOSTILE), day(2, "unrest", because=HOSTILE)]
    facts = facts_of(days, [pair(1, 2, source_url="http://[", **POSITIVE)], volcano, **said)
    return render_volcano(PictureBook(facts, Home(home), SETTINGS, None), SETTINGS, None)


def test_what_is_hostile_is_text(tmp_path: Path) -> None:
    hostile = replace(FERNANDINA, name=HOSTILE, region=HOSTILE)
    page = rendered(tmp_path, hostile, reviews=(HOSTILE,), troubles=(HOSTILE,))
    assert page.count("<script>") == 1
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 8
    assert "script-src 'sha256-" in page


def test_a_place_of_ones_own_has_its_coordinates_and_its_notes(tmp_path: Path) -> None:
    own = replace(FERNANDINA, slug="mine", gvp_number=0, region="own")
    place = PlaceSettings(latitude=-0.37, longitude=-91.55, notes=f"ask {HOSTILE}")
    settings = SETTINGS.model_copy(update={"volcano": {"mine": place}})
    facts = facts_of([day(1)], [pair(0, 1)], own)
    page = render_volcano(PictureBook(facts, Home(tmp_path), settings, None), settings, None)
    assert "-0.370, -91.550, a place of your own" in page
    assert "ask &lt;script&gt;" in page
    lost = rendered(tmp_path, replace(FERNANDINA, latitude=math.nan, longitude=math.nan))
    assert "in Volcanoes of the World, pacific island" in lost


def test_only_unrest_itself_is_new_with_the_beginning_of_an_episode(tmp_path: Path) -> None:
    days = [day(1), day(2, "unrest"), day(3, "watch", since=date_of(2))]
    facts = facts_of(days, [pair(1, 2, **POSITIVE)])
    page = render_volcano(PictureBook(facts, Home(tmp_path), SETTINGS, None), SETTINGS, None)
    text = re.sub(r"<[^>]*>", "", page)
    assert f"{date_of(2)}, first date of the episode; watch since {date_of(3)} new" in text


def test_only_the_script_of_ours_may_run(tmp_path: Path) -> None:
    page = rendered(tmp_path)
    assert "default-src 'none'" in page
    assert "unsafe-eval" not in page
    assert "script-src 'unsafe-inline'" not in page


def test_a_page_whose_windows_cannot_be_read_keeps_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = rendered(tmp_path)
    assert "UNREST since" in page
    assert "Its window cannot be read" in page
    assert "a place that is no address" in page
    assert "is not on its page" in caplog.text


def test_one_thing_is_called_so(tmp_path: Path) -> None:
    facts = facts_of([day(1, "unrest")], [pair(0, 1, **POSITIVE)])
    page = render_volcano(PictureBook(facts, Home(tmp_path), SETTINGS, None), SETTINGS, None)
    text = re.sub(r"<[^>]*>", "", page)
    assert not re.findall(r"(?<![\d.,-])1 (?:pairs|dates|days|tracks)\b", text)
    assert "1 of 1 pair positive" in text
    assert "The same as a table (1 date)" in text


@pytest.mark.parametrize("is_old", [True, False])
def test_dates_of_an_old_page_say_so_where_one_steps_through_them(
    tmp_path: Path, is_old: bool
) -> None:
    said: dict[str, Any] = (
        {"standing": Standing("unknown", None, "no pair for 90 days")} if is_old else {}
    )
    facts = facts_of([day(1, "unrest")], [pair(0, 1, **POSITIVE)], **said)
    page = render_volcano(PictureBook(facts, Home(tmp_path), SETTINGS, None), SETTINGS, None)
    stepper = page.partition('id="stepper"')[2]
    assert "UNREST" in stepper
    assert ("(old: it no longer stands)" in stepper) == is_old


def test_a_volcano_of_no_catalogue_has_no_place(tmp_path: Path) -> None:
    nowhere = float("nan")
    lost = Volcano("lost", "lost", 0, nowhere, nowhere, "in no catalogue", ())
    page = rendered(tmp_path, lost)
    assert not re.search(r"\bnan\b", page)
    overview = make_overview([row_of(facts_of([day(1)], volcano=lost))], ())
    assert overview.world.dots == ()
    assert "lost.html" in render_index(overview, SETTINGS, dt.date(2024, 1, 1))
