"""`fringewatch serve`: schedules, server and runs of one process, and nothing left after it."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.home.home import Home, open_home
from catalogs.home.writer_lock import NOTE_NAME, hold_lock
from catalogs.settings import Settings
from tests.end_to_end.service import wait_until
from tests.end_to_end.serving import serving_in
from tests.mail import MailServer
from tests.tasks.messages.conftest import Outbox

pytestmark = pytest.mark.long

_END_S = 120
"""A run has half a minute to end before it is killed."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with nothing in it."""
    return open_home(Home(tmp_path / "home")).root


@pytest.fixture
def mute_portal() -> Iterator[str]:
    """The address of a portal that takes requests and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_messages_go_out_through_what_is_served(tmp_path: Path, home: Path) -> None:
    mail = MailServer()
    mail.start()
    outbox = Outbox(Settings(home=home, notify=(mail.url,)))
    outbox.put("taal")
    (home / "fringewatch.toml").write_text(f'notify = ["{mail.url.get_secret_value()}"]\n')
    try:
        with serving_in(tmp_path, home) as served:
            served.wait()
            assert served.ask("GET", "/api/flows/count", password=None)[0] in {401, 403, 405}
            assert {"nightly", "messages", "heartbeat"} <= set(served.deployments())
            served.run("messages")
            wait_until(lambda: mail.inbox.mails, 240, served.said)
            assert "TAAL STALE" in mail.inbox.lines()[0]
            served.tell(signal.SIGTERM)
            assert served.process.wait(_END_S) == 0, served.said()
            wait_until(served.all_are_gone, 30, served.said)
    finally:
        mail.stop()
    assert served.said().splitlines()[-1].startswith("ended by SIGTERM"), served.said()
    assert "secret-officer" not in served.said()
    assert "Traceback" not in served.said()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_waits_ends_in_a_line(tmp_path: Path, home: Path, number: signal.Signals) -> None:
    with serving_in(tmp_path, home) as served:
        before = served.wait().said()
        served.tell(number)
        assert served.process.wait(_END_S) == 0, served.said()
        wait_until(served.all_are_gone, 30, served.said)
        (line,) = served.said().removeprefix(before).splitlines()
    assert line.startswith(f"ended by {number.name}")


def test_one_that_has_not_started_yet_ends_in_a_line(tmp_path: Path, home: Path) -> None:
    with serving_in(tmp_path, home) as served:
        wait_until(lambda: "starting Prefect" in served.said(), 60, served.said)
        before = served.said()
        served.tell(signal.SIGTERM)
        assert served.process.wait(_END_S) == 0, served.said()
        wait_until(served.all_are_gone, 30, served.said)
        (line,) = served.said().removeprefix(before).splitlines()
    assert line.startswith("ended by SIGTERM")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_ends_with_what_serves_it_and_the_next_start_finds_the_home_free(
    tmp_path: Path, home: Path, mute_portal: str, number: signal.Signals
) -> None:
    days = {"start": "2024-01-01", "end": "2024-03-01"}
    with serving_in(tmp_path, home) as served:
        run = served.wait().run("backfill", volcano="taal", portal=[mute_portal], **days)
        wait_until((home / NOTE_NAME).exists, 120, served.said)  # it holds the home
        served.tell(number)
        code = served.process.wait(_END_S)
        assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0), served.said()
        wait_until(served.all_are_gone, 60, served.said)
    if number is not signal.SIGKILL:  # nobody is left to say it more nicely
        assert served.said().splitlines()[-1].startswith(f"ended by {number.name}")
        assert "Traceback" not in served.said()
    with hold_lock(home, 0):
        pass
    with serving_in(tmp_path, home) as again:
        (found,) = again.wait().post(
            "/api/flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}}
        )
        again.tell(signal.SIGTERM)
        assert again.process.wait(_END_S) == 0, again.said()
    assert found["state"]["type"] in {"CANCELLED", "CRASHED", "RUNNING"}
    if number is not signal.SIGKILL:
        assert found["state"]["name"] == "Cancelled"
