"""What a test leaves behind is found, and the right test fails for it."""

import subprocess
import sys
import threading
from pathlib import Path

from tests.leftovers import Watch, running

ROOT = Path(__file__).parents[1]
CONFTEST = """
from tests.leftovers import LeftoverPlugin

def pytest_configure(config):
    config.pluginmanager.register(LeftoverPlugin(grace_s=0.3))
"""
TESTS = """
import subprocess
import threading

import pytest

end = threading.Event()

def start(name):
    thread = threading.Thread(target=end.wait, args=(60,), name=name, daemon=True)
    thread.start()
    return thread

@pytest.fixture(scope="module")
def wide():
    end.clear()
    thread = start("of a wide fixture")
    yield
    end.set()
    thread.join()

def test_lends(wide):
    pass

def test_leaves_a_thread(wide):
    start("forgotten")

def test_tidy(wide):
    threading.Timer(0.01, lambda: None).start()

def test_leaves_a_process():
    subprocess.Popen(["sleep", "3"])
"""


def test_whoever_leaves_something_behind_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    options = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-c", "/dev/null")
    command = [sys.executable, "-m", "pytest", *options, f"--rootdir={tmp_path}", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "4 passed, 2 errors" in done.stdout
    assert "test_leaves_a_thread left behind: thread 'forgotten'" in done.stdout
    assert "test_leaves_a_process left behind: process " in done.stdout
    assert "wide fixture" not in done.stdout


def test_what_is_lent_is_asked_for_when_its_owner_is_done() -> None:
    watch, end = Watch(running, grace_s=0.05), threading.Event()
    thread = threading.Thread(target=end.wait, name="of the fixture")
    thread.start()
    watch.lend("fixture", watch.now())
    assert watch.left() == []
    watch.take_back("fixture")
    assert [words.partition(" (")[0] for words in watch.left()] == ["thread 'of the fixture'"]
    assert watch.left() == []  # it is told once
    end.set()
    thread.join()
