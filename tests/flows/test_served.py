"""`fringewatch serve` keeps the schedules of prefect.yaml."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.schedules import CronSchedule

from catalogs.settings import Settings
from flows import served
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


def test_schedules_stay_when_it_ends_and_runs_know_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def serve(*deployments: object, **words: object) -> None:
        given.update(words, deployments=deployments)

    monkeypatch.setattr(served, "serve", serve)
    monkeypatch.setenv("FRINGEWATCH_HOME", "elsewhere")
    lines: list[str] = []
    say: Callable[[str], None] = lines.append
    served.serve_schedules(Settings(home=tmp_path), say)
    assert os.environ["FRINGEWATCH_HOME"] == str(tmp_path)
    assert given["pause_on_shutdown"] is False
    by_name = {each.name: each for each in given["deployments"]}
    assert set(by_name) == set(served.SERVED)
    assert by_name["nightly"].entrypoint == "flows.nightly.nightly"
    (schedule,) = by_name["messages"].schedules
    assert schedule.schedule == CronSchedule(cron="*/15 * * * *", timezone="UTC")
    assert by_name["backfill"].schedules == []
    assert "nightly: cron 17 2 * * * UTC" in lines
