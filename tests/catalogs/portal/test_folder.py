"""A folder of this machine as a source: `--portal PATH`."""

import datetime as dt
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any, Self

import pytest

from catalogs.portal.client import Portal
from catalogs.portal.folder import is_folder_url, list_folder, read_folder
from catalogs.portal.session import PortalSession
from catalogs.portal.union import RootState
from catalogs.records import DatePair, FrameId, Product
from fringewatch.errors import (
    CorruptProductError,
    HomeError,
    MissingProductError,
    SourceUnavailableError,
)
from tests.catalogs.portal.conftest import FRAME, PAIRS
from tests.catalogs.portal.test_fetch import decode
from tests.portal import StandInPortal, pair_folder

UNKNOWN = FrameId.parse("051D_05291_000000")
SHAPES = {
    "tracks": f"51/{FRAME}/interferograms/{{pair}}/{{name}}",
    "padded tracks, no interferograms": f"051/{FRAME}/{{pair}}/{{name}}",
    "frames": f"{FRAME}/interferograms/{{pair}}/{{name}}",
    "LiCSBAS": f"{FRAME}/GEOC/{{pair}}/{{name}}",
    "loose in a frame": f"{FRAME}/{{name}}",
}
ONE_FRAME = {
    "a frame": "interferograms/{pair}/{name}",
    "LiCSBAS": "GEOC/{pair}/{name}",
    "pairs": "{pair}/{name}",
    "loose": "{name}",
}


def fill(folder: Path, tree: Path, shape: str) -> Path:
    """Put the stand-in's files into `folder` in another shape."""
    for file in tree.glob("*/*/interferograms/*/*.tif"):
        target = folder / shape.format(pair=file.parent.name, name=file.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    (folder / "metadata").mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "20240230_20240301.geo.cc.tif").write_bytes(b"no date")
    return folder


def assert_all_there(client: Portal, tree: Path, home: Path) -> None:
    listing = client.list_pairs(FRAME)
    assert [entry.pair for entry in listing.entries] == list(PAIRS)
    for entry in listing.entries:
        files = client.read_manifest(FRAME, entry)
        for product in Product.DIFF_PHA.needed:
            remote = files[product]
            assert is_folder_url(remote.url)
            fetched = client.fetch(remote, home / remote.file_name, decode)
            source = pair_folder(tree, FRAME, entry.pair) / remote.file_name
            assert fetched.path.read_bytes() == source.read_bytes()
            assert fetched.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
            assert fetched.size == source.stat().st_size
            changed = dt.datetime.fromtimestamp(source.stat().st_mtime, dt.UTC)
            assert fetched.last_modified == changed
    assert len(list(home.iterdir())) == 2 * len(PAIRS)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_folder_of_frames(session: PortalSession, tree: Path, tmp_path: Path, shape: str) -> None:
    folder = fill(tmp_path / "mine, 100% #own", tree, SHAPES[shape])
    client = Portal([str(folder)], session)
    assert_all_there(client, tree, tmp_path / "home")
    with pytest.raises(MissingProductError, match=f"no such frame as {UNKNOWN}"):
        client.list_pairs(UNKNOWN)


@pytest.mark.parametrize("shape", ONE_FRAME)
def test_the_folder_of_one_frame(
    session: PortalSession, tree: Path, tmp_path: Path, shape: str
) -> None:
    folder = fill(tmp_path / str(FRAME) / "mine", tree, ONE_FRAME[shape])
    client = Portal([str(folder)], session)
    assert_all_there(client, tree, tmp_path / "home")
    with pytest.raises(MissingProductError, match=f"no such frame as {UNKNOWN}"):
        client.list_pairs(UNKNOWN)


def test_files_of_any_frame_are_not_guessed_at(tree: Path, tmp_path: Path) -> None:
    folder = fill(tmp_path / "mine", tree, ONE_FRAME["loose"])
    with pytest.raises(MissingProductError, match="does not tell of which frame") as caught:
        list_folder(folder, FRAME)
    assert str(tmp_path / str(FRAME)) in str(caught.value)


def test_a_pair_s_folder_goes_before_its_loose_files(tmp_path: Path) -> None:
    folder = tmp_path / str(FRAME)
    (folder / str(PAIRS[0])).mkdir(parents=True)
    (folder / f"{PAIRS[0]}.geo.cc.tif").touch()
    (folder / f"{PAIRS[1]}.geo.cc.tif").touch()
    found = {entry.pair: entry.url for entry in list_folder(folder, FRAME)}
    assert found == {PAIRS[0]: (folder / str(PAIRS[0])).as_uri(), PAIRS[1]: folder.as_uri()}


def test_what_a_pair_lacks_is_not_named(tree: Path) -> None:
    folder = pair_folder(tree, FRAME, PAIRS[0])
    (folder / f"{PAIRS[0]}.geo.cc.tif").unlink()
    found = read_folder(folder.as_uri(), FRAME, PAIRS[0])
    assert Product.DIFF_PHA in found
    assert Product.CC not in found
    shutil.rmtree(folder)
    with pytest.raises(MissingProductError, match="not there any more"):
        read_folder(folder.as_uri(), FRAME, PAIRS[0])


def test_a_folder_and_the_portal_are_united(
    portal: StandInPortal, session: PortalSession, tmp_path: Path
) -> None:
    own = DatePair.parse("20240201_20240213")
    folder = pair_folder(tmp_path / "mine", FRAME, own)
    (folder / f"{own}.geo.cc.tif").touch()
    client = Portal([str(tmp_path / "mine"), portal.url], session)
    listing = client.list_pairs(FRAME)
    assert listing.root == str(tmp_path / "mine")
    assert [entry.pair for entry in listing.entries] == [*PAIRS, own]
    assert [is_folder_url(entry.url) for entry in listing.entries] == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", CorruptProductError, "zero bytes"),
        (b"<html>", CorruptProductError, "no TIFF"),
        (b"II*\0 and rubbish", CorruptProductError, "does not decode"),
        (None, MissingProductError, "not there any more"),
    ],
)
def test_the_same_checks_as_for_the_portal(
    session: PortalSession,
    tree: Path,
    tmp_path: Path,
    content: bytes | None,
    error: type[Exception],
    words: str,
) -> None:
    client = Portal([str(tree)], session)
    remote = client.read_manifest(FRAME, client.list_pairs(FRAME).entries[0])[Product.CC]
    source = pair_folder(tree, FRAME, PAIRS[0]) / remote.file_name
    source.unlink()
    if content is not None:
        source.write_bytes(content)
    destination = tmp_path / "home" / remote.file_name
    with pytest.raises(error, match=words):
        client.fetch(remote, destination, decode)
    assert not destination.parent.exists() or list(destination.parent.iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_left_for_later(
    session: PortalSession, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Portal([str(tree)], session)
    remote = client.read_manifest(FRAME, client.list_pairs(FRAME).entries[0])[Product.CC]
    source = pair_folder(tree, FRAME, PAIRS[0]) / remote.file_name
    original = os.fsync

    def fsync(descriptor: int) -> None:  # the note is written, the bytes come next
        os.utime(source)
        original(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(SourceUnavailableError, match="changed while it was read"):
        client.fetch(remote, tmp_path / "home" / "a.tif", decode)
    monkeypatch.undo()
    client.fetch(remote, tmp_path / "home" / "a.tif", decode)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["a.tif"]


def test_a_folder_that_cannot_be_read_is_unavailable(
    session: PortalSession, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Portal([str(tree)], session)
    entry = client.list_pairs(FRAME).entries[0]

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(SourceUnavailableError, match="Permission denied; check the disk"):
        client.list_pairs(FRAME)
    with pytest.raises(SourceUnavailableError, match="cannot read"):
        client.read_manifest(FRAME, entry)


def test_a_source_that_fails_is_not_taken_for_the_home(
    session: PortalSession, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Portal([str(tree)], session)
    remote = client.read_manifest(FRAME, client.list_pairs(FRAME).entries[0])[Product.CC]
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(HomeError):
        client.fetch(remote, tmp_path / "home" / "a.tif", decode)
    source = pair_folder(tree, FRAME, PAIRS[0]) / remote.file_name
    original = Path.open

    class Failing:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, _: int) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(
        Path, "open", lambda path, *a, **k: Failing() if path == source else original(path, *a, **k)
    )
    with pytest.raises(SourceUnavailableError, match=r"cannot read .*Input/output error"):
        client.fetch(remote, tmp_path / "other" / "a.tif", decode)


def test_a_folder_that_is_not_mounted_gives_no_listing(
    portal: StandInPortal, session: PortalSession, tmp_path: Path
) -> None:
    """It is missing, or there and empty; what the next root has is had all the same."""
    mirror = tmp_path / "mirror"
    for words in ("is it mounted", "is empty"):
        listing = Portal([str(mirror), portal.url], session).list_pairs(FRAME)
        assert listing.root == portal.url
        assert not listing.is_complete  # or its pairs would be taken for gone
        (answer,) = listing.unavailable
        assert words in str(answer.reason)
        with pytest.raises(SourceUnavailableError, match=words):
            Portal([str(mirror)], session).list_pairs(FRAME)
        mirror.mkdir(exist_ok=True)


def test_one_server_cannot_point_at_this_machine(
    portal: StandInPortal, session: PortalSession, tree: Path
) -> None:
    folder = pair_folder(tree, FRAME, PAIRS[0]).as_uri()
    portal.listing = lambda *_: f"<a href='{folder}/'>{PAIRS[0]}</a>"
    listing = Portal([portal.url], session).list_pairs(FRAME)
    assert listing.entries == ()
    assert listing.answers[0].state is RootState.LISTED


def test_a_folder_named_with_a_future_date_is_no_pair(tmp_path: Path) -> None:
    frame = FrameId.parse("155D_02579_100800")
    pairs = tmp_path / "155" / str(frame) / "interferograms"
    for name in ("20210313_20210319", "20210313_20990319"):
        (pairs / name).mkdir(parents=True)
    assert [str(entry.pair) for entry in list_folder(tmp_path, frame)] == ["20210313_20210319"]
