import dataclasses
import datetime as dt
import itertools
import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal import hosts
from catalogs.portal.answers import read_page
from catalogs.portal.hosts import Host, HostPausedError, Manners, host_at
from catalogs.portal.session import SessionSettings, make_session
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError
from tests.catalogs.portal.conftest import FRAME, HERE, QUICK
from tests.portal import Fault, FaultKind, StandInPortal

LISTING = f"/51/{FRAME}/interferograms/"
PATIENT = Manners(failures_before_pause=3, pause_s=60.0)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lock = threading.Lock()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(hosts, "monotonic", clock.monotonic)
    monkeypatch.setattr(hosts, "sleep", clock.sleep)
    return clock


@pytest.fixture
def other_portal(portal: StandInPortal) -> Iterator[StandInPortal]:
    with StandInPortal(portal.tree) as other:
        yield other


def start_times(clock: Clock, manners: Manners, count: int) -> list[float]:
    host, times = Host("portal.example"), []
    for _ in range(count):
        with host.visit(manners):
            times.append(clock.now)
    return times


def fail(host: Host, times: int = 1, manners: Manners = PATIENT) -> None:
    for number in range(times):
        with host.visit(manners) as visit:
            visit.failed(f"503 number {number}")


def test_five_requests_start_within_a_second(clock: Clock) -> None:
    times = start_times(clock, Manners(), 11)
    assert times == [1000.0] * 5 + [1001.0] * 5 + [1002.0]


@given(st.floats(0.1, 50), st.lists(st.floats(0, 2), min_size=1, max_size=40))
def test_no_second_sees_more_requests_than_allowed(rate: float, gaps: list[float]) -> None:
    clock, host, times = Clock(), Host("portal.example"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hosts, "monotonic", clock.monotonic)
        patch.setattr(hosts, "sleep", clock.sleep)
        for gap in gaps:
            clock.sleep(gap)
            with host.visit(Manners(requests_per_s=rate)):
                times.append(clock.now)
    at_once = max(1, math.floor(rate))
    for first, beyond in zip(times, times[at_once:], strict=False):
        assert beyond - first >= at_once / rate * (1 - 1e-9)


def test_a_host_that_asks_for_time_gets_it_from_everybody(clock: Clock) -> None:
    host = Host("portal.example")
    host.hold(30.0)
    host.hold(7.0)  # the longer one counts
    with host.visit(Manners()):
        assert clock.now == 1030.0


def test_as_many_answers_are_under_way_as_allowed() -> None:
    host, most, enough = Host("portal.example"), 0, Manners(requests_per_s=10_000)

    def visit(_: int) -> None:
        nonlocal most
        with host.visit(enough):
            most = max(most, host.under_way)
            time.sleep(0.01)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(visit, range(24)))
    assert (most, host.under_way) == (4, 0)


def test_a_host_is_left_alone_after_failures_in_a_row(clock: Clock) -> None:
    host = Host("portal.example")
    fail(host, 2)
    with host.visit(PATIENT) as visit:
        visit.succeeded()
    fail(host, 3)
    before = dt.datetime.now(dt.UTC)
    with pytest.raises(HostPausedError, match=r"portal\.example .*503 number 2") as caught:
        fail(host)
    wait = caught.value.until - before
    assert dt.timedelta(seconds=59) < wait <= dt.timedelta(seconds=61)
    assert f"{caught.value.until:%H:%M:%S} UTC" in str(caught.value)
    assert isinstance(caught.value, SourceUnavailableError)


def test_one_request_tries_whether_it_is_back(clock: Clock) -> None:
    host = Host("portal.example")
    fail(host, 3)
    clock.sleep(60.0)
    with host.visit(PATIENT) as trial:
        with pytest.raises(HostPausedError):
            fail(host)  # the others wait for what becomes of it
        trial.succeeded()
        with host.visit(PATIENT):
            pass
    fail(host, 2)
    with host.visit(PATIENT):
        pass


def test_a_failed_trial_is_a_new_pause(clock: Clock) -> None:
    host = Host("portal.example")
    fail(host, 3)
    for _ in range(2):
        clock.sleep(59.0)
        with pytest.raises(HostPausedError):
            fail(host)
        clock.sleep(1.0)
        fail(host)


def test_a_trial_that_was_interrupted_lets_the_next_one_try(clock: Clock) -> None:
    host = Host("portal.example")
    fail(host, 3)
    clock.sleep(60.0)
    with pytest.raises(KeyboardInterrupt), host.visit(PATIENT):
        raise KeyboardInterrupt
    with host.visit(PATIENT) as visit:
        visit.succeeded()
    assert (host.failures, host.under_way) == (0, 0)


def test_who_waits_for_a_connection_is_told_of_the_pause() -> None:
    host, single = Host("portal.example"), dataclasses.replace(PATIENT, connections=1)
    refused = threading.Event()

    def wait() -> None:
        with pytest.raises(HostPausedError):
            fail(host, manners=single)
        refused.set()

    with ExitStack() as stack:
        visit = stack.enter_context(host.visit(single))
        thread = threading.Thread(target=wait)
        thread.start()
        for _ in range(3):
            visit.failed("503")
    assert refused.wait(5.0)
    thread.join()


def test_hosts_are_told_apart_by_name_and_port() -> None:
    assert host_at("http://A.example:8/a") is host_at("https://a.example:8/b?c")
    assert host_at("http://a.example:8/") is not host_at("http://a.example:9/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *itertools.product(
            ("connections", "requests_per_s", "failures_before_pause", "pause_s"),
            (0, -1, math.nan, math.inf),
        )
    ],
)
def test_manners_that_never_ask_or_never_rest_are_refused(name: str, value: float) -> None:
    manners = {name: value}
    with pytest.raises(BadInputError, match=f"^Manners: {name}=.*: give "):
        Manners(**manners)  # type: ignore[arg-type]  # no whole numbers, on purpose


def test_sessions_of_a_process_share_the_manners_that_are_default(portal: StandInPortal) -> None:
    """Two flows side by side: at most 4 connections and 5 requests a second, on the real clock."""
    portal.faults[LISTING] = Fault(FaultKind.STALL, seconds=0.15)
    most, stop = 0, threading.Event()

    def look() -> None:
        nonlocal most
        while not stop.wait(0.002):
            most = max(most, portal.under_way)

    watcher = threading.Thread(target=look)
    watcher.start()
    with (
        make_session(SessionSettings(hosts=HERE)) as first,
        make_session(SessionSettings(hosts=HERE)) as second,
        ThreadPoolExecutor(11) as threads,
    ):
        sessions = [first, second] * 5 + [first]
        list(threads.map(lambda session: read_page(session, portal.url + LISTING), sessions))
    stop.set()
    watcher.join()
    starts = [transfer.started for transfer in portal.transfers]
    assert most == 4
    assert len(starts) == 11
    for start, beyond in zip(starts, starts[5:], strict=False):
        assert beyond - start > 0.9


def test_a_host_in_trouble_is_left_alone_and_others_are_not(
    portal: StandInPortal, other_portal: StandInPortal
) -> None:
    manners = dataclasses.replace(QUICK.manners, failures_before_pause=4, pause_s=0.2)
    settings = dataclasses.replace(QUICK, manners=manners)
    portal.faults[LISTING] = Fault(FaultKind.STATUS, times=4, code=503)
    url = portal.url + LISTING
    with make_session(settings) as session:
        with pytest.raises(SourceUnavailableError, match="answered 503"):
            read_page(session, url)  # three requests
        with pytest.raises(HostPausedError, match="last: it answered 503"):
            read_page(session, url)  # the fourth failure; then it is not asked any more
        with pytest.raises(HostPausedError):
            read_page(session, f"{portal.url}/anything/else")
        assert len(portal.requests) == 4
        assert read_page(session, other_portal.url + LISTING).text
        time.sleep(0.2)
        assert read_page(session, url).text
        assert len(portal.requests) == 5


@pytest.mark.parametrize("code", [404, 403, 410, 429])
def test_an_answer_of_its_own_is_no_failure_of_the_host(portal: StandInPortal, code: int) -> None:
    manners = dataclasses.replace(QUICK.manners, failures_before_pause=2, pause_s=60.0)
    portal.faults["gone"] = Fault(FaultKind.STATUS, code=code)
    with make_session(dataclasses.replace(QUICK, manners=manners)) as session:
        for _ in range(5):
            with pytest.raises((MissingProductError, SourceUnavailableError), match=str(code)):
                read_page(session, f"{portal.url}/gone")
        assert read_page(session, portal.url + LISTING).text


@pytest.mark.parametrize("trouble", ["refused", "timeout", "reset", "504"])
def test_every_silence_counts(portal: StandInPortal, dead_root: str, trouble: str) -> None:
    url = dead_root if trouble == "refused" else portal.url + LISTING
    portal.faults[LISTING] = {
        "refused": Fault(FaultKind.HTML),
        "timeout": Fault(FaultKind.STALL, seconds=5.0),
        "reset": Fault(FaultKind.HANG_UP),
        "504": Fault(FaultKind.STATUS, code=504),
    }[trouble]
    manners = dataclasses.replace(QUICK.manners, failures_before_pause=3, pause_s=60.0)
    settings = dataclasses.replace(QUICK, manners=manners, retries=2, read_timeout_s=0.05)
    with make_session(settings) as session:
        with pytest.raises(SourceUnavailableError) as caught:
            read_page(session, url)
        assert not isinstance(caught.value, HostPausedError)
        with pytest.raises(HostPausedError):
            read_page(session, url)
