"""The stand-in must behave as the portal does: other tests believe what it says."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from catalogs.records import DatePair, FrameId
from tests.portal import Fault, FaultKind, StandInPortal, link_frame, pages, pair_folder

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


def test_the_real_frame_is_linked_and_not_copied(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "licsar" / "106A_09048_000909"
    assert link_frame(source, tmp_path) == FrameId.parse("106A_09048_000909")
    links = sorted(tmp_path.glob("106/106A_09048_000909/interferograms/*/*"))
    assert [link.name for link in links] == sorted(
        file.name for file in source.glob("interferograms/*/*")
    )
    assert all(link.is_symlink() and link.is_file() for link in links)


def test_it_runs_by_hand(tree: Path, session: requests.Session) -> None:
    command = [sys.executable, "-m", "tests.portal", str(tree)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            assert session.get(f"{url}/{PAIRS}/{PAIR}", timeout=5).status_code == 200
        finally:
            process.terminate()
