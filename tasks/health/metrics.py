"""Numbers for Prometheus: a text file for the node exporter's collector, whole or not at all."""

import datetime as dt
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from fringewatch.atomic import write_atomically
from fringewatch.errors import HomeError
from tasks.health.health import fault_of_metrics_file
from tasks.health.records import Check, Health, VolcanoHealth

STATES: Final = ("quiet", "watch", "unrest", "unknown", "no data", "masked")


def write_metrics(health: Health, path: Path) -> None:
    """Write the numbers of a health to a file.

    Raises
    ------
    HomeError
        If the folder is not there (none is made: whoever collects the numbers would not look into
        it), or the disk is full or cannot be written.
    """
    fault = fault_of_metrics_file(path)
    if fault:
        raise HomeError(fault)
    write_atomically(path, metrics_of(health))


def metrics_of(health: Health) -> bytes:
    """Return the numbers in Prometheus' text format; what is not known has no sample.

    Times are seconds since 1970, UTC, as is usual there.
    """
    registry = CollectorRegistry()
    _add_volcanoes(registry, health.volcanoes)
    _add_watch(registry, health)
    return generate_latest(registry)


def _gauge(registry: CollectorRegistry, name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"fringewatch_{name}", meaning, labels, registry=registry)


def _add_volcanoes(registry: CollectorRegistry, volcanoes: Iterable[VolcanoHealth]) -> None:
    """Add the gauges of single volcanoes."""
    gauge = partial(_gauge, registry)
    newest = gauge("newest_acquisition_timestamp_seconds", "Of the newest data here", "volcano")
    age = gauge("data_age_days", "Age of the newest data", "volcano")
    success = gauge("last_success_timestamp_seconds", "Last run that brought something", "volcano")
    pairs = gauge("pairs", "Interferograms in the cubes", "volcano")
    state = gauge("state", "1 for the state that the volcano is in", "volcano", "state")
    failed = gauge("failed_nights", "Nights in a row that brought nothing", "volcano")
    for each in volcanoes:
        if each.newest is not None and each.age_days is not None:
            midnight = dt.datetime.combine(each.newest, dt.time(), dt.UTC)
            newest.labels(each.volcano).set(midnight.timestamp())
            age.labels(each.volcano).set(each.age_days)
        if each.last_success is not None:
            success.labels(each.volcano).set(each.last_success.timestamp())
        pairs.labels(each.volcano).set(each.pairs)
        failed.labels(each.volcano).set(each.failed_nights)
        for name in STATES:
            state.labels(each.volcano, name).set(each.state == name)


def _add_watch(registry: CollectorRegistry, health: Health) -> None:
    """Add the gauges of the watch as a whole."""
    gauge = partial(_gauge, registry)
    found = gauge("findings", "What a person has to see to, by check", "check")
    for check in Check:
        found.labels(check.value).set(sum(f.check is check for f in health.findings))
    gauge("well", "1 if there is no finding").set(health.is_well)
    gauge("looked_timestamp_seconds", "When these numbers were made").set(health.at.timestamp())
    if health.last_night is not None:
        started = gauge("last_night_timestamp_seconds", "When the last night began")
        started.set(health.last_night.started_at.timestamp())
    if health.disk is not None:
        gauge("disk_free_bytes", "On the disk of the home").set(health.disk.free_bytes)
        if health.disk.days_left is not None:
            gauge("disk_days_left", "Until it is full, at its growth").set(health.disk.days_left)
    waiting = gauge("messages_waiting", "Messages that a channel did not get yet", "channel")
    for channel in health.channels:
        waiting.labels(channel.name).set(channel.waiting)
