import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows import orphans

RUN = """
import os, signal, subprocess, sys, time
if sys.argv[1] == "serves":
    os.environ["_FRINGEWATCH_SERVED_BY"] = str(os.getpid())
    run = subprocess.Popen([sys.executable, "-c", os.environ["RUN"], "runs"], stdout=sys.stdout)
    time.sleep(600)
else:
    def let_go(number, frame):
        print("let go", flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, let_go)
    from flows.orphans import end_with_the_server
    end_with_the_server(None, None, None)
    print("runs", flush=True)
    time.sleep(600)
"""


def test_a_run_lets_go_when_what_serves_it_is_killed() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "serves"], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"RUN": RUN, "_FRINGEWATCH_SERVED_BY": ""}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "runs\n"
        process.send_signal(signal.SIGKILL)
        assert process.stdout.readline() == "let go\n"
        assert process.stdout.read() == ""  # until the run has ended, too
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_run_that_nobody_serves_looks_after_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr("flows.orphans.threading.Thread", started.append)
    monkeypatch.delenv(orphans.SERVED_BY, raising=False)
    orphans.end_with_the_server(None, None, None)  # type: ignore[arg-type]  # it looks at none
    assert not started
