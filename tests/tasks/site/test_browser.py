"""The pages in a real browser: no error, no request, axe-core's rules, one sheet of paper."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from catalogs.settings import Settings
from catalogs.storage.place import Folder
from tasks.site.site import write_site
from tests.portal.server import StandInPortal
from tests.tasks.site.browser import chromium, look, printed_pages, requested, violations

NAMES = ("fernandina.html", "taal.html", "index.html")
SEEN_FROM = dt.date(2024, 2, 13)
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def site(filled: tuple[Settings, StandInPortal], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a volcano in unrest and of one without data, with hostile words on them."""
    folder = tmp_path_factory.mktemp("www")
    settings = filled[0].model_copy(update={"watch": ("taal",), "footnote": HOSTILE})
    made = write_site(settings, folder=Folder(folder), seen_from=SEEN_FROM)
    assert not made.problems
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as session:
        yield session


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_nobody_and_breaks_nothing(
    name: str, browser: webdriver.Chrome, site: Path
) -> None:
    requested(browser)
    browser.get((site / name).as_uri())
    assert requested(browser) == [(site / name).as_uri()]
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert browser.title != "taken"
    assert HOSTILE in browser.find_element(By.TAG_NAME, "body").text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light")])
def test_a_page_keeps_the_rules_of_access(
    name: str, width: int, scheme: str, browser: webdriver.Chrome, site: Path
) -> None:
    look(browser, width, scheme)
    browser.get((site / name).as_uri())
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide == width
    assert violations(browser) == []


@pytest.mark.parametrize("name", ["fernandina.html", "index.html"])
@pytest.mark.parametrize("width", [1200, 1280, 1920])
def test_no_column_of_a_table_is_cut_off(
    name: str, width: int, browser: webdriver.Chrome, site: Path
) -> None:
    """Also where a reason holds an address, which no browser breaks by itself."""
    text = (site / name).read_text("utf-8")
    long = f"106A_09048_000909: no answer of https://portal.example/{'LiCSAR_products/' * 5}"
    (site / "long.html").write_text(text.replace("</td></tr>", f"{long}</td></tr>"), "utf-8")
    look(browser, width, "light")
    for page in (name, "long.html") if name == "index.html" else (name,):
        browser.get((site / page).as_uri())
        cut = browser.execute_script(
            "return [...document.querySelectorAll('.scroll')].filter("
            "(box) => box.scrollWidth > box.clientWidth).map((box) => box.ariaLabel)"
        )
        assert cut == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_prints_on_one_sheet(name: str, browser: webdriver.Chrome, site: Path) -> None:
    look(browser, 1200, "light")
    browser.get((site / name).as_uri())
    assert printed_pages(browser) == 1


def test_a_narrow_chart_shows_its_newest_end_first(browser: webdriver.Chrome, site: Path) -> None:
    look(browser, 390, "light")
    browser.get((site / "fernandina.html").as_uri())
    left, room = browser.execute_script(
        "const e = document.querySelector('.wide');"
        "return [e.scrollLeft, e.scrollWidth - e.clientWidth]"
    )
    assert room > 100
    assert abs(left - room) <= 1


@pytest.mark.parametrize("media", ["screen", "print"])
def test_the_page_of_all_hides_no_volcano(
    media: str, browser: webdriver.Chrome, site: Path
) -> None:
    look(browser, 700, "light")  # a sheet is as narrow
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
    browser.get((site / "index.html").as_uri())
    table = browser.find_element(By.CSS_SELECTOR, "#volcanoes .scroll")
    assert table.value_of_css_property("max-height") == "none"
    hidden = browser.execute_script(
        "return arguments[0].scrollWidth - arguments[0].clientWidth", table
    )
    assert hidden <= 0


def test_the_slider_steps_through_dates_by_keyboard(browser: webdriver.Chrome, site: Path) -> None:
    look(browser, 1200, "light")
    browser.get((site / "fernandina.html").as_uri())
    slider = browser.find_element(By.ID, "slider")
    shown = [step for step in browser.find_elements(By.CLASS_NAME, "step") if step.is_displayed()]
    assert [step.get_attribute("id") for step in shown] == ["on-2024-02-11"]
    slider.send_keys(Keys.ARROW_LEFT)
    shown = [step for step in browser.find_elements(By.CLASS_NAME, "step") if step.is_displayed()]
    assert [step.get_attribute("id") for step in shown] == ["on-2024-01-30"]
    assert slider.get_attribute("aria-valuetext") == "2024-01-30"


def test_ages_are_counted_by_whoever_looks(browser: webdriver.Chrome, site: Path) -> None:
    browser.get((site / "fernandina.html").as_uri())
    assert "2024-02-11 (2 days ago)" in browser.find_element(By.CLASS_NAME, "facts").text
    assert not browser.find_element(By.ID, "stale").is_displayed()
    text = (site / "fernandina.html").read_text("utf-8")
    later = site / "later.html"
    later.write_text(text.replace('data-seen-from="2024-02-13"', 'data-seen-from=""'), "utf-8")
    browser.get(later.as_uri())
    assert "may no longer stand" in browser.find_element(By.ID, "stale").text


def test_a_page_works_without_scripts(browser: webdriver.Chrome, site: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get("about:blank")  # else it only goes to another place of the page that is there
        browser.get((site / "fernandina.html").as_uri() + "#on-2024-01-30")
        steps = browser.find_elements(By.CSS_SELECTOR, ".step")
        assert len(steps) == 3
        assert browser.find_elements(By.CSS_SELECTOR, ".anchors a")
        assert not browser.find_elements(By.ID, "slider")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
