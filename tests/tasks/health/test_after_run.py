import datetime as dt
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tasks.health.after_run import after_run, beat
from tasks.health.health import health_of
from tasks.health.metrics import metrics_of
from tests.tasks.health.conftest import NOW, WatchedHome


@pytest.fixture
def listened(well: WatchedHome, httpserver: HTTPServer) -> WatchedHome:
    httpserver.expect_request("/hunter2").respond_with_data("ok")
    well.set(heartbeat_url=SecretStr(httpserver.url_for("/hunter2")), notify=())
    return well


def test_a_good_night_is_told_once(listened: WatchedHome, httpserver: HTTPServer) -> None:
    assert beat(listened.settings) == "called"
    assert beat(listened.settings) == "called before"
    listened.night(0.1, "partial")
    assert beat(listened.settings) == "called"
    assert len(httpserver.log) == 2


def test_a_bad_or_killed_night_is_told_to_nobody(
    listened: WatchedHome, httpserver: HTTPServer
) -> None:
    listened.night(0.1, "later")
    assert beat(listened.settings) == "not called: the last night is later"
    with listened.ledger() as ledger:
        ledger.begin_run("nightly", "0.1", ["taal"])
    assert beat(listened.settings) == "not called: the last night is not ended"
    assert httpserver.log == []


def test_a_heartbeat_that_is_not_reached_is_called_again_later(
    listened: WatchedHome, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogs.portal.heartbeat.sleep", lambda _: None)
    url = listened.settings.heartbeat_url
    listened.set(heartbeat_url=SecretStr("http://127.0.0.1:9/hunter2"))
    assert beat(listened.settings).startswith("not reached: no answer")
    listened.set(heartbeat_url=url)
    assert beat(listened.settings) == "called"


def test_what_fails_after_a_run_is_logged_and_nothing_more(
    listened: WatchedHome, tmp_path: Path, caplog: pytest.LogCaptureFixture, httpserver: HTTPServer
) -> None:
    (tmp_path / "file").write_text("in the way")
    listened.set(metrics_file=tmp_path / "file" / "fringewatch.prom")
    after_run(listened.settings)
    assert "the numbers for Prometheus are not written" in caplog.text
    assert len(httpserver.log) == 1


def test_the_numbers_are_those_of_the_health(listened: WatchedHome, tmp_path: Path) -> None:
    listened.set(watch=("taal", "etna", "fernandina"))
    text = metrics_of(health_of(listened.settings, NOW)).decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["fringewatch_data_age_days", "taal"] == 6
    newest = dt.datetime(2026, 3, 4, tzinfo=dt.UTC).timestamp()
    assert found["fringewatch_newest_acquisition_timestamp_seconds", "taal"] == newest
    assert found["fringewatch_state", "unrest", "etna"] == 1
    assert found["fringewatch_state", "quiet", "etna"] == 0
    assert found["fringewatch_pairs", "etna"] == 1
    assert found["fringewatch_findings", "never fetched"] == 1
    assert found["fringewatch_well",] == 0
    assert ("fringewatch_data_age_days", "fernandina") not in found
    assert found["fringewatch_pairs", "fernandina"] == 0
    file = tmp_path / "metrics" / "fringewatch.prom"
    file.parent.mkdir()
    listened.set(metrics_file=file)
    after_run(listened.settings)
    assert "fringewatch_well" in file.read_text("utf-8")
    assert [path.name for path in file.parent.iterdir()] == [file.name]
