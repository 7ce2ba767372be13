"""A folder as a portal in which something else than a file lies where a pair's file belongs."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogs.portal.ask_version import ask_file_version
from catalogs.portal.client import Portal
from catalogs.portal.folder import list_folder
from catalogs.portal.session import PortalSession
from catalogs.records import Product
from fringewatch.errors import MissingProductError
from tests.catalogs.portal.conftest import FRAME, PAIRS
from tests.catalogs.portal.test_fetch import decode
from tests.portal import pair_folder

CC = f"{PAIRS[0]}{Product.CC.ending}"


def put_socket(path: Path) -> None:
    where = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(where)


STRANGE: dict[str, Callable[[Path], object]] = {
    "a pipe (FIFO)": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a socket": put_socket,
    "a link to /nowhere/x.tif, which is not there": lambda path: path.symlink_to("/nowhere/x.tif"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_it_is_named_with_what_lies_there(tree: Path, session: PortalSession, what: str) -> None:
    path = pair_folder(tree, FRAME, PAIRS[0]) / CC
    path.unlink()
    STRANGE[what](path)
    client = Portal([str(tree)], session)
    (entry, *_) = client.list_pairs(FRAME).entries
    with pytest.raises(MissingProductError) as caught:
        client.read_manifest(FRAME, entry)
    assert str(caught.value) == f"{path} is {what}: an interferogram's file belongs there"


@pytest.mark.parametrize("what", STRANGE)
def test_one_that_came_later_is_not_opened(
    tree: Path, session: PortalSession, tmp_path: Path, what: str
) -> None:
    client = Portal([str(tree)], session)
    remote = client.read_manifest(FRAME, client.list_pairs(FRAME).entries[0])[Product.CC]
    path = pair_folder(tree, FRAME, PAIRS[0]) / CC
    path.unlink()
    STRANGE[what](path)
    with pytest.raises(MissingProductError, match="belongs there"):
        client.fetch(remote, tmp_path / "home" / CC, decode)
    if "link" not in what:
        with pytest.raises(MissingProductError, match="belongs there"):
            ask_file_version(session, remote.url)


def test_what_is_not_needed_may_be_anything(tree: Path, session: PortalSession) -> None:
    path = pair_folder(tree, FRAME, PAIRS[0]) / f"{PAIRS[0]}{Product.UNW.ending}"
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    client = Portal([str(tree)], session)
    (entry, *_) = client.list_pairs(FRAME).entries
    assert Product.UNW not in client.read_manifest(FRAME, entry)
    with pytest.raises(MissingProductError, match=r"is a pipe"):
        client.read_manifest(FRAME, entry, Product.UNW.needed)


def test_another_folder_that_has_the_file_is_asked(
    tree: Path, session: PortalSession, tmp_path: Path
) -> None:
    shutil.copytree(tree, tmp_path / "other")
    path = pair_folder(tree, FRAME, PAIRS[0]) / CC
    path.unlink()
    os.mkfifo(path)
    client = Portal([str(tree), str(tmp_path / "other")], session)
    (entry, *_) = client.list_pairs(FRAME).entries
    assert str(tmp_path / "other") in client.read_manifest(FRAME, entry)[Product.CC].url


def test_loose_ones_and_links_of_pairs_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, session: PortalSession
) -> None:
    folder = tmp_path / str(FRAME)
    (folder / CC).mkdir(parents=True)
    (folder / str(PAIRS[1])).symlink_to(tmp_path / "unmounted")
    (entry,) = list_folder(folder, FRAME)
    assert (entry.pair, entry.url) == (PAIRS[0], folder.as_uri())
    assert f"{folder / str(PAIRS[1])} is a link to" in caplog.text
    with pytest.raises(MissingProductError, match="is a folder: an interferogram's file"):
        Portal([str(folder)], session).read_manifest(FRAME, entry)
