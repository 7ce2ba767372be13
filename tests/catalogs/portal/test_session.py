import itertools
import math
import time

import pytest

from catalogs.portal.session import SessionSettings, make_session
from fringewatch import __version__
from fringewatch.errors import BadInputError
from tests.catalogs.portal.conftest import FRAME
from tests.portal import Fault, FaultKind, StandInPortal

LISTING = f"/51/{FRAME}/interferograms/"


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been slept, in seconds."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def test_it_says_who_asks_and_checks_certificates() -> None:
    with make_session(SessionSettings()) as session:
        agent = session.headers["User-Agent"]
        assert session.verify is True
    assert isinstance(agent, str)
    assert agent.startswith(f"fringewatch/{__version__} (")
    assert "contact" in agent
    assert "://" not in agent


def test_another_name_is_sent() -> None:
    with make_session(SessionSettings(user_agent="observatory of Etna")) as session:
        assert session.headers["User-Agent"] == "observatory of Etna"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(portal: StandInPortal, status: int) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, times=2, code=status)
    settings = SessionSettings(retries=2, backoff_s=0.0, backoff_jitter_s=0.0)
    with make_session(settings) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == 200
    assert portal.count(LISTING) == 3


def test_the_last_answer_is_given_back_when_all_is_used_up(portal: StandInPortal) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=504)
    settings = SessionSettings(retries=3, backoff_s=0.0, backoff_jitter_s=0.0)
    with make_session(settings) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == 504
    assert portal.count(LISTING) == 4


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_is_final_is_asked_once(portal: StandInPortal, status: int) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=status)
    with make_session(SessionSettings()) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == status
    assert portal.count(LISTING) == 1


@pytest.mark.parametrize(("asked_s", "slept_s"), [(7, 7), (86_400, 90)])
def test_retry_after_is_obeyed_up_to_a_limit(
    portal: StandInPortal, naps: list[float], asked_s: int, slept_s: int
) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, 1, code=429, retry_after_s=asked_s)
    settings = SessionSettings(retry_after_max_s=90)
    with make_session(settings) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == 200
    assert naps == [slept_s]


def test_waiting_doubles_and_varies(portal: StandInPortal, naps: list[float]) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=503)
    settings = SessionSettings(retries=4, backoff_s=1.0, backoff_jitter_s=0.5)
    with make_session(settings) as session:
        session.get(portal.url + LISTING).close()
    assert len(naps) == 3  # urllib3 repeats the first time at once
    for nap, expected in zip(naps, (2.0, 4.0, 8.0), strict=True):
        assert expected <= nap <= expected + 0.5
    assert any(nap != math.floor(nap) for nap in naps)


def test_a_time_limit_of_the_caller_goes_first(portal: StandInPortal) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STALL, seconds=0.3)
    with (
        make_session(SessionSettings(read_timeout_s=0.05, retries=0)) as session,
        session.get(portal.url + LISTING, timeout=5.0) as answer,
    ):
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *itertools.product(("connect_timeout_s", "read_timeout_s"), (0.0, -1.0, math.inf)),
        *itertools.product(("backoff_s", "backoff_jitter_s"), (-0.1, math.nan, math.inf)),
        *itertools.product(("retries", "body_retries", "retry_after_max_s"), (-1,)),
        *itertools.product(("user_agent",), ("", " ", "a\nb", "a\r\nHost: b", "Kīlauea", " a")),
    ],
)
def test_settings_that_would_hang_or_break_are_refused(name: str, value: float | str) -> None:
    settings: dict[str, float | str] = {name: value}
    with pytest.raises(BadInputError, match=f"^{name} is .*: give "):
        SessionSettings(**settings)  # type: ignore[arg-type]  # one of several types, on purpose
