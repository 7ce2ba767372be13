"""The HTTP of the stand-in portal: records, asks for the answer, and spoils it on demand."""

import contextlib
import logging
import os
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote

from tests.portal.faults import Fault
from tests.portal.replies import Answer, End, Reply, Request, make_reply, path_of

logger = logging.getLogger(__name__)

Line = socket.socket | tuple[bytes, socket.socket]

_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time at all
_DRIP_S = 0.02


class Transfer:
    """What was sent for a request, counted just before it is sent."""

    def __init__(self, method: str, path: str, range_asked: str | None) -> None:
        self.method = method
        self.path = path
        self.range = range_asked
        self.started = time.monotonic()
        self.status: int | None = None
        self.bytes_sent = 0
        self.is_done = False

    def __repr__(self) -> str:
        return (
            f"{self.method} {self.path} [{self.range}]: {self.status}, {self.bytes_sent} bytes sent"
        )


class Site(Protocol):
    """What the server serves."""

    stopped: threading.Event

    def record(self, request: Request, path: str) -> tuple[Fault | None, Transfer]:
        """Note a request; return the fault that it meets, if any, and where to count."""
        ...

    def answer(self, path: str, fault: Fault | None) -> Answer:
        """Return what there is at `path`."""
        ...


class LocalServer(ThreadingHTTPServer):
    """Serves on 127.0.0.1 until it is closed, which hangs up on all and ends every thread."""

    daemon_threads = False  # the base class waits only for threads that are none

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self._lines: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), handler)

    def process_request(self, request: Line, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        if isinstance(request, socket.socket):
            self._lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Line) -> None:
        """Close a connection that has been served."""
        if isinstance(request, socket.socket):
            self._lines.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the port and every connection; the caller has ended the serving."""
        for line in list(self._lines):
            with contextlib.suppress(OSError):  # the other side has hung up already
                line.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Line, client_address: object) -> None:
        """Report mistakes of the stand-in itself, not broken connections."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class PortalServer(LocalServer):
    """Serves a site; says nothing when a client hangs up."""

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        super().__init__(port, PortalHandler)


class PortalHandler(BaseHTTPRequestHandler):
    """Serves GET and HEAD on one connection."""

    server: PortalServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a small body waits 40 ms for the header's receipt
    timeout = 10

    def do_GET(self) -> None:
        """Answer as the portal does, or as the fault says."""
        site = self.server.site
        request = Request(
            self.command, self.path, self.headers.get("Range"), self.headers.get("If-Range")
        )
        path = unquote(path_of(self.path))
        fault, transfer = site.record(request, path)
        reply = make_reply(site.answer(path, fault), request, fault)
        if reply.delay_s:
            site.stopped.wait(reply.delay_s)
        if not reply.is_silent:
            self._start(reply, transfer)
            if self.command != "HEAD":
                self._send_body(reply, transfer)
        self.close_connection = self.close_connection or reply.end is not End.KEPT
        if reply.end is End.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
            os.close(self.connection.detach())

    def do_HEAD(self) -> None:
        """The same without the body."""
        self.do_GET()

    def _start(self, reply: Reply, transfer: Transfer) -> None:
        answer = reply.answer
        transfer.status = answer.status.value
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if reply.length is not None:
            self.send_header("Content-Length", str(reply.length))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if reply.end is End.CLOSED:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, reply: Reply, transfer: Transfer) -> None:
        body = reply.answer.body
        if reply.bytes_per_s is None:
            transfer.bytes_sent = len(body)
            transfer.is_done = True
            self.wfile.write(body)
            return
        step = max(1, round(reply.bytes_per_s * _DRIP_S))
        for start in range(0, len(body), step):
            drop = body[start : start + step]
            transfer.bytes_sent += len(drop)
            transfer.is_done = transfer.bytes_sent == len(body)
            self.wfile.write(drop)
            if self.server.site.stopped.wait(len(drop) / reply.bytes_per_s):
                self.close_connection = True
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        logger.debug(format, *args)
