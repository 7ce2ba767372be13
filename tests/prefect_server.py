"""A Prefect server for the tests, and a database for others that need not make their own."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flows.embedded_server import _answers
from tests.end_to_end.commands import clean_environment
from tests.end_to_end.service import free_port, wait_until

_DATABASE = "prefect.db"
_START_S = 240
_END_S = 20


class PrefectDatabase:
    """What a new server of Prefect's writes in its first ten seconds, made once for all tests.

    Parameters
    ----------
    folder : Path
        Shared by all processes that run tests.
    """

    def __init__(self, folder: Path) -> None:
        self._kept = folder / _DATABASE
        self._lock = folder / "prefect.lock"

    def give(self, home: Path) -> bool:
        """Copy it into the folder of a server that has not started; False if there is none yet."""
        if not self._kept.is_file():
            return False
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._kept, home / _DATABASE)
        return True

    def keep(self, home: Path) -> None:
        """Copy that of a server that runs."""
        draft = self._kept.with_suffix(".draft")
        with (
            closing(sqlite3.connect(home / _DATABASE)) as theirs,
            closing(sqlite3.connect(draft)) as ours,
        ):
            theirs.backup(ours)
        draft.rename(self._kept)

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Wait for another process that makes it."""
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def prefect_server_in(home: Path, database: PrefectDatabase) -> Iterator[str]:
    """Give the address of a server with its files in `home`; it ends with the block.

    It is the one that commands start for themselves. Prefect's own harness imports the whole server
    into the process of the tests.
    """
    port = free_port()
    home.mkdir(parents=True)
    with database.one_at_a_time():
        was_given = database.give(home)
        with (home / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "flows.embedded_server", str(port)],
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                env=clean_environment() | {
                    "PREFECT_HOME": str(home),
                    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                    "PREFECT__SERVER_EPHEMERAL": "1",
                },
                cwd=Path(__file__).parents[1],
            )  # fmt: skip
        assert process.stdin is not None
        try:
            _wait(process, port, home / "server.log")
            if not was_given:
                database.keep(home)
        except BaseException:
            process.kill()
            process.communicate()
            raise
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        process.stdin.close()  # its end is how the server learns of ours
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    wait_until(lambda: process.poll() is not None or _answers(port), _START_S, "no answer")
    assert process.poll() is None, log.read_text("utf-8", errors="replace")


def shared_folder(base: Path) -> Path:
    """The folder that all processes of a run of tests have: above that of a worker of xdist."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
