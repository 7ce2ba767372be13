"""Prefect's server for one command: it ends with that command, however the command ends.

Prefect can start such a server by itself. That one is left running when its client is killed, and
writes to the client's error stream while both end.

As a module (``python -m flows.embedded_server PORT``) this is the server; it runs until its
standard input ends, which the system sees to when the process at the other end dies.
"""

import atexit
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from fringewatch.atomic import disk_errors
from fringewatch.errors import DiskFullError, HomeError, ServerUnavailableError
from fringewatch.failures import says_full

_START_LIMIT_S: Final = 300
"""It takes 10 to 25 s on two cores, longer on a busy machine."""
_END_LIMIT_S: Final = 10
_TAIL_LINES: Final = 3
_ROOM_MB: Final = 8.0
"""A new database of Prefect's, with its log and the journal of its first writes."""

_LASTING: Final = {
    # Prefect keeps what it knows of runs for 90 days; without this, for ever.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    # On a busy machine it waits for its database, where it would say that it is unavailable.
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
}


def start_embedded_server(folder: Path, *, lasting: bool = False) -> str:
    """Return the API's address of a server that was started and answers, its log in `folder`.

    One that is to be `lasting` keeps schedules, and wants a password that only this process and
    those that it starts know: other programs of this machine, and web pages, have days to find it.

    Raises
    ------
    HomeError
        If it ends, or the disk is full; the message has the end of its log.
    ServerUnavailableError
        If it does not answer in time.
    """
    _look_for_room(folder)
    port = _free_port()
    if lasting:
        os.environ.update(_guarded())
        more = _LASTING
    else:
        more = {"PREFECT__SERVER_EPHEMERAL": "1"}
    log = folder / "server.log"
    with disk_errors(log), log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
            [sys.executable, "-m", "flows.embedded_server", str(port)],
            stdin=subprocess.PIPE,  # its end is how the server learns of ours
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | more | {"PREFECT__SERVER_FINAL": "1"},
            start_new_session=True,  # Ctrl-C is for us: the end of the run is still recorded
        )
    atexit.register(_stop, process)
    _wait_for(port, process, log)
    return f"http://127.0.0.1:{port}/api"


def _look_for_room(folder: Path) -> None:
    """Refuse a disk on which the server's database would not find room, before it tries.

    A server that dies of it says so in a log that has no room either.
    """
    free_mb = _free_mb(folder)
    if free_mb < _ROOM_MB:
        message = (
            f"the disk of {folder} is full ({free_mb:.1f} MB free, Prefect's database alone takes "
            f"{_ROOM_MB:g}): free some space and run again"
        )
        raise DiskFullError(message)


def _free_mb(folder: Path) -> float:
    with disk_errors(folder):
        return shutil.disk_usage(folder).free / 1e6


def _guarded() -> dict[str, str]:
    """What server and clients share, where there is a server for long."""
    password = f"fringewatch:{secrets.token_urlsafe(24)}"
    return {
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_API_AUTH_STRING": password,
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
    }


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers; raises, with the end of its log, if it does not."""
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(port):
            return
        time.sleep(0.1)
    was_alive = process.poll() is None
    _stop(process)
    text = log.read_text("utf-8", errors="replace")
    tail = " ".join(text.splitlines()[-_TAIL_LINES:])
    free_mb = _free_mb(log.parent)
    if says_full(text) or free_mb < _ROOM_MB:
        message = (
            f"Prefect's embedded server did not start: the disk of {log.parent} is full "
            f"({free_mb:.1f} MB free; {tail or 'its log has no room'}): free some space and run "
            "again"
        )
        raise DiskFullError(message)
    if was_alive:
        message = (
            f"Prefect's embedded server gives no answer after {_START_LIMIT_S} s: run again when "
            f"less else runs on this machine; its log is {log}"
        )
        raise ServerUnavailableError(message)
    message = (
        f"Prefect's embedded server did not start ({tail or 'it said nothing'}); its log is {log}. "
        "Is its database from another version? It holds run pages only: move "
        f"{log.parent} away and try again"
    )
    raise HomeError(message)


def _answers(port: int) -> bool:
    """Whether the API answers; it is asked directly, never through a proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    atexit.unregister(_stop)
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _end_with_the_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_END_LIMIT_S)
    os._exit(1)  # its services did not end: nothing of value is lost with them


def main(port: int) -> None:
    """Serve on the port of this machine until the standard input ends."""
    import uvicorn  # noqa: PLC0415 - the client needs none of it

    threading.Thread(target=_end_with_the_input, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True, host="127.0.0.1", port=port, log_level="error",
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
