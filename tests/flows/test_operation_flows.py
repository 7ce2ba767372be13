"""Messages and heartbeat as flows, and what a night leaves for them."""

import datetime as dt
import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from catalogs.ledger.ledger import open_ledger
from flows.heartbeat import heartbeat
from flows.messages import messages
from flows.nightly import nightly
from tests.flows.test_run_pages import artifacts_of
from tests.mail import MailServer
from tests.portal.server import StandInPortal
from tests.tasks.messages.conftest import mail

__all__ = ["mail"]  # pytest finds fixtures by their names here

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_a_night_tells_of_unrest_calls_the_heartbeat_and_links_its_pages(
    flow_portal: StandInPortal,
    home: Path,
    mail: MailServer,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    httpserver.expect_request("/hunter2").respond_with_data("ok")
    monkeypatch.setattr("tasks.messages.standing.today_utc", lambda: dt.date(2024, 1, 31))
    home.mkdir()
    (home / "fringewatch.toml").write_text(
        f"notify = {json.dumps([mail.url.get_secret_value()])}\n"
        f'heartbeat_url = "{httpserver.url_for("/hunter2")}"\n'
        f'site_url = "https://v.example"\nmetrics_file = "{home}/fringewatch.prom"\n'
        "stale_days = 3650\n"
    )
    night = (["fernandina"], [flow_portal.url], home)
    state = nightly(*night, today=dt.date(2024, 2, 1), return_state=True)
    nightly(*night, today=dt.date(2024, 2, 1))
    (line,) = mail.inbox.lines()
    assert line.startswith("[Fringewatch] FERNANDINA UNREST (new) 2024-01-30 UTC, p ")
    assert "2 of 2 pairs, 128D" in line or "128D" in line
    assert line.endswith("https://v.example/fernandina.html")
    assert len(httpserver.log) == 2  # one for each night
    assert 'fringewatch_state{state="unrest",volcano="fernandina"}' in (
        home / "fringewatch.prom"
    ).read_text("utf-8")
    with open_ledger(home / "ledger.sqlite") as ledger:
        runs = ledger.runs()
    assert [(run.kind, run.outcome) for run in runs] == [("nightly", "done")] * 2
    assert runs[0].heartbeat_at is not None
    assert state.state_details.flow_run_id is not None
    found = artifacts_of(state.state_details.flow_run_id)
    assert "https://v.example/index.html" in found["fringewatch-pages"]
    assert "https://v.example/fernandina.html" in found["fringewatch-report"]
    used = (home / "detections" / "fernandina" / "settings.json").read_text("utf-8")
    assert "secret-officer" not in used
    assert "hunter2" not in used

    assert [report.sent for report in messages(home)] == [0]
    ended = heartbeat(home, return_state=True)  # its data are from 2024
    assert (ended.name, ended.is_failed()) == ("Unwell", True)
    assert "NOT WELL" in str(ended.message)


def test_a_dead_channel_ends_the_messages_as_partial_and_stops_no_night(
    flow_portal: StandInPortal, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.messages.standing.today_utc", lambda: dt.date(2024, 1, 31))
    home.mkdir()
    (home / "fringewatch.toml").write_text(
        'notify = ["json://127.0.0.1:9/hunter2", "nosuch://hunter2"]\nstale_days = 3650\n'
    )
    state = nightly(
        ["fernandina"], [flow_portal.url], home, today=dt.date(2024, 2, 1), return_state=True
    )
    assert state.name == "Completed"
    ended = messages(home, return_state=True)
    assert ended.name == "Partial"
    assert "notify 1 (json): 0 sent, 1 waiting, failing since" in str(ended.message)
    assert "notify 2 (nosuch)" in str(ended.message)
    assert "hunter2" not in str(ended.message)
