"""Metadata and epochs of the stand-in are where the portal has them, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.portal import StandInPortal

FRAME = "4/004D_05291_081406"
HEIGHTS = "004D_05291_081406.geo.hgt.tif"
DELAY = "20240106.sltd.geo.tif"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder, name in (
        ("metadata", HEIGHTS),
        ("metadata", "baselines"),
        ("epochs/20240106", DELAY),
    ):
        (tmp_path / FRAME / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / FRAME / folder / name).write_bytes(name.encode())
    return tmp_path


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_metadata_are_true_files_in_every_tree(tree: Path, session: requests.Session) -> None:
    with StandInPortal(tree) as portal:
        for root in (portal.url, portal.public_url, portal.future_url):
            page = session.get(f"{root}/{FRAME}/metadata/", timeout=5).text
            assert f'href="{HEIGHTS}"' in page
            assert 'href="baselines"' in page
            body = session.get(f"{root}/{FRAME}/metadata/{HEIGHTS}", timeout=5)
            assert body.content == HEIGHTS.encode()
            part = {"Range": "bytes=4-7"}
            answer = session.get(f"{root}/{FRAME}/metadata/{HEIGHTS}", timeout=5, headers=part)
            assert (answer.status_code, answer.content) == (206, HEIGHTS.encode()[4:8])


def test_an_epoch_is_a_manifest_or_a_folder(tree: Path, session: requests.Session) -> None:
    with StandInPortal(tree) as portal:
        assert 'href="20240106"' in session.get(f"{portal.url}/{FRAME}/epochs/", timeout=5).text
        assert (
            'href="20240106/"'
            in session.get(f"{portal.public_url}/{FRAME}/epochs/", timeout=5).text
        )
        manifest = session.get(f"{portal.url}/{FRAME}/epochs/20240106", timeout=5)
        link = f"{portal.public_url}/{FRAME}/epochs/20240106/{DELAY}"
        assert manifest.text == f"<a href='{link}'>{DELAY}</a><br />\n"
        assert session.get(link, timeout=5).content == DELAY.encode()
        folder = session.get(f"{portal.public_url}/{FRAME}/epochs/20240106/", timeout=5)
        assert f'href="{DELAY}"' in folder.text


def test_what_is_archived_has_left_the_portal(tree: Path, session: requests.Session) -> None:
    with StandInPortal(tree, archived=lambda name: "sltd" in name) as portal:
        manifest = session.get(f"{portal.url}/{FRAME}/epochs/20240106", timeout=5).text
        link = f"{portal.archive_url}/04/004D_05291_081406/epochs/20240106/{DELAY}"
        assert manifest == f"<a href='{link}'>{DELAY}</a><br />\n"
        assert session.get(link, timeout=5).content == DELAY.encode()
        gone = f"{portal.public_url}/{FRAME}/epochs/20240106/{DELAY}"
        assert session.get(gone, timeout=5).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/LiCSAR_products/{FRAME}/epochs/20240106/",
        f"/LiCSAR_products/{FRAME}/epochs/20240106/{DELAY}",
        f"/LiCSAR_products.public/{FRAME}/epochs/20240106",
        f"/LiCSAR_products.public/{FRAME}/epochs/20240118/",
        f"/LiCSAR_products/{FRAME}/metadata/none.tif",
        f"/LiCSAR_products/{FRAME}/metadata/../epochs/20240106/{DELAY}",
        "/LiCSAR_products/5/004D_05291_081406/metadata/",
        f"/neodc/comet/data/licsar_products/04/004D_05291_081406/metadata/{HEIGHTS}",
        f"/neodc/comet/data/licsar_products/4/004D_05291_081406/epochs/20240106/{DELAY}",
    ],
)
def test_what_is_not_there(tree: Path, session: requests.Session, path: str) -> None:
    with StandInPortal(tree) as portal:
        assert session.get(portal.origin + path, timeout=5).status_code == 404


def test_a_folder_without_its_slash_goes_round_in_a_circle(
    tree: Path, session: requests.Session
) -> None:
    with StandInPortal(tree) as portal:
        path = f"/LiCSAR_products/{FRAME}/metadata"
        answer = session.get(portal.origin + path, timeout=5, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (301, path)
