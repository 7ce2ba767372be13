"""Replies that are endless, that unpack to anything, or that speak to the terminal."""

import dataclasses
import gzip
import logging
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
import rasterio

from catalogs.portal.answers import read_page
from catalogs.portal.ask_version import ask_file_version
from catalogs.portal.fetch import fetch_file
from catalogs.portal.listing import parse_links, parse_pairs
from catalogs.portal.session import PortalSession, make_session
from catalogs.rasters.reading import check_raster, read_place
from catalogs.records import Product, RemoteFile
from fringewatch.errors import CorruptProductError, FringewatchError, SourceUnavailableError
from tests.catalogs.portal.conftest import FRAME, PAIRS, QUICK
from tests.catalogs.portal.odd_server import odd_server

ONCE = dataclasses.replace(QUICK, retries=0, body_retries=0)
TERMINAL = "\x1b]0;owned\x07"


def test_a_page_that_unpacks_without_end_is_given_up() -> None:
    zeros = gzip.compress(bytes(1 << 26))
    sent: list[int] = []

    def bomb(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        sent.append(handler.wfile.write(zeros))

    settings = dataclasses.replace(ONCE, page_bytes_max=1 << 20)
    with (
        odd_server(bomb) as server,
        make_session(settings) as session,
        pytest.raises(SourceUnavailableError, match="longer than 1048576 bytes"),
    ):
        read_page(session, f"{server.url}/")


@pytest.mark.parametrize("announced", [None, 1 << 40])
def test_a_file_that_never_ends_is_given_up(announced: int | None, tmp_path: Path) -> None:
    written = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal written
        handler.send_response(200)
        if announced is not None:
            handler.send_header("Content-Length", str(announced))
        handler.end_headers()
        while written < 1 << 26:
            written += handler.wfile.write(b"II*\0" * (1 << 14))

    settings = dataclasses.replace(ONCE, file_bytes_max=1 << 20)
    with odd_server(endless) as server, make_session(settings) as session:
        remote = RemoteFile(FRAME, PAIRS[0], Product.CC, f"{server.url}/a.tif")
        with pytest.raises(CorruptProductError, match=r"over 1048576; .*largest_file_mb"):
            fetch_file(session, remote, tmp_path / "a.tif", lambda _: None)
    assert written < 1 << 26  # the disk was not filled, and the line not kept
    assert list(tmp_path.iterdir()) == []


def test_a_length_that_is_a_lie_and_a_body_that_stalls_hold_nobody(tmp_path: Path) -> None:
    done = threading.Event()

    def stall(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**13))
        handler.end_headers()
        handler.wfile.write(b"II*\0")
        handler.wfile.flush()
        done.wait(20.0)

    impatient = dataclasses.replace(ONCE, read_timeout_s=0.2)
    with odd_server(stall) as server, make_session(impatient) as session:
        remote = RemoteFile(FRAME, PAIRS[0], Product.CC, f"{server.url}/a.tif")
        try:
            with pytest.raises(CorruptProductError, match="10000000000000 bytes or more"):
                fetch_file(session, remote, tmp_path / "a.tif", lambda _: None)
            with pytest.raises(SourceUnavailableError):
                read_page(session, f"{server.url}/")
        finally:
            done.set()
    assert list(tmp_path.iterdir()) == []


def test_words_of_a_server_do_not_reach_the_terminal(caplog: pytest.LogCaptureFixture) -> None:
    def shout(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503, f"No {TERMINAL}" + "o" * 5000)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    caplog.set_level(logging.DEBUG, "catalogs")
    with odd_server(shout) as server, make_session(QUICK) as session:
        for ask in (read_page, ask_file_version):
            with pytest.raises(SourceUnavailableError) as caught:
                ask(session, f"{server.url}/a")
            assert str(caught.value).endswith(
                "/a answered 503 Service Unavailable; it is worth trying again later"
            )
    assert caplog.messages
    for message in caplog.messages:
        assert message.isprintable()
        assert len(message) < 500


@pytest.mark.parametrize(
    "name", ["Content-Range", "Content-Length", "Last-Modified", "Retry-After", "ETag"]
)
@pytest.mark.parametrize("value", ["9" * 5000, "bytes 0-0/" + "9" * 5000, f"a{TERMINAL}", "-1"])
def test_no_header_is_more_than_one_of_our_errors(name: str, value: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503 if name == "Retry-After" else 200)
        handler.send_header(name, value)
        handler.end_headers()

    quick = dataclasses.replace(ONCE, retry_after_max_s=0.0, read_timeout_s=0.5)
    with odd_server(answer) as server, make_session(quick) as session:
        said = what_is_said_of(session, f"{server.url}/a.tif")
    assert said.isprintable()
    assert len(said) < 1000


def what_is_said_of(session: PortalSession, url: str) -> str:
    try:
        facts = ask_file_version(session, url)
    except FringewatchError as error:
        return str(error)
    return f"{facts.total_bytes}, {facts.modified}"


def test_links_that_no_log_line_should_hold_are_none() -> None:
    good = f"/x/{PAIRS[0]}"
    page = "".join(
        f"<a href='{link}'>x</a>"
        for link in (
            f"/{'a' * 5000}/{PAIRS[1]}",
            f"/{TERMINAL}/{PAIRS[1]}",
            f"/a\nb/{PAIRS[1]}",
            good,
        )
    )
    assert parse_links(page, "http://127.0.0.1/") == (f"http://127.0.0.1{good}",)
    assert [entry.pair for entry in parse_pairs(page, "http://127.0.0.1/")] == [PAIRS[0]]


def test_a_small_file_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "crs": "EPSG:4326"}
    profile |= {"height": 40_000, "width": 40_000, "compress": "deflate", "sparse_ok": True}
    transform = rasterio.Affine(1e-5, 0, -92, 0, -1e-5, 1)
    with rasterio.open(path, "w", transform=transform, **profile) as raster:
        raster.write(np.ones((1, 1, 1), np.uint8), window=rasterio.windows.Window(0, 0, 1, 1))
    assert path.stat().st_size < 1 << 20
    for read in (check_raster, read_place):
        with pytest.raises(CorruptProductError, match="claims 40000 x 40000 pixels"):
            read(path, Product.CC)
