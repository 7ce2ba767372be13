import dataclasses
import logging
import time

import pytest

from catalogs.portal import answers
from catalogs.portal.answers import CutAnswerError, TooSlowError, read_page
from catalogs.portal.session import PortalSession, make_session
from fringewatch.errors import MissingProductError, SourceUnavailableError
from tests.catalogs.portal.conftest import FRAME, PAIRS, QUICK
from tests.portal import Fault, FaultKind, StandInPortal

LISTING = f"/51/{FRAME}/interferograms/"


def test_a_page_comes_with_its_address(portal: StandInPortal, session: PortalSession) -> None:
    page = read_page(session, portal.url + LISTING)
    assert page.url == portal.url + LISTING
    assert str(PAIRS[0]) in page.text


def test_relative_links_start_where_a_redirect_ended(
    portal: StandInPortal, session: PortalSession
) -> None:
    portal.faults["/old/"] = Fault(FaultKind.REDIRECT, location=portal.url + LISTING)
    page = read_page(session, f"{portal.origin}/old/")
    assert page.url == portal.url + LISTING


def test_a_redirect_loop_is_followed_five_times_and_told(
    portal: StandInPortal, session: PortalSession
) -> None:
    url = portal.url + LISTING.rstrip("/")  # the portal's own loop
    with pytest.raises(SourceUnavailableError, match="redirects without end") as caught:
        read_page(session, url)
    assert str(caught.value).count(" -> ") == 5
    assert portal.count(LISTING.rstrip("/")) == 6


def test_a_redirect_to_no_address_is_no_answer(
    portal: StandInPortal, session: PortalSession
) -> None:
    portal.faults[LISTING] = Fault(FaultKind.REDIRECT, location="http://[broken/")
    with pytest.raises(SourceUnavailableError, match=f"no answer from {portal.url}"):
        read_page(session, portal.url + LISTING)


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_missing(
    portal: StandInPortal, session: PortalSession, status: int
) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=status)
    with pytest.raises(MissingProductError, match=f"{LISTING} answered {status}"):
        read_page(session, portal.url + LISTING)


@pytest.mark.parametrize(("status", "requests_made"), [(403, 1), (206, 1), (429, 3), (500, 3)])
def test_any_other_status_is_no_answer_and_named(
    portal: StandInPortal, session: PortalSession, status: int, requests_made: int
) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=status)
    with pytest.raises(SourceUnavailableError, match=f"{LISTING} answered {status} "):
        read_page(session, portal.url + LISTING)
    assert portal.count(LISTING) == requests_made


def test_a_refused_connection_is_told_in_one_line(session: PortalSession, dead_root: str) -> None:
    with pytest.raises(SourceUnavailableError, match=f"no answer from {dead_root}") as caught:
        read_page(session, dead_root)
    assert "refused" in str(caught.value)
    assert "HTTPConnectionPool" not in str(caught.value)


def test_an_answer_that_does_not_come_in_time_is_given_up(portal: StandInPortal) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STALL, seconds=30.0)
    settings = dataclasses.replace(QUICK, read_timeout_s=0.1, retries=1)
    start = time.monotonic()
    with (
        make_session(settings) as session,
        pytest.raises(SourceUnavailableError, match="timed out"),
    ):
        read_page(session, portal.url + LISTING)
    assert time.monotonic() - start < 5.0
    assert portal.count(LISTING) == 2


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.RESET])
def test_a_body_that_breaks_off_is_asked_for_again(
    portal: StandInPortal, session: PortalSession, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    portal.faults[LISTING] = Fault(kind, times=2, after_bytes=100)
    with caplog.at_level(logging.WARNING):
        page = read_page(session, portal.url + LISTING)
    assert page.text.rstrip().endswith("</html>")
    assert portal.count(LISTING) == 3
    assert caplog.text.count("asking again") == 2


def test_a_body_that_is_always_short_is_told_apart_from_a_broken_connection(
    portal: StandInPortal, session: PortalSession
) -> None:
    portal.faults[LISTING] = Fault(FaultKind.CUT, after_bytes=100)
    with pytest.raises(CutAnswerError, match="broke off in each of 3"):
        read_page(session, portal.url + LISTING)
    portal.faults[LISTING] = Fault(FaultKind.RESET, after_bytes=100)
    with pytest.raises(SourceUnavailableError, match=r"broke off|no answer") as caught:
        read_page(session, portal.url + LISTING)
    assert not isinstance(caught.value, CutAnswerError)


def test_the_waiting_between_bodies_doubles(
    portal: StandInPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(answers, "sleep", naps.append)
    portal.faults[LISTING] = Fault(FaultKind.CUT, after_bytes=100)
    settings = dataclasses.replace(QUICK, body_retries=3, backoff_s=1.0, backoff_jitter_s=0.25)
    with make_session(settings) as session, pytest.raises(CutAnswerError):
        read_page(session, portal.url + LISTING)
    assert len(naps) == 3
    for nap, expected in zip(naps, (1.0, 2.0, 4.0), strict=True):
        assert expected <= nap <= expected + 0.25


def test_bytes_that_are_no_text_do_not_stop_the_reading(
    portal: StandInPortal, session: PortalSession
) -> None:
    portal.listing = lambda *_: "\udcff<a href='x'>"
    assert "<a href='x'>" in read_page(session, portal.url + LISTING).text


def test_a_page_that_never_ends_is_given_up(portal: StandInPortal) -> None:
    settings = dataclasses.replace(QUICK, page_bytes_max=100)
    with (
        make_session(settings) as session,
        pytest.raises(SourceUnavailableError, match=r"longer than 100 bytes.*largest_page_mb"),
    ):
        read_page(session, portal.url + LISTING)
    assert portal.count(LISTING) == 1


def test_a_page_that_drips_is_given_up(portal: StandInPortal) -> None:
    portal.faults[LISTING] = Fault(FaultKind.SLOW, bytes_per_s=200)
    settings = dataclasses.replace(QUICK, slowest_bytes_s=1000.0, slow_for_s=0.1)
    with (
        make_session(settings) as session,
        pytest.raises(TooSlowError, match="less than 1000 bytes a second"),
    ):
        read_page(session, portal.url + LISTING)
    assert portal.count(LISTING) == 1


def test_a_refusal_behind_a_redirect_tells_the_way(
    portal: StandInPortal, session: PortalSession
) -> None:
    portal.faults["/old/"] = Fault(FaultKind.REDIRECT, location="/new/")
    with pytest.raises(MissingProductError, match=r"\(redirected: http.*/old/ -> http.*/new/\)"):
        read_page(session, f"{portal.origin}/old/")
