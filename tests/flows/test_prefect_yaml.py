"""The deployments: entrypoints resolve, parameters fit, schedules are what they say."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text())
DEPLOYMENTS: dict[str, dict[str, Any]] = {
    deployment["name"]: deployment for deployment in CONFIG["deployments"]
}


def flow_of(deployment: dict[str, Any]) -> Flow[Any, Any]:
    file, name = deployment["entrypoint"].split(":")
    assert (ROOT / file).is_file()
    flow = getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)
    assert isinstance(flow, Flow)
    return flow


def test_the_deployments_are_those_of_the_house() -> None:
    assert set(DEPLOYMENTS) == {
        "nightly",
        "messages",
        "heartbeat",
        "backfill",
        "rebuild-corpus",
        "pretrain",
        "tune",
        "probe",
        "verify",
    }


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_entrypoint_is_a_flow_of_that_name_and_takes_the_parameters(name: str) -> None:
    deployment = DEPLOYMENTS[name]
    flow = flow_of(deployment)
    assert flow.name == name
    known = flow.parameters.properties
    assert set(deployment["parameters"]) <= set(known)
    assert deployment["enforce_parameter_schema"] is True
    assert deployment["work_pool"]["name"] == "observatory"
    assert deployment["description"]


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_one_at_a_time_of_the_home_of_the_device_or_of_the_deployment(name: str) -> None:
    """The home's lock ends with its process; a limit of Prefect's outlives a power cut."""
    deployment = DEPLOYMENTS[name]
    if "gpu" in deployment["tags"]:
        source = (ROOT / deployment["entrypoint"].split(":")[0]).read_text("utf-8")
        assert "with alone_on(" in source
    elif name == "rebuild-corpus":
        assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    else:
        assert "concurrency_limit" not in deployment


@pytest.mark.parametrize(("name", "days"), [("nightly", "*"), ("verify", "0")])
def test_a_schedule_is_in_utc_at_an_odd_minute(name: str, days: str) -> None:
    (schedule,) = DEPLOYMENTS[name]["schedules"]
    assert schedule["timezone"] == "UTC"
    cron = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
    minute, hour, *rest = cron.cron.split()
    assert rest == ["*", "*", days]
    assert 0 < int(minute) < 60
    assert 0 <= int(hour) < 24


@pytest.mark.parametrize(("name", "cron"), [("messages", "*/15"), ("heartbeat", "41")])
def test_messages_and_heartbeat_run_all_day(name: str, cron: str) -> None:
    (schedule,) = DEPLOYMENTS[name]["schedules"]
    assert (schedule["cron"], schedule["timezone"]) == (f"{cron} * * * *", "UTC")


def test_nothing_else_runs_by_itself() -> None:
    scheduled = {name for name, deployment in DEPLOYMENTS.items() if deployment["schedules"]}
    assert scheduled == {"nightly", "messages", "heartbeat", "verify"}


def test_a_worker_is_told_where_the_checkout_is() -> None:
    (step,) = CONFIG["pull"]
    (directory,) = step["prefect.deployments.steps.set_working_directory"].values()
    assert directory == "{{ $CHECKOUT }}"
