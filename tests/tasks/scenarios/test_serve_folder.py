import http.client
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from fringewatch.errors import BadInputError
from tasks.scenarios.serve_folder import serve_folder

MANIFEST = "<a href='http://x/y.tif'>y.tif</a><br />\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    pairs = tmp_path / "LiCSAR_products" / "155" / "interferograms"
    pairs.mkdir(parents=True)
    (pairs / "20210106_20210112").write_text(MANIFEST)
    (pairs / "phase.tif").write_bytes(b"II*\0")
    return tmp_path


@pytest.fixture
def address(tree: Path) -> Iterator[str]:
    with serve_folder(tree) as address:
        yield address


def test_a_folder_is_listed_with_links(address: str) -> None:
    answer = requests.get(f"{address}/LiCSAR_products/155/interferograms/", timeout=5)
    assert answer.status_code == 200
    assert 'href="20210106_20210112"' in answer.text
    parent = requests.get(f"{address}/LiCSAR_products/155/", timeout=5)
    assert 'href="interferograms/"' in parent.text


def test_a_folder_without_its_slash_is_sent_on(address: str) -> None:
    answer = requests.get(f"{address}/LiCSAR_products", timeout=5, allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/LiCSAR_products/")


def test_a_manifest_is_plain_text(address: str) -> None:
    url = f"{address}/LiCSAR_products/155/interferograms/20210106_20210112"
    answer = requests.get(url, timeout=5)
    assert answer.text == MANIFEST
    assert answer.headers["Content-Type"] == "text/plain"
    assert int(answer.headers["Content-Length"]) == len(MANIFEST)
    assert "Last-Modified" in answer.headers
    assert requests.get(f"{url}/", timeout=5).status_code == 404


def test_a_raster_comes_as_it_is(address: str) -> None:
    answer = requests.get(f"{address}/LiCSAR_products/155/interferograms/phase.tif", timeout=5)
    assert answer.content == b"II*\0"
    assert answer.headers["Content-Type"] == "image/tiff"


@pytest.mark.parametrize("path", ["nothing", "LiCSAR_products/nothing/"])
def test_what_is_not_in_the_folder_is_not_found(address: str, path: str) -> None:
    assert requests.get(f"{address}/{path}", timeout=5).status_code == 404


@pytest.mark.parametrize("path", ["/../outside", "/%2e%2e/outside", "//../outside"])
def test_nothing_outside_the_folder_is_shown(tree: Path, path: str) -> None:
    (tree / "outside").write_text("not for you")
    with serve_folder(tree / "LiCSAR_products") as address:
        # Not by requests, which tidies up such a path before it asks.
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 404
        assert b"not for you" not in answer.read()
        connection.close()


def test_what_is_added_while_it_is_served_is_there(tree: Path, address: str) -> None:
    (tree / "later").write_text("here")
    assert requests.get(f"{address}/later", timeout=5).text == "here"


def test_it_listens_on_this_machine_only_and_stops_with_the_block(tree: Path) -> None:
    with serve_folder(tree) as address:
        assert address.startswith("http://127.0.0.1:")
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)


def test_it_stops_when_the_block_fails(tree: Path) -> None:
    addresses = []
    message = "the caller's own"

    def fail_inside() -> None:
        with serve_folder(tree) as address:
            addresses.append(address)
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match=message):
        fail_inside()
    with pytest.raises(requests.ConnectionError):
        requests.get(addresses[0], timeout=5)


def test_two_servers_have_two_addresses(tree: Path) -> None:
    with serve_folder(tree) as one, serve_folder(tree) as other:
        assert one != other
        assert requests.get(f"{one}/", timeout=5).ok
        assert requests.get(f"{other}/", timeout=5).ok


def test_it_says_nothing_on_the_screen(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serve_folder(tree) as address:
        requests.get(f"{address}/nothing", timeout=5)
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            # A reset instead of a goodbye, in the middle of a request.
            connection.sendall(b"GET / HT")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        requests.get(f"{address}/", timeout=5)
    shown = capfd.readouterr()
    assert shown.out == shown.err == ""


@pytest.mark.parametrize("name", ["missing", "file"])
def test_only_a_folder_can_be_served(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInputError, match="no folder"), serve_folder(tmp_path / name):
        pass
