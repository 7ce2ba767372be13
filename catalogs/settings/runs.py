"""How a run goes: where things lie, who works, which nights, and when it is unwell."""

import datetime as dt
from pathlib import Path

from pydantic import Field

from catalogs.settings.kinds import EmptyIsNone, HourUtc, SecretAddress, SettingGroup


class RunSettings(SettingGroup):
    """Places, machine, nights and health."""

    home: Path = Field(
        default=Path("fringewatch-data"), description="folder that holds everything that is kept"
    )
    storage: str = Field(
        default="",
        description="where cubes, corpora, models and tables lie, if not in the home: a folder, or "
        "s3://bucket/prefix; the ledger always lies in the home",
    )
    busy_wait_minutes: float = Field(
        default=30.0,
        ge=0.0,
        le=1440.0,
        description="how long a run waits for another that writes to its home",
    )
    pairs_per_batch: int = Field(
        default=24, ge=1, le=500, description="pairs downloaded before they are tiled together"
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="processes that share large work; 0: one for each processor, 1: this one",
    )
    worker_memory_gb: float = Field(
        default=2.0, gt=0.0, description="memory at which an embedded worker is stopped"
    )
    scheduler: str = Field(
        default="", description="address of a Dask scheduler, instead of embedded workers"
    )

    watch: tuple[str, ...] = Field(default=(), description="volcanoes that nightly looks after")
    lookback_days: int = Field(
        default=90, ge=1, le=3650, description="how far back nightly looks for pairs it has not"
    )
    retry_until: HourUtc = Field(
        default=dt.time(6),
        description="hour (UTC) until which nightly asks again for volcanoes that got nothing; "
        "empty for not at all",
    )
    retry_pause_minutes: float = Field(
        default=15.0, gt=0.0, le=720.0, description="pause before nightly asks for them again"
    )

    stale_days: int = Field(
        default=30, ge=1, le=3650, description="age of the newest data at which a volcano is stale"
    )
    night_hours: float = Field(
        default=26.0,
        gt=0.0,
        le=8760.0,
        description="a night that is longer ago than this did not run when it should have",
    )
    disk_days: float = Field(
        default=30.0,
        ge=0.0,
        le=3650.0,
        description="health warns when the disk will be full within so many days, at its growth",
    )
    heartbeat_url: SecretAddress = Field(
        default=None, description="address that is asked for after each good night"
    )
    metrics_file: EmptyIsNone[Path] = Field(
        default=None, description="text file for Prometheus, written after each run"
    )
