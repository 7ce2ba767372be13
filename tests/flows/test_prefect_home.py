"""The address of a named Prefect server: one that can never do is refused, others may do later."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flows.prefect_home import _ask_server, _refuse_no_address
from fringewatch.errors import BadInputError, ServerUnavailableError


class _NotFound(BaseHTTPRequestHandler):
    """A server that runs, and has nothing there; or a page for people, as Prefect's has."""

    def do_GET(self) -> None:
        page = b"<html>a page for people</html>"
        self.send_response(200 if self.path.startswith("/page") else 404)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    running = HTTPServer(("127.0.0.1", 0), _NotFound)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:4277", "127.0.0.1:4200/api", "localhost", "https://", "http:/host/api",
     "ftp://host/api", "http://host:notaport/api", "http://[::1/api"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadInputError, match=r"write it whole, as http://HOST:4200/api") as caught:
        _refuse_no_address(address)
    assert address in str(caught.value)


def test_a_password_in_it_is_not_shown() -> None:
    with pytest.raises(BadInputError) as caught:
        _refuse_no_address("ftp://officer:secret@host/api")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:4200/api", "https://api.prefect.cloud/api/accounts/a/workspaces/b"],
)
def test_an_address_passes(address: str) -> None:
    _refuse_no_address(address)


@pytest.mark.parametrize("path", ["", "/", "/page"])
def test_an_address_without_api_is_refused_where_something_answers(server: str, path: str) -> None:
    with pytest.raises(BadInputError, match="ends with /api"):
        _ask_server(server + path)


@pytest.mark.parametrize("path", ["/api", "/page/api"])
def test_one_of_the_api_may_do_later(server: str, path: str) -> None:
    with pytest.raises(ServerUnavailableError, match="start it, or unset PREFECT_API_URL"):
        _ask_server(server + path)


def test_so_may_one_where_nobody_listens() -> None:
    with pytest.raises(ServerUnavailableError, match="gives no answer"):
        _ask_server("http://127.0.0.1:9/api")
