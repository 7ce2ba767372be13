"""A server of this machine that answers as a test says, byte for byte where it has to."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.portal.handler import LocalServer


class EvaluationRequest(NamedTuple):
    """A request as it came."""

    target: str
    headers: dict[str, str]


class OddServer(NamedTuple):
    """Where it is, and what it was asked."""

    port: int
    asked: list[EvaluationRequest]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def odd_server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[OddServer]:
    """Give a server whose GET is `answer`, while the block lasts."""
    asked: list[EvaluationRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(
                EvaluationRequest(self.path, {k.lower(): v for k, v in self.headers.items()})
            )
            with contextlib.suppress(ConnectionError):  # the client has seen enough
                answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    with LocalServer(0, Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield OddServer(server.server_port, asked)
        finally:
            server.shutdown()
            thread.join()


def say_hello(handler: BaseHTTPRequestHandler) -> None:
    """Answer with a short page."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5")
    handler.end_headers()
    handler.wfile.write(b"hello")
