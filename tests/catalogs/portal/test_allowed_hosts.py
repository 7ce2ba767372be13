"""Links, redirects and names that lead where nobody has allowed."""

import dataclasses
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from catalogs.portal.allowed_hosts import AllowedHosts, ForeignHostError
from catalogs.portal.answers import read_page
from catalogs.portal.ask_version import ask_file_version
from catalogs.portal.client import Portal
from catalogs.portal.session import PortalSession, SessionSettings, make_session
from catalogs.records import Product
from catalogs.settings import load_settings
from fringewatch.errors import BadInputError
from tests.catalogs.portal.conftest import FRAME, QUICK
from tests.catalogs.portal.odd_server import OddServer, odd_server, say_hello
from tests.portal import Fault, FaultKind, StandInPortal

ALONE = dataclasses.replace(QUICK, hosts=(), retries=0)
"""A session that may ask the portal's own hosts and those of its roots."""


@pytest.fixture
def stranger() -> Iterator[OddServer]:
    with odd_server(say_hello) as server:
        yield server


@pytest.fixture
def session() -> Iterator[PortalSession]:
    with make_session(ALONE) as session:
        yield session


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Names that lead to a port of this machine, whichever port is asked: what a DNS may say."""
    names: dict[str, int] = {}
    honest: Callable[..., Any] = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **words: Any) -> Any:
        if host not in names:
            return honest(host, port, *more, **words)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", names[host]))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


def redirect_to(location: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def test_a_link_of_a_manifest_to_a_stranger_is_not_followed(
    tree: Path, session: PortalSession, stranger: OddServer, tmp_path: Path
) -> None:
    with StandInPortal(tree, archive_origin=stranger.url) as portal:
        client = Portal([portal.url], session)
        entry = client.list_pairs(FRAME).entries[0]
        files = client.read_manifest(FRAME, entry)
        with pytest.raises(ForeignHostError, match=rf"leads to 127.0.0.1:{stranger.port}, .*name"):
            client.fetch(files[Product.CC], tmp_path / "cc.tif", lambda _: None)
        with pytest.raises(ForeignHostError):
            ask_file_version(session, files[Product.CC].url)
        assert client.fetch(files[Product.DIFF_PHA], tmp_path / "p.tif", lambda _: None).size > 0
    assert stranger.asked == []
    assert not list(tmp_path.glob("cc.tif*"))


def test_a_redirect_to_a_stranger_is_not_followed_unless_named(
    portal: StandInPortal, session: PortalSession, stranger: OddServer
) -> None:
    portal.faults["/moved"] = Fault(FaultKind.REDIRECT, location=f"{stranger.url}/secret")
    Portal([portal.url], session)
    with pytest.raises(ForeignHostError, match=r"/moved: it leads to 127\."):
        read_page(session, f"{portal.url}/moved")
    assert stranger.asked == []
    named = dataclasses.replace(ALONE, hosts=(f"127.0.0.1:{stranger.port}",))
    with make_session(named) as trusting:
        Portal([portal.url], trusting)
        assert read_page(trusting, f"{portal.url}/moved").text == "hello"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://localhost/",
        "http://gws-access.jasmin.ac.uk.example.org/",
        "https://gws-access.jasmin.ac.uk:6379/",
        "https://name:word@data.ceda.ac.uk/",
        "http://\x07example.org/" + "a" * 5000,
        "file:///etc/passwd",
    ],
)
def test_what_is_no_host_of_the_portal_is_refused_in_plain_words(url: str) -> None:
    with pytest.raises(ForeignHostError) as caught:
        AllowedHosts().refuse_foreign(url)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("host", ["gws-access.jasmin.ac.uk", "data.ceda.ac.uk", "DAP.ceda.ac.uk"])
def test_the_hosts_of_the_portal_are_known(host: str) -> None:
    allowed = AllowedHosts()
    for url in (f"https://{host}/a", f"http://{host}:80/a", f"https://{host}:443/a"):
        allowed.refuse_foreign(url)


@pytest.mark.parametrize(
    "peer",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "100.64.0.1",
     "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"],
)  # fmt: skip
def test_only_who_was_named_may_be_inside(peer: str) -> None:
    allowed = AllowedHosts(["inside.example"])
    allowed.add_root("http://mirror.example:8080/LiCSAR_products")
    for host in ("dap.ceda.ac.uk", "elsewhere.example"):
        with pytest.raises(ForeignHostError, match="private network or of this machine"):
            allowed.refuse_inside(host, peer)
    for _ in range(2):
        allowed.refuse_inside("inside.example", peer)
        allowed.refuse_inside("mirror.example", peer)
        allowed.refuse_inside("inside.example", "192.171.139.2")
    allowed.refuse_inside("mirror.example", "2001:630::1")
    with pytest.raises(ForeignHostError, match=r"mirror\.example leads to "):
        allowed.refuse_inside("mirror.example", peer)


def test_a_name_of_the_portal_that_leads_to_this_machine_is_not_asked(
    session: PortalSession, stranger: OddServer, names: dict[str, int]
) -> None:
    names["dap.ceda.ac.uk"] = stranger.port
    with pytest.raises(ForeignHostError, match=r"the name dap\.ceda\.ac\.uk leads to 127\."):
        read_page(session, "http://dap.ceda.ac.uk/x")
    assert stranger.asked == []


def test_a_root_may_be_inside_but_does_not_move_there(
    session: PortalSession, stranger: OddServer, names: dict[str, int]
) -> None:
    names["mirror.example"] = stranger.port
    Portal(["http://mirror.example/LiCSAR_products"], session)
    assert read_page(session, "http://mirror.example/x").text == "hello"
    session.allowed.refuse_inside("mirror.example", "192.171.139.2")  # it was on the internet
    with pytest.raises(ForeignHostError, match=r"leads to 127\."):
        read_page(session, "http://mirror.example/x")
    assert len(stranger.asked) == 1


@pytest.mark.parametrize(
    "text", ["", "a b", "http://a.org", "a.org/b", "a@b.org", "a.org:x", "[::1"]
)
def test_what_is_no_name_of_a_host_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"portal_hosts has .*: give the name of a host"):
        load_settings(home=tmp_path, portal_hosts=(text,))


@pytest.mark.parametrize("asked_for", [False, True])
def test_netrc_is_for_whoever_asks_for_it(
    stranger: OddServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, asked_for: bool
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    settings = dataclasses.replace(QUICK, netrc=asked_for)
    with (
        odd_server(redirect_to(f"{stranger.url}/there")) as first,
        make_session(settings) as session,
    ):
        assert read_page(session, f"{first.url}/here").text == "hello"
        (before,), (after,) = first.asked, stranger.asked
    assert ("authorization" in before.headers) == asked_for
    assert ("authorization" in after.headers) == asked_for


def test_proxies_of_the_environment_go_on_working(
    stranger: OddServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", stranger.url)
    with make_session(SessionSettings(retries=0)) as session:
        assert read_page(session, "http://data.ceda.ac.uk/neodc/").text == "hello"
        with pytest.raises(ForeignHostError):
            read_page(session, "http://elsewhere.example/")
    assert [request.target for request in stranger.asked] == ["http://data.ceda.ac.uk/neodc/"]
