import datetime as dt
import os
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from catalogs.portal.ask_version import ask_file_version
from catalogs.portal.file_version import FileVersion
from catalogs.portal.session import PortalSession
from fringewatch.errors import MissingProductError, SourceUnavailableError
from tests.catalogs.portal.conftest import FRAME, PAIRS
from tests.portal import StandInPortal, pair_folder

TIME = dt.datetime(2024, 3, 20, 4, 17, 5, tzinfo=dt.UTC)
SAID = "Wed, 20 Mar 2024 04:17:05 GMT"
HEADERS = {"Last-Modified": SAID, "ETag": '"v1"'}
TIFF = "image/tiff"


def serve(
    server: HTTPServer, head: Response | None, get: Response | None = None
) -> tuple[str, list[Request]]:
    """Answer HEAD and GET of one address; return it, and the requests as they come."""
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        response = head if request.method == "HEAD" else get
        assert response is not None, f"nobody expected a {request.method}"
        return response

    server.expect_request("/a.tif").respond_with_handler(answer)
    return server.url_for("/a.tif"), asked


def length(size: int, **headers: str) -> Response:
    """An answer to HEAD that announces `size` bytes."""
    response = Response(b"", content_type=TIFF, headers={**HEADERS, **headers})
    response.headers["Content-Length"] = str(size)
    response.automatically_set_content_length = False
    return response


def test_one_head_is_enough(httpserver: HTTPServer, session: PortalSession) -> None:
    url, asked = serve(httpserver, length(17018630))
    assert ask_file_version(session, url) == FileVersion(17018630, SAID, '"v1"')
    assert [request.method for request in asked] == ["HEAD"]


@pytest.mark.parametrize("status", [403, 405, 501])
def test_where_head_is_refused_one_byte_is_asked_for(
    httpserver: HTTPServer, session: PortalSession, status: int
) -> None:
    byte = Response(b"I", 206, {**HEADERS, "Content-Range": "bytes 0-0/4321"}, content_type=TIFF)
    url, asked = serve(httpserver, Response(status=status), byte)
    assert ask_file_version(session, url) == FileVersion(4321, SAID, '"v1"')
    assert [request.method for request in asked] == ["HEAD", "GET"]
    assert asked[1].headers["Range"] == "bytes=0-0"


def test_a_range_may_be_ignored(httpserver: HTTPServer, session: PortalSession) -> None:
    whole = Response(b"II*\0" * 100, 200, HEADERS, content_type=TIFF)
    url, _ = serve(httpserver, Response(status=405), whole)
    assert ask_file_version(session, url).total_bytes == 400


def test_a_head_without_length_is_not_the_last_word(
    httpserver: HTTPServer, session: PortalSession
) -> None:
    head = length(0)
    del head.headers["Content-Length"]
    byte = Response(b"I", 206, {"Content-Range": "bytes 0-0/99"}, content_type=TIFF)
    url, _ = serve(httpserver, head, byte)
    assert ask_file_version(session, url) == FileVersion(99, None, None)


@pytest.mark.parametrize("text", ["yesterday", "Wed, 99 Mar 2024 04:17:05 GMT", ""])
def test_a_time_that_cannot_be_read_is_none(
    httpserver: HTTPServer, session: PortalSession, text: str
) -> None:
    url, _ = serve(httpserver, length(5, **{"Last-Modified": text}))
    assert ask_file_version(session, url).modified is None


@pytest.mark.parametrize("text", ["bytes 0-0/*", "nonsense", ""])
def test_a_size_that_nobody_says_is_none(
    httpserver: HTTPServer, session: PortalSession, text: str
) -> None:
    byte = Response(b"I", 206, {"Content-Range": text}, content_type=TIFF)
    url, _ = serve(httpserver, Response(status=405), byte)
    assert ask_file_version(session, url).total_bytes is None


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_missing(
    httpserver: HTTPServer, session: PortalSession, status: int
) -> None:
    url, _ = serve(httpserver, Response(status=status))
    with pytest.raises(MissingProductError, match=str(status)):
        ask_file_version(session, url)


def test_an_empty_file_is_missing(httpserver: HTTPServer, session: PortalSession) -> None:
    url, _ = serve(httpserver, length(0))
    with pytest.raises(MissingProductError, match="empty"):
        ask_file_version(session, url)


def test_an_empty_file_has_no_first_byte(httpserver: HTTPServer, session: PortalSession) -> None:
    none = Response(b"", 416, {"Content-Range": "bytes */0"}, content_type=TIFF)
    url, _ = serve(httpserver, Response(status=405), none)
    with pytest.raises(MissingProductError, match="empty"):
        ask_file_version(session, url)


@pytest.mark.parametrize("status", [400, 416, 503])
def test_any_other_answer_is_no_answer(
    httpserver: HTTPServer, session: PortalSession, status: int
) -> None:
    url, _ = serve(httpserver, Response(status=status))
    with pytest.raises(SourceUnavailableError, match=str(status)):
        ask_file_version(session, url)


def test_a_page_in_the_place_of_the_file_is_no_answer(
    httpserver: HTTPServer, session: PortalSession
) -> None:
    page = length(812)
    page.content_type = "text/html; charset=utf-8"
    url, _ = serve(httpserver, page)
    with pytest.raises(SourceUnavailableError, match="a page instead of the file"):
        ask_file_version(session, url)


def test_a_dead_host_is_unavailable(session: PortalSession, dead_root: str) -> None:
    with pytest.raises(SourceUnavailableError, match="no answer"):
        ask_file_version(session, f"{dead_root}/a.tif")


@pytest.mark.parametrize("location", ["/a.tif", "ftp://nowhere/a.tif"])
def test_a_redirect_that_leads_nowhere_is_unavailable(
    httpserver: HTTPServer, session: PortalSession, location: str
) -> None:
    url, _ = serve(httpserver, Response(status=302, headers={"Location": location}))
    with pytest.raises(SourceUnavailableError, match="no answer"):
        ask_file_version(session, url)


def test_redirects_are_followed(httpserver: HTTPServer, session: PortalSession) -> None:
    httpserver.expect_request("/old.tif").respond_with_response(
        Response(status=301, headers={"Location": "/a.tif"})
    )
    serve(httpserver, length(7))
    assert ask_file_version(session, httpserver.url_for("/old.tif")).total_bytes == 7


def test_the_stand_in_portal_says_what_lies_there(
    portal: StandInPortal, session: PortalSession
) -> None:
    name = f"{PAIRS[0]}.geo.diff_pha.tif"
    file = pair_folder(portal.tree, FRAME, PAIRS[0]) / name
    url = f"{portal.public_url}/{FRAME.track}/{FRAME}/interferograms/{PAIRS[0]}/{name}"
    facts = ask_file_version(session, url)
    found = file.stat()
    assert facts.total_bytes == found.st_size
    assert facts.modified == dt.datetime.fromtimestamp(int(found.st_mtime), dt.UTC)


def test_a_file_of_this_machine(tmp_path: Path, session: PortalSession) -> None:
    file = tmp_path / "a file.tif"
    file.write_bytes(b"12345")
    os.utime(file, (TIME.timestamp() + 0.5,) * 2)
    assert ask_file_version(session, file.as_uri()) == FileVersion(5, SAID, None)
    file.write_bytes(b"")
    with pytest.raises(MissingProductError, match="empty"):
        ask_file_version(session, file.as_uri())
    file.unlink()
    with pytest.raises(MissingProductError, match="not there"):
        ask_file_version(session, file.as_uri())
    with pytest.raises(SourceUnavailableError, match="cannot read"):
        ask_file_version(session, (tmp_path / ("x" * 300)).as_uri())
