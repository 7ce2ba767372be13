"""A night whose watch list has a name that is none, and a place over which no frame is known."""

import datetime as dt
from pathlib import Path

import pytest

from catalogs.ledger.ledger import open_ledger
from flows.nightly import nightly
from flows.screen import show_reports
from tasks.records import Outcome
from tests.portal.server import StandInPortal

pytestmark = pytest.mark.usefixtures("prefect_server")

SETTINGS = """
watch = ["fernandia", "fernandina", "nowhere"]
notify = ["json://127.0.0.1:9/x"]
notify_failed_nights = 1
[volcano.nowhere]
latitude = 10.0
longitude = -140.0
"""


def test_it_is_refused_by_itself_and_the_others_have_their_night(
    flow_portal: StandInPortal, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "fringewatch.toml").write_text(SETTINGS)
    state = nightly(None, [flow_portal.url], home, today=dt.date(2024, 2, 1), return_state=True)
    assert state.name == "Partial"
    reports = state.result()
    assert {report.volcano: report.outcome for report in reports} == {
        "fernandina": Outcome.DONE, "fernandia": Outcome.REFUSED, "nowhere": Outcome.REFUSED,
    }  # fmt: skip
    assert show_reports(reports) == 3
    said = capsys.readouterr().out
    assert "did you mean fernandina" in said
    assert "no LiCSAR frame is known for nowhere" in said
    with open_ledger(home / "ledger.sqlite") as ledger:
        (night,) = ledger.runs()
        failed = ledger.failed_nights(dt.datetime.now(dt.UTC))
        messages = ledger.messages()
    assert night.outcome == "partial"
    assert {one.volcano: one.outcome for one in night.volcanoes} == {
        "fernandina": "done", "fernandia": "refused", "nowhere": "refused",
    }  # fmt: skip
    assert {slug: count for slug, (count, _) in failed.items()} == {"fernandia": 1, "nowhere": 1}
    assert any("fernandia" in message.volcanoes for message in messages)
    page = (home / "site" / "index.html").read_text("utf-8")
    assert "did you mean fernandina" in page
    assert (home / "site" / "fernandina.html").is_file()
