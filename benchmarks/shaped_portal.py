"""A portal behind a slow link: so many bytes a second in all, so long for each request."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_CHUNK_BYTES = 1 << 14
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_MODIFIED = "Mon, 06 Jan 2025 10:00:00 GMT"


@dataclass(frozen=True)
class Link:
    """What the link allows."""

    bytes_per_s: float = 2e6
    seconds_per_request: float = 0.08


@dataclass
class Traffic:
    """What went over the link."""

    requests: int = 0
    bytes_sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at_s: float = 0.0

    def reserve(self, size: int, rate: float) -> float:
        """Book the link for `size` bytes; return how long to wait until they are through."""
        with self.lock:
            now = time.monotonic()
            self.free_at_s = max(now, self.free_at_s) + size / rate
            self.bytes_sent += size
            return self.free_at_s - now


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, pages: Mapping[str, bytes | Path], link: Link) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages, self.link, self.traffic = pages, link, Traffic()
        self.origin = f"http://127.0.0.1:{self.server_port}"

    def page(self, path: str) -> bytes | None:
        page = self.pages.get(path)
        if isinstance(page, Path):
            return page.read_bytes()
        return page.replace(b"{origin}", self.origin.encode()) if page is not None else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        with self.server.traffic.lock:
            self.server.traffic.requests += 1
        time.sleep(self.server.link.seconds_per_request)
        body = self.server.page(urlsplit(self.path).path)
        if body is None:
            self.send_error(404)
            return
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first, last = 0, len(body) - 1
        if asked:
            first, last = int(asked[1]), min(int(asked[2] or last), last)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Last-Modified", _MODIFIED)
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        self.end_headers()
        if with_body:
            self._send(memoryview(body)[first : last + 1])

    def _send(self, body: memoryview) -> None:
        traffic, rate = self.server.traffic, self.server.link.bytes_per_s
        for start in range(0, len(body), _CHUNK_BYTES):
            chunk = body[start : start + _CHUNK_BYTES]
            time.sleep(max(traffic.reserve(len(chunk), rate), 0.0))
            try:
                self.wfile.write(chunk)
            except ConnectionError:
                return

    def log_message(self, *_: object) -> None:
        """Say nothing: the traffic is counted."""


@contextmanager
def shaped_portal(pages: Mapping[str, bytes | Path], link: Link) -> Iterator[tuple[str, Traffic]]:
    """Serve `pages` (path: bytes, or the file that holds them) on loopback; give address, traffic.

    ``{origin}`` in a page of bytes is replaced by the address, as manifests need it. Range and HEAD
    are honoured as by the real portal.
    """
    server = _Server(pages, link)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.origin, server.traffic
    finally:
        server.shutdown()
        server.server_close()
