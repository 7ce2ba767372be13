"""The HTTP of the stand-in portal: records, asks for the answer, and spoils it on demand."""

import logging
import os
import socket
import struct
import sys
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import unquote, urlsplit

from tests.portal import pages
from tests.portal.faults import Fault, FaultKind

logger = logging.getLogger(__name__)

_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time at all


@dataclass(frozen=True)
class Answer:
    """What a request gets when nothing goes wrong."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = "text/html;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)


class Site(Protocol):
    """What the server serves."""

    stopped: threading.Event

    def record(self, method: str, path: str) -> Fault | None:
        """Note a request and return the fault that it meets, if any."""
        ...

    def answer(self, path: str) -> Answer:
        """Return what there is at `path`."""
        ...


class PortalServer(ThreadingHTTPServer):
    """Serves a site on a free port of 127.0.0.1; says nothing when a client hangs up."""

    def __init__(self, site: Site) -> None:
        self.site = site
        super().__init__(("127.0.0.1", 0), PortalHandler)

    def handle_error(
        self,
        request: socket.socket | tuple[bytes, socket.socket],
        client_address: object,
    ) -> None:
        """Report mistakes of the stand-in itself, not broken connections."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class PortalHandler(BaseHTTPRequestHandler):
    """Serves GET on one connection."""

    server: PortalServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a small body waits 40 ms for the header's receipt
    timeout = 10

    def do_GET(self) -> None:
        """Answer as the portal does, or as the fault says."""
        site = self.server.site
        path = unquote(urlsplit(self.path).path)
        fault = site.record(self.command, path)
        answer = site.answer(path)
        if fault is None:
            self._send(answer)
        elif fault.kind is FaultKind.STALL:
            site.stopped.wait(fault.seconds)
            self._send(answer)
        elif fault.kind in {FaultKind.CUT, FaultKind.RESET}:
            self._send(answer, fault)
        else:
            self._send_instead(fault)

    def _send(self, answer: Answer, fault: Fault | None = None) -> None:
        self._start(answer.status, len(answer.body), answer.content_type, answer.headers)
        if fault is None:
            self.wfile.write(answer.body)
            return
        self.wfile.write(answer.body[: fault.after_bytes])
        self.close_connection = True
        if fault.kind is FaultKind.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
            os.close(self.connection.detach())

    def _send_instead(self, fault: Fault) -> None:
        status, body, headers = HTTPStatus.OK, pages.SERVER_ERROR.encode(), {}
        if fault.kind is FaultKind.STATUS:
            status = HTTPStatus(fault.code)
            if fault.retry_after_s is not None:
                headers["Retry-After"] = str(fault.retry_after_s)
        elif fault.kind is FaultKind.REDIRECT:
            status = HTTPStatus.FOUND
            headers["Location"] = self.path if fault.location is None else fault.location
        elif fault.kind is FaultKind.EMPTY:
            body = b""
        self._start(status, len(body), "text/html", headers)
        self.wfile.write(body)

    def _start(
        self, status: HTTPStatus, length: int, content_type: str, headers: dict[str, str]
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
        logger.debug(format, *args)
