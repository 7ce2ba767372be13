import contextlib
import dataclasses
import datetime as dt
import itertools
import math
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from catalogs.portal import hosts
from catalogs.portal import session as session_module
from catalogs.portal.answers import open_answer
from catalogs.portal.hosts import Manners, host_at
from catalogs.portal.session import SessionSettings, make_session
from fringewatch import __version__
from fringewatch.errors import BadInputError, SourceUnavailableError
from tests.catalogs.portal.conftest import FRAME, HERE, QUICK
from tests.portal import Fault, FaultKind, StandInPortal

LISTING = f"/51/{FRAME}/interferograms/"


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been slept, in seconds."""
    naps: list[float] = []
    monkeypatch.setattr(hosts, "sleep", naps.append)
    monkeypatch.setattr(session_module, "sleep", naps.append)
    return naps


@pytest.fixture
def tls_origin(tmp_path: Path) -> Iterator[str]:
    """A server with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        thread.join()
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has asked a second time
            server.accept()


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
    settings = SessionSettings(hosts=HERE, retries=2, backoff_s=0.0, backoff_jitter_s=0.0)
    with make_session(settings) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == 200
    assert portal.count(LISTING) == 3


def test_the_last_answer_is_given_back_when_all_is_used_up(portal: StandInPortal) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=504)
    settings = SessionSettings(hosts=HERE, retries=3, backoff_s=0.0, backoff_jitter_s=0.0)
    with make_session(settings) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == 504
    assert portal.count(LISTING) == 4


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_is_final_is_asked_once(portal: StandInPortal, status: int) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=status)
    with (
        make_session(SessionSettings(hosts=HERE)) as session,
        session.get(portal.url + LISTING) as answer,
    ):
        assert answer.status_code == status
    assert portal.count(LISTING) == 1


@pytest.mark.parametrize("is_date", [False, True])
@pytest.mark.parametrize(("asked_s", "slept_s"), [(7, 7), (86_400, 90)])
def test_retry_after_is_obeyed_up_to_a_limit(
    portal: StandInPortal, naps: list[float], asked_s: int, slept_s: int, *, is_date: bool
) -> None:
    portal.faults[LISTING] = Fault(
        FaultKind.STATUS, 1, code=429, retry_after_s=asked_s, retry_after_is_date=is_date
    )
    settings = SessionSettings(hosts=HERE, retry_after_max_s=90)
    with make_session(settings) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == 200
    assert naps == [pytest.approx(slept_s, abs=1.5)]


def test_waiting_doubles_and_varies(portal: StandInPortal, naps: list[float]) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=503)
    settings = SessionSettings(hosts=HERE, retries=4, backoff_s=1.0, backoff_jitter_s=0.5)
    with make_session(settings) as session:
        session.get(portal.url + LISTING).close()
    assert len(naps) == 4
    for nap, expected in zip(naps, (1.0, 2.0, 4.0, 8.0), strict=True):
        assert expected <= nap <= expected + 0.5
    assert any(nap != math.floor(nap) for nap in naps)


def test_a_time_limit_of_the_caller_goes_first(portal: StandInPortal) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STALL, seconds=0.3)
    with (
        make_session(SessionSettings(hosts=HERE, read_timeout_s=0.05, retries=0)) as session,
        session.get(portal.url + LISTING, timeout=5.0) as answer,
    ):
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *itertools.product(
            ("connect_timeout_s", "read_timeout_s", "slow_for_s"), (0.0, -1.0, math.inf)
        ),
        *itertools.product(
            ("backoff_s", "backoff_jitter_s", "slowest_bytes_s"), (-0.1, math.nan, math.inf)
        ),
        *itertools.product(("retries", "body_retries", "retry_after_max_s"), (-1,)),
        *itertools.product(("user_agent",), ("", " ", "a\nb", "a\r\nHost: b", "Kīlauea", " a")),
    ],
)
def test_settings_that_would_hang_or_break_are_refused(name: str, value: float | str) -> None:
    settings: dict[str, float | str] = {name: value}
    with pytest.raises(BadInputError, match=f"{name}( is |=).*: give "):
        SessionSettings(**settings)  # type: ignore[arg-type]  # one of several types, on purpose


@pytest.mark.parametrize(
    "headers", [{}, {"Retry-After": ""}, {"Retry-After": "soon"}, {"Retry-After": "-3"}]
)
def test_without_a_retry_after_that_can_be_read_it_waits_by_itself(
    portal: StandInPortal,
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, 1, code=503)
    original = requests.Session.send

    def send(*arguments: Any, **keywords: Any) -> requests.Response:
        response = original(*arguments, **keywords)
        response.headers.update(headers)
        return response

    monkeypatch.setattr(requests.Session, "send", send)
    settings = SessionSettings(hosts=HERE, backoff_s=3.0, backoff_jitter_s=0.0)
    with make_session(settings) as session, session.get(portal.url + LISTING) as answer:
        assert answer.status_code == 200
    assert naps == [3.0]


def test_every_way_to_an_answer_gives_its_place_back(portal: StandInPortal) -> None:
    """One connection is enough for all of it, one after the other."""
    settings = dataclasses.replace(QUICK, manners=Manners(connections=1, requests_per_s=10_000))
    host = host_at(portal.url)
    portal.faults["/moved/"] = Fault(FaultKind.REDIRECT, location=portal.url + LISTING)
    portal.faults["/loop/"] = Fault(FaultKind.REDIRECT)
    portal.faults["/odd/"] = Fault(FaultKind.REDIRECT, location="http://[broken/")
    with make_session(settings) as session:
        assert session.get(f"{portal.origin}/moved/").status_code == 200  # not streamed
        with session.get(f"{portal.origin}/moved/", stream=True) as answer:
            assert [hop.status_code for hop in answer.history] == [302]
            assert host.under_way == 1
        with pytest.raises(requests.TooManyRedirects, match="more than 5"):
            session.get(f"{portal.origin}/loop/")
        portal.faults[LISTING] = Fault(FaultKind.WRONG_LENGTH, by_bytes=5)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            session.get(portal.url + LISTING)
        with pytest.raises(ValueError, match="IPv6"):
            session.get(f"{portal.origin}/odd/")
        plain = session.get(f"{portal.origin}/moved/", allow_redirects=False)
        assert plain.status_code == 302
    assert host.under_way == 0


def test_a_server_that_cannot_prove_who_it_is_is_asked_once(tls_origin: str) -> None:
    with (
        make_session(QUICK) as session,
        pytest.raises(SourceUnavailableError, match="certificate verify failed"),
        open_answer(session, f"{tls_origin}/"),
    ):
        pass
    assert host_at(tls_origin).failures == 0  # nothing that a pause would mend
