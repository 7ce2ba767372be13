import datetime as dt
import email.utils

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.patience import backoff_s, parse_http_time, retry_after_s
from catalogs.portal.session import SessionSettings

NOW = "Wed, 20 Mar 2024 04:17:05 GMT"


def answer(**headers: str) -> requests.Response:
    response = requests.Response()
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Wed, 20 Mar 2024 04:18:05 GMT", 60.0),
        ("Wed, 20 Mar 2024 05:18:05 +0100", 60.0),
        ("Wed, 20 Mar 2024 04:00:00 GMT", 0.0),
        ("", None),
        ("-7", None),
        ("1.5", None),
        ("²", None),
        ("later", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
    ],
)
def test_a_server_asks_for_seconds_or_names_a_time(text: str, seconds: float | None) -> None:
    assert retry_after_s(answer(Retry_After=text, Date=NOW)) == seconds


def test_without_the_server_s_clock_ours_counts() -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    found = retry_after_s(answer(Retry_After=email.utils.format_datetime(later, usegmt=True)))
    assert found == pytest.approx(60.0, abs=3.0)
    assert retry_after_s(answer()) is None


@given(st.text() | st.from_regex("[0-9]{1,400}", fullmatch=True))
def test_any_header_is_a_time_to_wait_or_nothing(text: str) -> None:
    found = retry_after_s(answer(Retry_After=text, Date=text))
    assert found is None or found >= 0.0
    assert parse_http_time(None) is None


def test_waiting_doubles_with_jitter() -> None:
    settings = SessionSettings(backoff_s=2.0, backoff_jitter_s=0.5)
    for repetition, least in ((1, 2.0), (2, 4.0), (5, 32.0)):
        assert least <= backoff_s(settings, repetition) <= least + 0.5
