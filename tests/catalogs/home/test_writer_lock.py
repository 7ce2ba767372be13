import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from catalogs.home.home import Home, only_writer, open_home
from catalogs.home.writer_lock import LOCK_NAME, NOTE_NAME
from fringewatch.errors import HomeBusyError, TryLaterError

HOLD = """
import sys
from pathlib import Path
from catalogs.home.home import Home, only_writer
with only_writer(Home(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(Home(tmp_path / "home"))


def hold(home: Home) -> subprocess.Popen[str]:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.root), "backfill", "taal"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def end(other: subprocess.Popen[str]) -> None:
    other.communicate("", timeout=60)


def test_a_busy_home_names_who_holds_it(home: Home) -> None:
    other = hold(home)
    try:
        with pytest.raises(HomeBusyError) as caught, only_writer(home):
            pass
    finally:
        end(other)
    assert isinstance(caught.value, TryLaterError)
    said = str(caught.value)
    for words in (f"process {other.pid} on ", "backfill taal", "since 20", " UTC", str(home.root)):
        assert words in said
    with only_writer(home):
        pass
    assert not (home.root / NOTE_NAME).exists()


def test_the_second_waits_and_says_for_whom(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    other = hold(home)
    thread = threading.Timer(0.5, end, [other])
    thread.start()
    began = time.monotonic()
    with caplog.at_level(logging.WARNING), only_writer(home, wait_minutes=1.0):
        assert time.monotonic() - began < 50
    thread.join()
    (line,) = [r.getMessage() for r in caplog.records if r.name == "catalogs.home.writer_lock"]
    assert f"process {other.pid}" in line
    assert "waiting for it, 1 minutes at the most" in line


def test_the_wait_is_bounded(home: Home) -> None:
    with only_writer(home):
        began = time.monotonic()
        with pytest.raises(HomeBusyError, match=r"waited 0\.005 minutes"), only_writer(home, 0.005):
            pass
        assert 0.2 < time.monotonic() - began < 30


def test_the_note_of_a_killed_run_harms_nobody(home: Home) -> None:
    other = hold(home)
    other.kill()
    end(other)
    assert (home.root / NOTE_NAME).is_file()
    with only_writer(home):
        assert (home.root / LOCK_NAME).is_file()
    assert not (home.root / NOTE_NAME).exists()
