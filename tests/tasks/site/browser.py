"""A real browser for pages: Debian's Chromium by Selenium, which asks nobody outside."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--window-size=1200,900",
)  # fmt: skip
AXE = Path(os.environ.get("AXE_CORE", "node_modules/axe-core/axe.min.js"))
"""Where ``npm install axe-core`` puts it."""


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """Give a browser with an empty profile; skip where none is installed."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.skip("no browser: apt-get install chromium chromium-driver")
    browser, driver = map(str, programs)
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    session = webdriver.Chrome(options=options, service=Service(driver))
    try:
        session.get("about:blank")  # not the browser's own page, which asks for much
        yield session
    finally:
        session.quit()


def look(browser: webdriver.Chrome, width: int, scheme: str) -> None:
    """Look at pages from now on with so wide a window, in light or in dark."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def printed_pages(browser: webdriver.Chrome) -> int:
    """How many sheets the page takes when it is printed by whoever has it dark."""
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    options = {"preferCSSPageSize": True, "printBackground": True}
    answer = browser.execute_cdp_cmd("Page.printToPDF", options)
    return base64.b64decode(answer["data"]).count(b"/Type /Page\n")


def requested(browser: webdriver.Chrome) -> list[str]:
    """Addresses outside the page and the browser that were asked for since this was last asked."""
    entries = browser.get_log("performance")  # type: ignore[no-untyped-call]
    events = [json.loads(entry["message"])["message"] for entry in entries]
    sent = [one for one in events if one["method"] == "Network.requestWillBeSent"]
    urls = [str(one["params"]["request"]["url"]) for one in sent]
    return [url for url in urls if not url.startswith(("data:", "chrome:", "about:"))]


def violations(browser: webdriver.Chrome) -> list[str]:
    """What axe-core has to say of the page."""
    if not AXE.is_file():
        pytest.skip(f"axe-core is not at {AXE}: npm install axe-core, or set AXE_CORE")
    browser.execute_script(AXE.read_text("utf-8"))
    run = "axe.run().then(arguments[arguments.length - 1])"
    found: Any = browser.execute_async_script(run)
    return [
        f"{one['id']}: {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
