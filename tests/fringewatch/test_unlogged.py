import logging

import pytest

from fringewatch.unlogged import unlogged


class Kept(logging.Handler):
    """Keeps the lines that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_nothing_reaches_a_log_and_all_is_as_it_was_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    loud = logging.getLogger("a.library.of.others")
    instead = Kept()

    def dies() -> None:
        loud.debug("secret 0")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unlogged("a.library", instead=instead):
        dies()
    with unlogged("a.library", instead=instead):
        loud.debug("secret 1")
    with unlogged("a.library"):
        loud.error("secret 2")
    loud.warning("plain")
    assert instead.lines == ["secret 0", "secret 1"]
    assert [record.getMessage() for record in caplog.records] == ["plain"]
