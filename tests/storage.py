"""Object storage for tests: moto's server in a thread, with faults before it."""

import itertools
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from typing_extensions import override
from werkzeug.serving import make_server

from catalogs.storage.opening import open_place
from catalogs.storage.place import Folder, Place

Answer = Callable[..., Any]
_NUMBERS = itertools.count(1)


@dataclass
class StorageFault:
    """What the storage does wrong, to which requests, how often."""

    status: int | None = None
    """Answer with this status, with no word to moto."""
    reset: str = ""
    """``before`` moto hears of it, midway through the ``upload``, or ``after`` it was done."""
    seconds: float = 0.0
    """Wait so long before anything else."""
    method: str = ""
    """Only requests of this method."""
    path: str = ""
    """Only requests whose path holds it."""
    times: int = 1 << 30
    """So many requests, then no more."""
    skip: int = 0
    """So many requests pass first."""

    def hits(self, method: str, path: str) -> bool:
        """Whether it strikes this request; counts."""
        if self.times <= 0 or self.method not in {"", method} or self.path not in path:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class _QuietHandler(MotoRequestHandler):
    @override
    def log(self, *_: object, **__: object) -> None:
        """Say nothing: tests read what the program says."""


@dataclass
class StorageServer:
    """An S3 endpoint on this machine; `url` is what ``AWS_ENDPOINT_URL`` takes."""

    faults: list[StorageFault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    bucket: str = ""

    def __post_init__(self) -> None:
        # S3 alone: moto's dispatcher of all services looks through its folders at each request.
        self._moto = create_backend_app("s3")
        # Storage decides conditions on writes itself; moto looks first and writes then.
        self._one_write = threading.Lock()
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_QuietHandler
        )
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # hung up on
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def variables(self) -> dict[str, str]:
        """What the environment must hold."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
        }

    def count(self, method: str, path: str = "") -> int:
        """How many requests of this method had `path` in theirs."""
        return Counter(m == method and path in p for m, p in self.requests)[True]

    def make_bucket(self) -> None:
        """Make an empty bucket, the one that `place` is in from now on."""
        self.bucket = f"observatory-{next(_NUMBERS)}"
        self._call("PUT", f"/{self.bucket}")

    @property
    def address(self) -> str:
        """Of a prefix in the bucket."""
        return f"s3://{self.bucket}/fringes"

    @property
    def place(self) -> Place:
        """A prefix in the bucket."""
        return open_place(self.address)

    def stop(self) -> None:
        """Close the server and wait for its thread."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _call(self, method: str, path: str) -> None:
        with socket.create_connection(("127.0.0.1", self._server.server_port)) as line:
            words = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._server.server_port}\r\n"
            line.sendall(f"{words}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            while line.recv(65536):
                pass

    def _answer(self, environ: dict[str, Any], start_response: Answer) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append((method, path))
        fault = next((f for f in self.faults if f.hits(method, path)), StorageFault())
        time.sleep(fault.seconds)
        if fault.reset == "upload":
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
        if fault.reset in {"before", "upload"}:
            return _hang_up(environ)
        if fault.status is not None:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(f"{fault.status} Out Of Order", [("Content-Length", "0")])
            return []
        if method in {"GET", "HEAD"}:
            answer = self._moto(environ, start_response)
        else:
            with self._one_write:
                answer = list(self._moto(environ, start_response))
        return _hang_up(environ) if fault.reset == "after" else answer


def _hang_up(environ: dict[str, Any]) -> Iterable[bytes]:
    """Reset the connection: whoever waits for the answer hears of it at once."""
    line = environ["werkzeug.socket"]
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(line.detach())  # the handler's files would hold a socket that is only closed
    raise ConnectionAbortedError


def folder_of(place: Place) -> Path:
    """The folder that a place is; a test that looks at files has no other kind."""
    assert isinstance(place, Folder)
    return place.folder
