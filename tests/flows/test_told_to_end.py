import signal
from collections.abc import Iterator

import pytest

from flows.told_to_end import ToldToEnd, ends_when_told

BOTH = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[dict[int, object]]:
    """What listens now; put back after the test."""
    before = {number: signal.getsignal(number) for number in BOTH}
    yield dict(before.items())
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", BOTH)
def test_what_is_told_to_end_says_so_in_a_line(number: signal.Signals) -> None:
    said: list[str] = []
    with ends_when_told(said.append):
        signal.raise_signal(number)
        pytest.fail("it goes on")
    (line,) = said
    assert line.startswith(f"ended by {number.name}")
    signal.raise_signal(signal.SIGINT)  # once told, told again changes nothing
    signal.raise_signal(signal.SIGTERM)


def test_what_catches_errors_does_not_keep_it() -> None:
    said: list[str] = []
    with ends_when_told(said.append):
        try:
            signal.raise_signal(signal.SIGTERM)
        except Exception:  # noqa: BLE001 - what libraries do
            pytest.fail("it is an error")
    assert said
    assert not issubclass(ToldToEnd, Exception)


def test_what_ends_by_itself_leaves_signals_as_they_were(handlers: dict[int, object]) -> None:
    said: list[str] = []
    with ends_when_told(said.append):
        pass
    assert {number: signal.getsignal(number) for number in BOTH} == handlers
    with pytest.raises(ValueError, match="other"), ends_when_told(said.append):
        raise ValueError("other")  # noqa: EM101 - of a test
    assert {number: signal.getsignal(number) for number in BOTH} == handlers
    assert not said
