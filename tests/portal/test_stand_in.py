"""The stand-in must behave as the portal does: other tests believe what it says."""

import datetime as dt
import email.utils
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from catalogs.records import DatePair, FrameId
from tests.portal import (
    Fault,
    FaultKind,
    StandInPortal,
    link_frame,
    load_faults,
    pages,
    pair_folder,
)
from tests.portal.faults import FaultScriptError

FRAME = FrameId.parse("004D_05291_081406")
PAIR = DatePair.parse("20240106_20240118")
PAIRS = "4/004D_05291_081406/interferograms"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = pair_folder(tmp_path, FRAME, PAIR)
    for ending in ("cc.tif", "diff_pha.tif", "cc.png", "diff.png"):
        (folder / f"{PAIR}.geo.{ending}").write_bytes(ending.encode())
    pair_folder(tmp_path, FRAME, DatePair.parse("20240118_20240130"))
    return tmp_path


@pytest.fixture
def portal(tree: Path) -> Iterator[StandInPortal]:
    with StandInPortal(tree) as portal:
        yield portal


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_a_manifest_has_the_producer_s_bytes(
    portal: StandInPortal, session: requests.Session
) -> None:
    answer = session.get(f"{portal.url}/{PAIRS}/{PAIR}", timeout=5)
    archive = f"{portal.origin}/neodc/comet/data/licsar_products/04/{FRAME}/{PAIR}"
    public = f"{portal.public_url}/{PAIRS}/{PAIR}"
    expected = [
        (archive, f"{PAIR}.geo.cc.png"),
        (public, f"{PAIR}.geo.diff.png"),
        (archive, f"{PAIR}.geo.cc.tif"),
        (public, f"{PAIR}.geo.diff_pha.tif"),
    ]
    lines = [f"<a href='{folder}/{name}'>{name}</a><br />\n" for folder, name in expected]
    assert answer.text == "".join(lines)
    assert answer.headers["Content-Type"] == "text/plain"
    for folder, name in expected:
        body = session.get(f"{folder}/{name}", timeout=5).content
        assert body == name.removeprefix(f"{PAIR}.geo.").encode()


@pytest.mark.parametrize(
    "path",
    [
        f"/LiCSAR_products/{PAIRS}/{PAIR}/",
        f"/LiCSAR_products/{PAIRS}/{PAIR}/{PAIR}.geo.diff_pha.tif",
        f"/LiCSAR_products.public/{PAIRS}/{PAIR}",
        f"/LiCSAR_products.public/{PAIRS}/{PAIR}/{PAIR}.geo.cc.tif",
        f"/neodc/comet/data/licsar_products/04/{FRAME}/{PAIR}/{PAIR}.geo.diff_pha.tif",
        f"/neodc/comet/data/licsar_products/004/{FRAME}/{PAIR}/{PAIR}.geo.cc.tif",
        f"/LiCSAR_products/{PAIRS}/20240101_20240113",
        "/LiCSAR_products/4/004D_05291_000000/interferograms/",
        f"/LiCSAR_products/004/{FRAME}/interferograms/",
        f"/LiCSAR_products.public/{PAIRS}/../{PAIR}.geo.cc.tif",
        f"/neodc/comet/data/licsar_products/4/{FRAME}/",
        f"/neodc/comet/data/licsar_products/04/{FRAME}/interferograms/",
        f"/neodc/comet/data/licsar_products/04/{FRAME}/20240118_20240130/",  # nothing archived
        "/neodc/comet/data/licsar_products/04/004D_05291_000000/",
        "/",
    ],
)
def test_what_the_portal_does_not_serve(
    portal: StandInPortal, session: requests.Session, path: str
) -> None:
    assert session.get(portal.origin + path, timeout=5).status_code == 404


def test_listings_name_manifests_or_folders(
    portal: StandInPortal, session: requests.Session
) -> None:
    assert f'href="{PAIR}"' in session.get(f"{portal.url}/{PAIRS}/", timeout=5).text
    assert f'href="{PAIR}/"' in session.get(f"{portal.public_url}/{PAIRS}/", timeout=5).text
    answer = session.get(f"{portal.url}/{PAIRS}", timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/LiCSAR_products/{PAIRS}")


@pytest.mark.parametrize("form", [pages.apache_table, pages.apache_lines, pages.nginx])
def test_listings_in_either_order(
    tree: Path, session: requests.Session, form: pages.Listing
) -> None:
    for descending in (False, True):
        with StandInPortal(tree, descending=descending, listing=form) as portal:
            text = session.get(f"{portal.url}/{PAIRS}/", timeout=5).text
        assert (text.index("20240106_20240118") > text.index("20240118_20240130")) == descending


def test_a_fault_ends_after_its_times(portal: StandInPortal, session: requests.Session) -> None:
    url = f"{portal.url}/{PAIRS}/{PAIR}"
    portal.faults[str(PAIR)] = Fault(FaultKind.STATUS, times=2, code=500)
    assert [session.get(url, timeout=5).status_code for _ in range(4)] == [500, 500, 200, 200]
    assert portal.count(str(PAIR)) == 4
    assert set(portal.requests) == {("GET", f"/LiCSAR_products/{PAIRS}/{PAIR}")}


def test_the_transition_tree_is_a_copy(portal: StandInPortal, session: requests.Session) -> None:
    for path in (f"{PAIRS}/", f"{PAIRS}/{PAIR}"):
        now, future = (
            session.get(f"{root}/{path}", timeout=5).text
            for root in (portal.url, portal.future_url)
        )
        assert now == future.replace("LiCSAR_products.future", "LiCSAR_products")


def test_the_archive_lists_what_it_has(portal: StandInPortal, session: requests.Session) -> None:
    frame = f"/neodc/comet/data/licsar_products/04/{FRAME}"
    for slash in ("", "/"):
        text = session.get(f"{portal.origin}{frame}{slash}", timeout=5).text
        assert re.findall('href="(.*?)"', text) == [
            f"{frame}/{name}" for name in (str(PAIR), "epochs", "metadata")
        ]
        text = session.get(f"{portal.origin}{frame}/{PAIR}{slash}", timeout=5).text
        links = re.findall('href="(.*?)"', text)
        assert links == [
            f"{portal.origin}{frame}/{PAIR}/{PAIR}.geo.cc.{ending}?download=1"
            for ending in ("png", "tif")
        ]
    assert session.get(links[1], timeout=5).content == b"cc.tif"


def test_links_can_lead_to_another_host(
    portal: StandInPortal, tree: Path, session: requests.Session
) -> None:
    with StandInPortal(tree, archive_origin=portal.origin) as linking:
        text = session.get(f"{linking.url}/{PAIRS}/{PAIR}", timeout=5).text
    assert f"'{portal.origin}/neodc/" in text
    assert f"'{linking.public_url}/" in text


def ask_file(
    portal: StandInPortal, session: requests.Session, headers: dict[str, str]
) -> tuple[int, bytes, str | None]:
    url = f"{portal.public_url}/{PAIRS}/{PAIR}/{PAIR}.geo.diff_pha.tif"
    answer = session.get(url, headers=headers, timeout=5)
    return answer.status_code, answer.content, answer.headers.get("Content-Range")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-3", (206, b"diff", "bytes 0-3/12")),
        ("bytes=5-", (206, b"pha.tif", "bytes 5-11/12")),
        ("bytes=-4", (206, b".tif", "bytes 8-11/12")),
        ("bytes=8-99", (206, b".tif", "bytes 8-11/12")),
        ("bytes=-99", (206, b"diff_pha.tif", "bytes 0-11/12")),
        ("bytes=12-", (416, b"", "bytes */12")),
        ("bytes=5-3", (416, b"", "bytes */12")),
        ("bytes=0-1,3-4", (200, b"diff_pha.tif", None)),  # several are not needed
        ("bytes=-", (200, b"diff_pha.tif", None)),
        ("lines=1-2", (200, b"diff_pha.tif", None)),
    ],
)
def test_ranges(
    portal: StandInPortal,
    session: requests.Session,
    asked: str,
    expected: tuple[int, bytes, str | None],
) -> None:
    assert ask_file(portal, session, {"Range": asked}) == expected
    (transfer,) = portal.transfers
    assert (transfer.range, transfer.status) == (asked, expected[0])
    assert transfer.bytes_sent == portal.bytes_sent(".tif") == len(expected[1])


@pytest.mark.parametrize("etags", [False, True])
def test_a_range_of_this_version_only(
    portal: StandInPortal, session: requests.Session, etags: bool
) -> None:
    portal.etags = etags
    url = f"{portal.public_url}/{PAIRS}/{PAIR}/{PAIR}.geo.diff_pha.tif"
    headers = session.head(url, timeout=5).headers
    assert headers["Content-Length"] == "12"
    assert ("ETag" in headers) == etags
    for mark, status in (
        (headers["Last-Modified"], 206),
        (headers.get("ETag", '"other"'), 206 if etags else 200),
        ('"other"', 200),
        ("Wed, 20 Mar 2024 04:17:05 GMT", 200),
    ):
        asked = {"Range": "bytes=0-3", "If-Range": mark}
        assert ask_file(portal, session, asked)[0] == status
    portal.faults[".tif"] = Fault(FaultKind.IF_RANGE_IGNORED)
    assert ask_file(portal, session, {"Range": "bytes=0-3", "If-Range": '"other"'})[0] == 206


def test_faults_of_a_path_happen_one_after_the_other(
    portal: StandInPortal, session: requests.Session
) -> None:
    portal.faults[".tif"] = [
        Fault(FaultKind.STATUS, times=1, code=500, skip=1),
        Fault(FaultKind.STATUS, times=1, code=502, ranged=True),
        Fault(FaultKind.STATUS, code=405, method="HEAD"),
    ]
    whole: dict[str, str] = {}
    part = {"Range": "bytes=0-3"}
    found = [ask_file(portal, session, headers)[0] for headers in (whole, whole, part, part, whole)]
    assert found == [200, 500, 502, 206, 200]
    url = f"{portal.public_url}/{PAIRS}/{PAIR}/{PAIR}.geo.diff_pha.tif"
    assert session.head(url, timeout=5).status_code == 405


def test_a_drip_has_its_speed(portal: StandInPortal, session: requests.Session) -> None:
    portal.faults[".tif"] = Fault(FaultKind.SLOW, bytes_per_s=60)
    start = time.monotonic()
    assert ask_file(portal, session, {}) == (200, b"diff_pha.tif", None)
    assert 0.15 < time.monotonic() - start < 2.0


def test_a_length_that_is_wrong_or_absent(portal: StandInPortal, session: requests.Session) -> None:
    portal.faults[".tif"] = [
        Fault(FaultKind.WRONG_LENGTH, times=1, by_bytes=-4),
        Fault(FaultKind.WRONG_LENGTH, times=1, by_bytes=1),
        Fault(FaultKind.NO_LENGTH),
    ]
    assert ask_file(portal, session, {})[1] == b"diff_pha"
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="1 more expected"):
        ask_file(portal, session, {})
    assert ask_file(portal, session, {})[1] == b"diff_pha.tif"


def test_a_file_that_was_changed_in_place(portal: StandInPortal, session: requests.Session) -> None:
    url = f"{portal.public_url}/{PAIRS}/{PAIR}/{PAIR}.geo.diff_pha.tif"
    before = session.get(url, timeout=5)
    portal.faults[".tif"] = Fault(FaultKind.CHANGED)
    now = session.get(url, timeout=5)
    assert len(now.content) == len(before.content)
    assert now.content[:8] == before.content[:8]
    assert now.content != before.content
    times = [
        email.utils.parsedate_to_datetime(answer.headers["Last-Modified"])
        for answer in (now, before)
    ]
    assert times[1] - times[0] == dt.timedelta(days=1)


def test_the_real_frame_is_linked_and_not_copied(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "licsar" / "106A_09048_000909"
    assert link_frame(source, tmp_path) == FrameId.parse("106A_09048_000909")
    links = sorted(tmp_path.glob("106/106A_09048_000909/interferograms/*/*"))
    assert [link.name for link in links] == sorted(
        file.name for file in source.glob("interferograms/*/*")
    )
    assert all(link.is_symlink() and link.is_file() for link in links)


@pytest.mark.parametrize("is_in_background", [False, True])
def test_it_runs_by_hand(tree: Path, session: requests.Session, *, is_in_background: bool) -> None:
    script = tree / "faults.json"
    script.write_text(f'[{{"path": "{PAIR}", "kind": "status", "times": 1, "code": 504}}]')
    command = [sys.executable, "-m", "tests.portal", str(tree), "--faults", str(script)]
    if is_in_background:  # a shell without job control lets what it starts there ignore SIGINT
        command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        url, public, archive = (process.stdout.readline().strip() for _ in range(3))
        try:
            answers = [session.get(f"{url}/{PAIRS}/{PAIR}", timeout=5) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [504, 200]
            assert session.get(f"{public}/{PAIRS}/{PAIR}/", timeout=5).status_code == 200
            assert session.get(f"{archive}/04/{FRAME}/", timeout=5).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        told = process.stdout.read()
    assert f"GET /LiCSAR_products/{PAIRS}/{PAIR} [None]: 504, " in told
    assert told.endswith("4 requests served\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.json",
            '[{"path": "/x", "kind": "cut", "after_bytes": 9}, {"path": "/x", "kind": "slow"}]',
        ),
        (
            "a.toml",
            '[[fault]]\npath = "/x"\nkind = "cut"\nafter_bytes = 9\n'
            '[[fault]]\npath = "/x"\nkind = "slow"\n',
        ),
    ],
)
def test_a_fault_script(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert load_faults(tmp_path / name) == {
        "/x": [Fault(FaultKind.CUT, after_bytes=9), Fault(FaultKind.SLOW)]
    }


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "{", "is no fault script"),
        ("a.toml", "[[faults]]", "is no fault script"),
        ("a.json", '[{"kind": "cut"}]', "fault 1: 'path'"),
        ("a.json", '[{"path": "/x", "kind": "flood"}]', "'flood' is not a valid FaultKind"),
        ("a.json", '[{"path": "/x", "kind": "cut", "after": 9}]', r"unknown words \['after'\]"),
    ],
)
def test_a_fault_script_that_is_wrong_says_where(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FaultScriptError, match=words):
        load_faults(tmp_path / name)
