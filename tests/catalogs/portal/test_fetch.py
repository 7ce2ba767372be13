import dataclasses
import datetime as dt
import errno
import hashlib
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest
import rasterio
from requests import Response

from catalogs.portal.bodies import CHUNK_BYTES
from catalogs.portal.client import Portal
from catalogs.portal.fetch import FetchedFile
from catalogs.portal.session import PortalSession
from catalogs.records import FrameId, Product, RemoteFile
from fringewatch.errors import (
    CorruptProductError,
    FringewatchError,
    GridMismatchError,
    HomeError,
    MissingProductError,
    SourceUnavailableError,
)
from tests.catalogs.portal.conftest import FRAME, PAIRS
from tests.portal import Fault, FaultKind, StandInPortal, pair_folder

OLD = b"an older good file"
NAME = f"{PAIRS[0]}{Product.DIFF_PHA.ending}"
CHANGED = dt.datetime(2024, 3, 20, 4, 17, 5, tzinfo=dt.UTC)


def decode(path: Path) -> None:
    """What a caller would check: every row decodes."""
    try:
        with rasterio.open(path) as dataset:
            dataset.read(1)
    except rasterio.errors.RasterioError as error:
        message = f"{path} does not decode: {error}"
        raise CorruptProductError(message) from error


def refuse(path: Path) -> NoReturn:
    message = f"{path} holds no data"
    raise CorruptProductError(message)


@pytest.fixture
def client(portal: StandInPortal, session: PortalSession) -> Portal:
    return Portal([portal.url], session)


@pytest.fixture
def source(portal: StandInPortal) -> Path:
    """The file that is asked for, as it lies at the portal."""
    source = pair_folder(portal.tree, FRAME, PAIRS[0]) / NAME
    os.utime(source, (CHANGED.timestamp(), CHANGED.timestamp()))
    return source


@pytest.fixture
def remote(portal: StandInPortal, source: Path) -> RemoteFile:
    url = f"{portal.public_url}/51/{FRAME}/interferograms/{PAIRS[0]}/{NAME}"
    return RemoteFile(FRAME, PAIRS[0], Product.DIFF_PHA, url)


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    folder = tmp_path / "granules"
    folder.mkdir()
    return folder / NAME


def assert_nothing_changed(destination: Path, before: bytes | None = None) -> None:
    expected = [] if before is None else [destination]
    assert list(destination.parent.iterdir()) == expected
    assert before is None or destination.read_bytes() == before


def test_a_good_file_comes_whole(
    client: Portal, portal: StandInPortal, remote: RemoteFile, source: Path, tmp_path: Path
) -> None:
    destination = tmp_path / "new" / "folders" / NAME
    fetched = client.fetch(remote, destination, decode)
    content = source.read_bytes()
    assert fetched == FetchedFile(
        path=destination,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        last_modified=CHANGED,
        url=remote.url,
    )
    assert destination.read_bytes() == content
    assert list(destination.parent.iterdir()) == [destination]
    assert len(portal.requests) == 1


def test_an_older_file_is_replaced(
    client: Portal, remote: RemoteFile, source: Path, destination: Path
) -> None:
    destination.write_bytes(OLD)
    destination.with_name(f"{NAME}.part").write_bytes(b"left by a run that was killed" * 1000)
    client.fetch(remote, destination, decode)
    assert_nothing_changed(destination, source.read_bytes())


def test_the_check_sees_the_part_and_not_the_destination(
    client: Portal, remote: RemoteFile, source: Path, destination: Path
) -> None:
    seen: list[Path] = []

    def look(path: Path) -> None:
        assert path.read_bytes() == source.read_bytes()
        assert not destination.exists()
        seen.append(path)

    client.fetch(remote, destination, look)
    assert seen == [destination.with_name(f"{NAME}.part")]


@pytest.mark.parametrize("start", [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"])
def test_all_four_kinds_of_tiff_are_taken(
    client: Portal, remote: RemoteFile, source: Path, destination: Path, start: bytes
) -> None:
    source.write_bytes(start + bytes(3 * CHUNK_BYTES))
    fetched = client.fetch(remote, destination, lambda _: None)
    assert fetched.size == destination.stat().st_size == 4 + 3 * CHUNK_BYTES


@pytest.mark.parametrize(
    "case",
    [
        (Fault(FaultKind.STATUS, code=404), MissingProductError, "answered 404"),
        (Fault(FaultKind.STATUS, code=503), SourceUnavailableError, "answered 503"),
        (Fault(FaultKind.STATUS, code=429), SourceUnavailableError, "answered 429"),
        (Fault(FaultKind.REDIRECT), SourceUnavailableError, "redirects without end"),
        (Fault(FaultKind.RESET, after_bytes=0), SourceUnavailableError, "[Rr]eset"),
        (Fault(FaultKind.HTML), CorruptProductError, "'<!DOCTYPE HTML> <html><head><title>"),
        (Fault(FaultKind.EMPTY), CorruptProductError, "zero bytes"),
        (Fault(FaultKind.CUT, after_bytes=1000), CorruptProductError, "broke off in each of 3"),
        (Fault(FaultKind.CUT, after_bytes=0), CorruptProductError, "broke off in each of 3"),
    ],
)
def test_each_fault_has_its_error_and_leaves_nothing(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    destination: Path,
    case: tuple[Fault, type[Exception], str],
) -> None:
    portal.faults[NAME], error, words = case
    with pytest.raises(error, match=words) as caught:
        client.fetch(remote, destination, decode)
    assert remote.url in str(caught.value)
    assert_nothing_changed(destination)
    destination.write_bytes(OLD)
    with pytest.raises(error, match=words):
        client.fetch(remote, destination, decode)
    assert_nothing_changed(destination, OLD)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.STATUS, times=2, code=503),
        Fault(FaultKind.STATUS, times=1, code=429, retry_after_s=1),
        Fault(FaultKind.CUT, times=2, after_bytes=2000),
        Fault(FaultKind.RESET, times=2, after_bytes=2000),
    ],
)
def test_what_passes_is_overcome(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    source: Path,
    destination: Path,
    fault: Fault,
) -> None:
    portal.faults[NAME] = fault
    fetched = client.fetch(remote, destination, decode)
    assert destination.read_bytes() == source.read_bytes()
    assert fetched.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert fault.times is not None
    assert portal.count(NAME) == fault.times + 1


def test_a_dead_address_is_unavailable(client: Portal, dead_root: str, destination: Path) -> None:
    remote = RemoteFile(FRAME, PAIRS[0], Product.CC, f"{dead_root}/a.tif")
    with pytest.raises(SourceUnavailableError, match="refused"):
        client.fetch(remote, destination, decode)
    assert_nothing_changed(destination)


def test_a_file_that_is_cut_at_the_source_fails_the_check(
    client: Portal, remote: RemoteFile, source: Path, destination: Path
) -> None:
    source.write_bytes(source.read_bytes()[:-2000])
    destination.write_bytes(OLD)
    with pytest.raises(CorruptProductError, match="does not decode"):
        client.fetch(remote, destination, decode)
    assert_nothing_changed(destination, OLD)


@pytest.mark.parametrize("stop", [CorruptProductError, GridMismatchError])
def test_what_the_check_refuses_goes(
    client: Portal, remote: RemoteFile, destination: Path, stop: type[FringewatchError]
) -> None:
    def check(_: Path) -> NoReturn:
        raise stop

    with pytest.raises(stop):
        client.fetch(remote, destination, check)
    assert_nothing_changed(destination)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_a_check_that_is_interrupted_leaves_the_file_for_the_next_run(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    source: Path,
    destination: Path,
    stop: type[BaseException],
) -> None:
    def check(_: Path) -> NoReturn:
        raise stop

    with pytest.raises(stop):
        client.fetch(remote, destination, check)
    assert not destination.exists()
    fetched = client.fetch(remote, destination, decode)
    assert fetched.last_modified == CHANGED
    assert_nothing_changed(destination, source.read_bytes())
    assert len(portal.requests) == 1


def test_the_message_of_the_check_arrives(
    client: Portal, remote: RemoteFile, destination: Path
) -> None:
    with pytest.raises(CorruptProductError, match=r"holds no data$"):
        client.fetch(remote, destination, refuse)


def test_the_transfer_is_not_compressed(
    client: Portal, remote: RemoteFile, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = PortalSession.send
    encodings = []

    def send(session: PortalSession, request: Any, **keywords: Any) -> Response:
        encodings.append(request.headers["Accept-Encoding"])
        return original(session, request, **keywords)

    monkeypatch.setattr(PortalSession, "send", send)
    client.fetch(remote, destination, decode)
    assert encodings == ["identity"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Wed, 20 Mar 2024 04:17:05 GMT", CHANGED),
        ("Wed, 20 Mar 2024 05:17:05 +0100", CHANGED),
        ("Wed, 20 Mar 2024 04:17:05 -0000", CHANGED),
        ("yesterday", None),
        ("", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        (None, None),
    ],
)
def test_the_time_of_the_server_is_optional(
    client: Portal,
    remote: RemoteFile,
    destination: Path,
    monkeypatch: pytest.MonkeyPatch,
    header: str | None,
    expected: dt.datetime | None,
) -> None:
    original = PortalSession.send

    def send(session: PortalSession, request: Any, **keywords: Any) -> Response:
        response = original(session, request, **keywords)
        del response.headers["Last-Modified"]
        if header is not None:
            response.headers["Last-Modified"] = header
        return response

    monkeypatch.setattr(PortalSession, "send", send)
    fetched = client.fetch(remote, destination, decode)
    assert fetched.last_modified == expected
    assert (
        expected is None
        or fetched.last_modified is None
        or (fetched.last_modified.tzinfo is dt.UTC)
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_disk_that_is_full_is_the_home_s_error(
    client: Portal, portal: StandInPortal, remote: RemoteFile, destination: Path
) -> None:
    destination.write_bytes(OLD)
    destination.with_name(f"{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(HomeError, match="the disk is full: free some space") as caught:
        client.fetch(remote, destination, decode)
    assert str(destination) in str(caught.value)
    assert_nothing_changed(destination, OLD)
    assert len(portal.requests) == 1


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "change its owner"),
        (errno.EIO, "check the disk"),
    ],
)
def test_a_disk_that_refuses_the_part_is_the_home_s_error(
    client: Portal,
    remote: RemoteFile,
    destination: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    advice: str,
) -> None:
    destination.write_bytes(OLD)
    original = Path.open

    def refuse_parts(path: Path, mode: str = "r", **keywords: Any) -> Any:
        if path.suffix == ".part" and "w" in mode:
            raise OSError(number, os.strerror(number), str(path))
        return original(path, mode, **keywords)

    monkeypatch.setattr(Path, "open", refuse_parts)
    with pytest.raises(HomeError, match=advice) as caught:
        client.fetch(remote, destination, decode)
    assert str(destination) in str(caught.value)
    assert_nothing_changed(destination, OLD)


def test_what_did_not_reach_the_disk_does_not_appear(
    client: Portal, remote: RemoteFile, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    destination.write_bytes(OLD)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(HomeError, match=f"cannot write {destination}"):
        client.fetch(remote, destination, decode)
    assert_nothing_changed(destination, OLD)


def test_a_part_that_cannot_be_removed_does_not_hide_the_reason(
    client: Portal, remote: RemoteFile, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.unlink

    def fail(path: Path, *, missing_ok: bool = False) -> None:
        if ".part" in path.suffixes and path.suffix != ".tmp":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        original(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(CorruptProductError, match="holds no data"):
        client.fetch(remote, destination, refuse)


def test_a_folder_in_the_way_is_the_home_s_error(
    client: Portal, remote: RemoteFile, destination: Path
) -> None:
    destination.mkdir()
    with pytest.raises(HomeError, match="cannot write"):
        client.fetch(remote, destination, decode)
    assert list(destination.parent.iterdir()) == [destination]


def test_the_real_files_come_with_one_request_each(
    real_frame: tuple[StandInPortal, FrameId],
    session: PortalSession,
    shared_data: Path,
    tmp_path: Path,
) -> None:
    portal, frame = real_frame
    client = Portal([portal.url], session)
    entry = client.list_pairs(frame).entries[0]
    for remote in client.read_manifest(frame, entry).values():
        fetched = client.fetch(remote, tmp_path / remote.file_name, decode)
        original = shared_data.joinpath(
            "licsar", str(frame), "interferograms", str(entry.pair), remote.file_name
        )
        assert fetched.path.read_bytes() == original.read_bytes()
        assert dataclasses.replace(remote, url=fetched.url) == remote
    assert len(portal.requests) == 4
