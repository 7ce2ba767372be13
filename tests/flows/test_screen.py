"""What a person sees, on a terminal and elsewhere."""

import io
import logging
import sys

import pytest
from typing_extensions import override

from flows.screen import progress_shown, start_logging, stop_logging
from tasks.progress import report_progress


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_bars_go_to_the_error_stream_of_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_shown():
        report_progress("tiling", 1, 2)
    assert "tiling" in terminal.getvalue()


def test_no_bars_go_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    with progress_shown():
        report_progress("tiling", 1, 2)
    assert not file.getvalue()


def test_a_stream_that_is_named_is_taken() -> None:
    with progress_shown(terminal := Terminal()):
        report_progress("tiling", 2, 2)
    assert "tiling" in terminal.getvalue()


def test_a_log_line_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        start_logging()
        logging.getLogger("tasks.somewhere").warning("%s is no name", "a\x1b[2J\nb")
    finally:
        stop_logging()
    assert capsys.readouterr().err.endswith(" a\\x1b[2J\\nb is no name\n")
