"""One file on a server of this machine that sends parts of it, or misbehaves on demand."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Self

from tests.portal.handler import LocalServer

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class ServedFile:
    """What the server says of the file; a test may change it between two requests."""

    content: bytes
    last_modified: str | None = "Wed, 20 Mar 2024 04:17:05 GMT"
    etag: str | None = None
    sends_parts: bool = True
    obeys_if_range: bool = True
    status: int | None = None
    """Answered instead of everything else."""
    headers: dict[str, str] = field(default_factory=dict)
    """Replace what the server would say; an empty text leaves the header out."""
    cuts: int = 0
    """How many bodies are still to break off half-way."""
    before: Callable[["ServedFile", int], None] | None = None
    """Called before each request with its number, from 1."""


class RangeServer:
    """Serves one file while its `with` block lasts."""

    def __init__(self, content: bytes = b"") -> None:
        self.file = ServedFile(content)
        self.requests: list[dict[str, str]] = []
        self.body_bytes = 0
        """Bytes of bodies that a client could have got."""
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._server = LocalServer(0, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/x.geo.diff_pha.tif"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server_of: RangeServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        owner, file = self.server_of, self.server_of.file
        owner.requests.append(dict(self.headers.items()))
        if file.before is not None:
            file.before(file, len(owner.requests))
        status, body, headers = _choose(
            file, self.headers.get("Range"), self.headers.get("If-Range")
        )
        if not owner.url.endswith(self.path):  # GDAL looks for more files beside
            status, body, headers = 404, b"", {}
        headers = {"Content-Length": str(len(body)), **headers, **file.headers}
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if not with_body:
            return
        if file.cuts:
            file.cuts -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
        owner.body_bytes += len(body)
        try:
            self.wfile.write(body)
        except ConnectionError:  # the client has seen enough
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        pass


def _choose(
    file: ServedFile, wanted: str | None, if_range: str | None
) -> tuple[int, bytes, dict[str, str]]:
    headers = {"Last-Modified": file.last_modified or "", "ETag": file.etag or ""}
    if file.status is not None:
        return file.status, b"no", headers
    same = if_range in {None, file.last_modified, file.etag} or not file.obeys_if_range
    found = _RANGE.fullmatch(wanted or "")
    if found is None or not file.sends_parts or not same:
        return 200, file.content, headers
    first, last = int(found[1]), min(int(found[2]), len(file.content) - 1)
    total = len(file.content)
    if first > last:
        return 416, b"", {**headers, "Content-Range": f"bytes */{total}"}
    headers["Content-Range"] = f"bytes {first}-{last}/{total}"
    return 206, file.content[first : last + 1], headers
