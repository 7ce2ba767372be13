import datetime as dt
import logging

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tasks.messages.channel import channel_name, send
from tasks.messages.words import Text
from tests.mail import MailServer

TEXT = Text("[Fringewatch] TAAL UNREST", "line <b>1</b> & 2", ("why", "where"))
NOW = dt.datetime(2024, 3, 7, tzinfo=dt.UTC)


def test_a_mail_is_plain_text_under_a_stable_id(mail: MailServer) -> None:
    assert send(mail.url, TEXT, "abc").taken
    assert send(mail.url, TEXT, "abc").taken
    first, second = mail.inbox.mails
    assert first["Subject"] == "[Fringewatch] TAAL UNREST"
    assert first["To"] == "secret-officer@observatory.example"
    assert first.get_content_type() == "text/plain"
    assert first.get_content().splitlines() == ["line <b>1</b> & 2", "", "why", "where"]
    assert first["Message-ID"] == second["Message-ID"]
    assert "abc" in first["Message-ID"]


def test_a_webhook_gets_the_line_and_the_mark(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    httpserver.expect_request("/hook/hunter2").respond_with_data("ok")
    url = SecretStr(f"json://{httpserver.host}:{httpserver.port}/hook/hunter2")
    assert send(url, TEXT, "abc").taken
    ((request, _),) = httpserver.log
    assert request.headers["Idempotency-Key"] == "abc"
    assert request.json["title"] == TEXT.title
    assert request.json["message"].splitlines()[0] == TEXT.line
    ours = [record for record in caplog.records if record.name != "werkzeug"]  # the server's own
    assert "hunter2" not in str([record.getMessage() for record in ours])


SECRETS = ("hunter2", "watchman", "officer", "observatory", "k3y", "t0k")


@pytest.mark.parametrize(
    "form",
    [
        "json://watchman:hunter2@HOST/k3y/t0ken?x=t0k",
        "mailto://watchman:hunter2@HOST?from=watchman@observatory.example"
        "&to=officer@observatory.example&mode=insecure",
        "ntfy://watchman:hunter2@HOST/k3y-topic",
        "form://watchman:hunter2@HOST/k3y",
    ],
)
def test_a_dead_channel_says_why_without_a_word_of_its_address(
    form: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    attempt = send(SecretStr(form.replace("HOST", "127.0.0.1:9")), TEXT, "abc")
    assert not attempt.taken
    assert "refused" in attempt.reason.lower() or "error" in attempt.reason.lower()
    shown = attempt.reason + caplog.text + "".join(capfd.readouterr())
    assert not [word for word in SECRETS if word in shown.lower()]
    assert "127.0.0.1" not in shown


def test_a_channel_that_refuses_says_so(mail: MailServer, httpserver: HTTPServer) -> None:
    mail.inbox.refuse = True
    attempt = send(mail.url, TEXT, "abc")
    assert not attempt.taken
    assert "451" in attempt.reason
    assert "officer" not in attempt.reason
    httpserver.expect_request("/").respond_with_data("no", status=503)
    attempt = send(SecretStr(f"json://{httpserver.host}:{httpserver.port}/"), TEXT, "abc")
    assert "503" in attempt.reason


@pytest.mark.parametrize(
    "address", ["nosuch://user:hunter2@host", "mailto://", "tgram://hunter2", "json://"]
)
def test_a_malformed_address_is_named_without_its_secret(address: str) -> None:
    attempt = send(SecretStr(address), TEXT, "abc")
    assert not attempt.taken
    assert "malformed" in attempt.reason
    assert "hunter2" not in attempt.reason
    name = channel_name(SecretStr(address))
    assert name.startswith(address.partition(":")[0])
    assert "hunter2" not in name


@pytest.mark.parametrize("text", ["hunter2", "watchman:hunter2@officer", "hun ter2://officer", ""])
def test_an_address_without_a_scheme_is_a_channel_that_does_not_work(text: str) -> None:
    url = SecretStr(text)
    assert channel_name(url).startswith("malformed-")
    attempt = send(url, TEXT, "abc")
    assert not attempt.taken
    assert attempt.reason.startswith("its address is malformed")
    assert not any(secret in attempt.reason + channel_name(url) for secret in SECRETS)
