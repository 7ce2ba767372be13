"""The watch as a service: server and worker as the unit files start them, in a folder of a test."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.end_to_end.commands import clean_environment

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "docs" / "systemd"
BIN = Path(sys.executable).parent
PASSWORD = "fringewatch:of-this-test"  # noqa: S105 - opens a server of the test alone
START_S = 240


def settings_of(text: str) -> dict[str, str]:
    """The variables of an environment file, as a shell and systemd read them."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


def unit_value(unit: str, name: str) -> str:
    """What a unit file says of `name`, once."""
    lines = (UNITS / unit).read_text("utf-8").splitlines()
    (value,) = (line.removeprefix(f"{name}=") for line in lines if line.startswith(f"{name}="))
    return value


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Service:
    """The documented environment, with folders and port of the test; nothing is started yet."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = (
            clean_environment()
            | settings_of(self.placed((UNITS / "fringewatch.env").read_text("utf-8")))
            | {
                "PREFECT_SERVER_API_AUTH_STRING": PASSWORD,
                "PREFECT_API_AUTH_STRING": PASSWORD,
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            }
            | more
        )
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def placed(self, text: str) -> str:
        """The text with the documented places turned into those of the test."""
        return (
            text.replace("/opt/fringewatch/.venv/bin", str(BIN))
            .replace("/opt/fringewatch", str(ROOT))
            .replace("/var/lib/fringewatch", str(self.folder))
            .replace(":4200", f":{self.port}")
            .replace("API_PORT=4200", f"API_PORT={self.port}")
        )

    @property
    def home(self) -> Path:
        """The home that flows write to."""
        return Path(self.environment["FRINGEWATCH_HOME"])

    @property
    def url(self) -> str:
        """The server's address, without ``/api``."""
        return f"http://127.0.0.1:{self.port}"

    def log(self, part: str) -> str:
        """All that a part (``server`` or ``worker``) has said so far."""
        path = self.folder / f"{part}.log"
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    def start(self, part: str) -> None:
        """Start the part as its unit does; the server is waited for."""
        words = self.placed(unit_value(f"fringewatch-{part}.service", "ExecStart"))
        with (self.folder / f"{part}.log").open("ab") as output:
            self._started[part] = subprocess.Popen(
                shlex.split(words), stdout=output, stderr=subprocess.STDOUT, cwd=ROOT,
                env=self.environment,
            )  # fmt: skip
        if part == "server":
            wait_until(self.answers, START_S, lambda: f"no server: {self.log('server')}")

    def answers(self) -> bool:
        """Whether the server says that it is well."""
        try:
            return self.ask("GET", "/api/health", password=None)[0] == 200
        except OSError:
            return False

    def pid(self, part: str) -> int:
        """The process of a part that was started."""
        return self._started[part].pid

    def kill(self, part: str) -> None:
        """End a part as a power cut does: with all that it started."""
        process = self._started.pop(part)
        for each in [*psutil.Process(process.pid).children(recursive=True)]:
            with_suppressed_kill(each)
        process.kill()
        process.wait(60)

    def stop(self) -> None:
        """End what still runs as systemd does."""
        for part in ("worker", "server"):
            if process := self._started.pop(part, None):
                below = psutil.Process(process.pid).children(recursive=True)
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                for each in below:
                    with_suppressed_kill(each)

    def prefect(self, *words: str) -> str:
        """Return what a command of Prefect's printed; it must succeed."""
        done = subprocess.run(
            [BIN / "prefect", "--no-prompt", *words], capture_output=True, text=True, check=False,
            env=self.environment, cwd=ROOT, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        password: str | None = PASSWORD,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], Any]:
        """Return status, headers (lower case) and JSON of an answer of the server."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if password is not None:
            sent["Authorization"] = f"Basic {b64encode(password.encode()).decode()}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, sent, method=method)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
                status, text, got = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            status, text, got = error.code, error.read(), error.headers
        try:
            said = json.loads(text)
        except ValueError:
            said = text
        return status, {name.lower(): value for name, value in got.items()}, said

    def token(self) -> dict[str, str]:
        """Headers that prove to the server that a request is no other page's."""
        status, _, said = self.ask("GET", "/api/csrf-token?client=test")
        assert status == 200, said
        return {"Prefect-Csrf-Token": said["token"], "Prefect-Csrf-Client": "test"}

    def rows(self, kind: str, **rules: object) -> list[dict[str, Any]]:
        """Rows of one kind (``flow_runs``, ``logs`` ...) that fit Prefect's filter rules."""
        for _ in range(3):
            path, token = f"/api/{kind}/filter", self.token()
            status, _, said = self.ask("POST", path, dict(rules), headers=token)
            if status != 403:  # a server with more to do than it can may lose a token it gave
                break
        assert status == 200, said
        return list(said)

    def runs_of(self, deployment: str) -> list[dict[str, Any]]:
        """Runs of a deployment, those to come as well, in the order of their times."""
        rules = {"deployments": {"name": {"any_": [deployment]}}}
        found = self.rows("flow_runs", **rules, sort="EXPECTED_START_TIME_ASC")
        return [run for run in found if run["state_type"] is not None]

    def deploy_copy(self, name: str, cron: str, parameters: Mapping[str, object]) -> None:
        """Add a deployment of the nightly flow with a schedule of the test's."""
        words = ["deploy", "--prefect-file", str(self._one_deployment(name, cron, parameters))]
        self.prefect(*words, "--all")

    def _one_deployment(self, name: str, cron: str, parameters: Mapping[str, object]) -> Path:
        import yaml  # noqa: PLC0415 - of the tests' own packages

        config = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
        (nightly,) = (each for each in config["deployments"] if each["name"] == "nightly")
        schedule = {**nightly["schedules"][0], "cron": cron, "slug": name}
        copy = {**nightly, "name": name, "schedules": [schedule], "parameters": dict(parameters)}
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**config, "deployments": [copy]}), "utf-8")
        return path


def with_suppressed_kill(process: psutil.Process) -> None:
    """Kill a process that may have ended already."""
    try:
        process.kill()
        process.wait(30)
    except psutil.NoSuchProcess:
        return


@contextmanager
def service_in(folder: Path, **more: str) -> Iterator[Service]:
    """A service whose processes end with the block."""
    service = Service(folder, **more)
    try:
        yield service
    finally:
        service.stop()


def wait_until(
    is_so: Callable[[], object], seconds: float, complaint: Callable[[], str] | str
) -> None:
    """Wait until something is so; fail with the complaint if it is not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return
        time.sleep(0.5)
    pytest.fail(complaint if isinstance(complaint, str) else complaint())
