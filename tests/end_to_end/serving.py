"""`fringewatch serve` in a folder of a test, with the server that it starts."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psutil

from tests.end_to_end.commands import COMMAND, clean_environment
from tests.end_to_end.service import Service, wait_until, with_suppressed_kill

_START_S = 240
_TRIES = 5
_UNAVAILABLE = 503


class Serving(Service):
    """The command, started; and its server, asked with the password that it made."""

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(folder)
        self._log = folder / f"serve-{len(list(folder.glob('serve-*')))}.log"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [COMMAND, "serve", "--home", home], stdout=output, stderr=output, cwd=folder,
                env=clean_environment(), start_new_session=True,
            )  # fmt: skip
        self.below: list[psutil.Process] = []

    def wait(self) -> Self:
        """Wait until it says that it serves, and find its server."""
        served = f"{os.linesep}serving "
        wait_until(lambda: served in self.said() or self.has_ended(), _START_S, self.said)
        assert not self.has_ended(), self.said()
        (server,) = [
            child
            for child in psutil.Process(self.process.pid).children()
            if "flows.embedded_server" in child.cmdline()
        ]
        self.port = int(server.cmdline()[-1])
        self.password = server.environ()["PREFECT_SERVER_API_AUTH_STRING"]
        return self

    def said(self) -> str:
        """All that it has said so far."""
        return self._log.read_text("utf-8")

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def deployments(self) -> dict[str, dict[str, Any]]:
        """What is served, by name."""
        return {each["name"]: each for each in self.post("/api/deployments/filter", {})}

    def run(self, deployment: str, **parameters: object) -> str:
        """Ask for a run now; return its id."""
        path = f"/api/deployments/{self.deployments()[deployment]['id']}/create_flow_run"
        return str(self.post(path, {"parameters": parameters})["id"])

    def post(self, path: str, body: object) -> Any:
        """Ask with the password and a token, as Prefect's client does: again where there is none.

        A server whose machine is busy may say for a moment that it is not available.
        """
        for _ in range(_TRIES):
            asked = "/api/csrf-token?client=test"
            status, _, said = self.ask("GET", asked, password=self.password)
            if status == 200:
                headers = {"Prefect-Csrf-Token": said["token"], "Prefect-Csrf-Client": "test"}
                status, _, said = self.ask(
                    "POST", path, body, password=self.password, headers=headers
                )
            if status != _UNAVAILABLE:
                break
            time.sleep(1)
        assert status < 300, said
        return said

    def tell(self, number: signal.Signals) -> None:
        """Send a signal; Ctrl-C goes to all that a terminal has in front."""
        self.below = psutil.Process(self.process.pid).children(recursive=True)
        if number is signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def all_are_gone(self) -> bool:
        """Whether nothing is left of what ran below it when it was told."""
        return not any(map(psutil.Process.is_running, self.below))


@contextmanager
def serving_in(folder: Path, home: Path) -> Iterator[Serving]:
    """A command that ends with the block, with all that it started."""
    serving = Serving(folder, home)
    try:
        yield serving
    finally:
        if not serving.has_ended():
            serving.tell(signal.SIGKILL)
            serving.process.wait(60)
        for each in serving.below:
            with_suppressed_kill(each)
