"""`fringewatch serve` keeps the schedules of prefect.yaml."""

import asyncio
import datetime as dt
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.schemas.schedules import CronSchedule

from catalogs.settings import Settings
from flows import served
from flows.orphans import SERVED_BY
from flows.told_to_end import ends_when_told
from fringewatch.errors import ServerUnavailableError
from tests.flows.test_prefect_yaml import DEPLOYMENTS


def test_what_is_served_is_what_is_deployed() -> None:
    for name, each in served.SERVED.items():
        deployment = DEPLOYMENTS[name]
        assert each.flow.name == name
        assert list(each.tags) == deployment["tags"]
        crons = [schedule["cron"] for schedule in deployment["schedules"]]
        assert crons == ([each.cron] if each.cron else [])
    scheduled = {name for name, deployment in DEPLOYMENTS.items() if deployment["schedules"]}
    assert scheduled <= set(served.SERVED)


class FakeRunner:
    """Keeps what it is given, and has asked the server as soon as it starts."""

    made: list["FakeRunner"] = []  # noqa: RUF012 - of the test

    def __init__(self, **words: object) -> None:
        self.words = words
        self.deployments: list[Any] = []
        self.started = False
        self.last_polled: dt.datetime | None = None
        self.cancelled = 0
        self.error: Exception | None = None
        self._stopped = asyncio.Event()
        self.made.append(self)

    async def aadd_deployment(self, deployment: object) -> None:
        self.deployments.append(deployment)

    async def start(self) -> None:
        self.started = True
        await asyncio.sleep(0.05)
        if self.fails:
            words, group = "no answer", "of tasks"
            raise ExceptionGroup(group, [httpx.ConnectError(words)])
        self.last_polled = dt.datetime.now(dt.UTC)
        await self._stopped.wait()
        await asyncio.sleep(0.05)

    async def astop(self) -> None:
        self._stopped.set()

    async def cancel_all(self) -> None:
        self.cancelled += 1

    fails = False


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeRunner]:
    """The runners that are made; the environment is put back."""
    monkeypatch.setattr(served, "Runner", FakeRunner)
    monkeypatch.setattr(FakeRunner, "made", [])
    monkeypatch.setenv("FRINGEWATCH_HOME", "elsewhere")
    monkeypatch.setenv(SERVED_BY, "0")
    return FakeRunner.made


def test_schedules_stay_when_it_ends_and_runs_know_the_home(
    tmp_path: Path, made: list[FakeRunner]
) -> None:
    lines: list[str] = []

    def say(line: str) -> None:
        assert made[0].last_polled  # the server has answered before anything is said
        lines.append(line)
        if line.startswith("serving"):
            os.kill(os.getpid(), signal.SIGTERM)  # from whatever thread, it is for the process

    ended: list[str] = []
    with ends_when_told(ended.append):
        served.serve_schedules(Settings(home=tmp_path), say)
    (line,) = ended
    assert line.startswith("ended by SIGTERM")
    assert os.environ["FRINGEWATCH_HOME"] == str(tmp_path)
    assert os.environ[SERVED_BY] == str(os.getpid())
    (runner,) = made
    assert runner.words == {"pause_on_shutdown": False}
    assert runner.cancelled  # also what was just about to start
    by_name = {each.name: each for each in runner.deployments}
    assert set(by_name) == set(served.SERVED)
    assert by_name["nightly"].entrypoint == "flows.nightly.nightly"
    (schedule,) = by_name["messages"].schedules
    assert schedule.schedule == CronSchedule(cron="*/15 * * * *", timezone="UTC")
    assert by_name["backfill"].schedules == []
    assert "nightly: cron 17 2 * * * UTC" in lines


def test_a_server_that_is_gone_ends_it_with_an_error_of_ours(
    tmp_path: Path, made: list[FakeRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeRunner, "fails", True)
    lines: list[str] = []
    with pytest.raises(ServerUnavailableError, match="no answer"):
        served.serve_schedules(Settings(home=tmp_path), lines.append)
    assert made
    assert not any(line.startswith("serving") for line in lines)
