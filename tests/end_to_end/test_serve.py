"""`fringewatch serve`: schedules, server and runs of one process, and nothing left after it."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from catalogs.home.home import Home, open_home
from catalogs.settings import Settings
from tests.end_to_end.commands import COMMAND, clean_environment
from tests.end_to_end.service import Service, wait_until
from tests.mail import MailServer
from tests.tasks.messages.conftest import Outbox

pytestmark = pytest.mark.long


class Own(Service):
    """The server that the command started, asked with the password that it made."""

    def __init__(self, folder: Path, process: psutil.Process) -> None:
        super().__init__(folder)
        (server,) = [
            child for child in process.children() if "flows.embedded_server" in child.cmdline()
        ]
        self.port = int(server.cmdline()[-1])
        self.password = server.environ()["PREFECT_SERVER_API_AUTH_STRING"]

    def post(self, path: str, body: object) -> object:
        """Ask with the password, and with a token of the server's."""
        status, _, said = self.ask("GET", "/api/csrf-token?client=test", password=self.password)
        assert status == 200, said
        headers = {"Prefect-Csrf-Token": said["token"], "Prefect-Csrf-Client": "test"}
        status, _, said = self.ask("POST", path, body, password=self.password, headers=headers)
        assert status < 300, said
        return said


def test_messages_go_out_through_what_is_served(tmp_path: Path) -> None:
    mail = MailServer()
    mail.start()
    home = open_home(Home(tmp_path / "home")).root
    outbox = Outbox(Settings(home=home, notify=(mail.url,)))
    outbox.put("taal")
    (home / "fringewatch.toml").write_text(f'notify = ["{mail.url.get_secret_value()}"]\n')
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, "serve", "--home", home], stdout=output, stderr=output, cwd=tmp_path,
            env=clean_environment(),
        )  # fmt: skip
    below: list[psutil.Process] = []
    try:
        wait_until(lambda: "serving" in log.read_text("utf-8"), 240, lambda: log.read_text("utf-8"))
        own = Own(tmp_path, psutil.Process(process.pid))
        assert own.ask("GET", "/api/flows/count", password=None)[0] in {401, 403, 405}
        by_name = {}

        def served() -> bool:
            found = own.post("/api/deployments/filter", {})
            assert isinstance(found, list)
            by_name.update({each["name"]: each for each in found})
            return {"nightly", "messages", "heartbeat"} <= set(by_name)

        wait_until(served, 120, lambda: log.read_text("utf-8"))
        own.post(f"/api/deployments/{by_name['messages']['id']}/create_flow_run", {})
        wait_until(lambda: mail.inbox.mails, 240, lambda: log.read_text("utf-8"))
        assert "TAAL STALE" in mail.inbox.lines()[0]
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0, log.read_text("utf-8")
    finally:
        process.kill()
        process.wait()
        mail.stop()
        ended_by = time.monotonic() + 30
        while time.monotonic() < ended_by and any(map(psutil.Process.is_running, below)):
            time.sleep(0.2)
    assert not any(map(psutil.Process.is_running, below))
    said = log.read_text("utf-8")
    assert "secret-officer" not in said
    assert os.linesep + "Traceback" not in said
