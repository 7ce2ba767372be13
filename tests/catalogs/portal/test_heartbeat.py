import logging

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from werkzeug import Response

from catalogs.portal.heartbeat import call_heartbeat

AGENT = "fringewatch-test"


@pytest.fixture
def url(httpserver: HTTPServer) -> SecretStr:
    return SecretStr(httpserver.url_for("/hunter2"))


def test_it_is_called_once_and_says_who_we_are(httpserver: HTTPServer, url: SecretStr) -> None:
    httpserver.expect_request("/hunter2").respond_with_data("ok")
    assert call_heartbeat(url, AGENT) == ""
    ((request, _),) = httpserver.log
    assert request.headers["User-Agent"] == AGENT


def test_it_is_asked_again_when_it_stumbles(httpserver: HTTPServer, url: SecretStr) -> None:
    httpserver.expect_ordered_request("/hunter2").respond_with_data("no", status=503)
    httpserver.expect_ordered_request("/hunter2").respond_with_data("ok")
    assert call_heartbeat(url, AGENT, pause_s=0.01) == ""


def test_why_it_is_not_reached_is_said_without_its_address(
    httpserver: HTTPServer, url: SecretStr, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    httpserver.expect_request("/hunter2").respond_with_data("no", status=404)
    assert call_heartbeat(url, AGENT, pause_s=0.01) == "it answered 404"
    dead = call_heartbeat(SecretStr("http://127.0.0.1:9/hunter2"), AGENT, pause_s=0.01)
    assert dead == "no answer (ConnectionError)"
    odd = call_heartbeat(SecretStr("http://127.0.0.1:hunter2/"), AGENT, pause_s=0.01)
    assert odd == "no answer (ValueError)"
    ours = [record for record in caplog.records if record.name != "werkzeug"]  # the server's own
    assert "hunter2" not in str([record.getMessage() for record in ours])


def test_a_redirect_to_strangers_is_not_followed(httpserver: HTTPServer, url: SecretStr) -> None:
    there = Response("", status=302, headers={"Location": "http://stranger.example/hunter2"})
    httpserver.expect_request("/hunter2").respond_with_response(there)
    assert call_heartbeat(url, AGENT, pause_s=0.01) == "no answer (ForeignHostError)"
