"""A file that came in part: going on, starting over, and never joining two versions."""

import dataclasses
import datetime as dt
import email.utils
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from catalogs.portal import fetch
from catalogs.portal.bodies import SpeedWatch, TooSlowError
from catalogs.portal.client import Portal
from catalogs.portal.file_version import FileVersion
from catalogs.portal.partial_file import PartialFile
from catalogs.portal.session import PortalSession, make_session
from catalogs.records import Product, RemoteFile
from fringewatch.errors import (
    CorruptProductError,
    FringewatchError,
    MissingProductError,
    SourceUnavailableError,
)
from tests.catalogs.portal.conftest import FRAME, PAIRS, QUICK
from tests.portal import Fault, FaultKind, StandInPortal, pair_folder

NAME = f"{PAIRS[0]}{Product.DIFF_PHA.ending}"
SIZE = 300_000
HALF = 100_000
CONTENT = (b"II*\0" + bytes(number % 251 for number in range(SIZE)))[:SIZE]
OTHER = (b"II*\0" + bytes(number % 241 for number in range(SIZE)))[:SIZE]
LONG_AGO = dt.datetime(2024, 3, 20, 4, 17, 5, tzinfo=dt.UTC).timestamp()
NOTED = {"total_bytes": SIZE, "last_modified": None, "etag": None, "validator": '"v1"'}
CUT_ONCE = Fault(FaultKind.CUT, times=1, after_bytes=HALF)


def accept(_: Path) -> None:
    """All that the stand-in serves here is a TIFF by its first bytes only."""


@pytest.fixture
def source(portal: StandInPortal) -> Path:
    source = pair_folder(portal.tree, FRAME, PAIRS[0]) / NAME
    replace_source(source, CONTENT)
    return source


@pytest.fixture
def remote(portal: StandInPortal, source: Path) -> RemoteFile:
    url = f"{portal.public_url}/51/{FRAME}/interferograms/{PAIRS[0]}/{NAME}"
    return RemoteFile(FRAME, PAIRS[0], Product.DIFF_PHA, url)


@pytest.fixture
def client(portal: StandInPortal) -> Iterator[Portal]:
    """It gives up where the session's other tests would go on."""
    with make_session(dataclasses.replace(QUICK, retries=0, body_retries=0)) as session:
        yield Portal([portal.url], session)


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "granules" / NAME


@pytest.fixture
def part(client: Portal, portal: StandInPortal, remote: RemoteFile, destination: Path) -> Path:
    """What a run has left that lost its connection after HALF bytes."""
    portal.faults[NAME] = CUT_ONCE
    with pytest.raises(SourceUnavailableError, match="broke off"):
        client.fetch(remote, destination, accept)
    portal.faults.clear()
    part = destination.with_name(f"{NAME}.part")
    assert part.read_bytes() == CONTENT[:HALF]
    return part


def replace_source(source: Path, content: bytes, changed: float = LONG_AGO) -> None:
    source.write_bytes(content)
    os.utime(source, (changed, changed))


def assert_whole(destination: Path, content: bytes = CONTENT) -> None:
    assert list(destination.parent.iterdir()) == [destination]
    assert destination.read_bytes() == content


def last_transfers(portal: StandInPortal, count: int) -> list[tuple[str | None, int | None, int]]:
    return [(each.range, each.status, each.bytes_sent) for each in portal.transfers[-count:]]


@pytest.mark.parametrize("etags", [False, True])
def test_only_the_rest_is_asked_for(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    part: Path,
    destination: Path,
    etags: bool,
) -> None:
    portal.etags = etags
    if etags:  # the first run has to have seen it
        part.unlink()
        portal.faults[NAME] = Fault(FaultKind.CUT, after_bytes=HALF)
        with pytest.raises(SourceUnavailableError):
            client.fetch(remote, destination, accept)
        portal.faults.clear()
    fetched = client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert last_transfers(portal, 1) == [(f"bytes={HALF}-", 206, SIZE - HALF)]
    assert fetched.size == SIZE
    assert fetched.last_modified is not None
    assert fetched.last_modified.timestamp() == LONG_AGO


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        # The same size, an older time: what moves between stores look like.
        ((OTHER, LONG_AGO - 86_400), [(f"bytes={HALF}-", 200, SIZE)]),
        ((OTHER, LONG_AGO + 86_400), [(f"bytes={HALF}-", 200, SIZE)]),
        ((OTHER + b"more", LONG_AGO + 1), [(f"bytes={HALF}-", 200, SIZE + 4)]),
        ((OTHER[: HALF - 1], LONG_AGO + 1), [(f"bytes={HALF}-", 200, HALF - 1)]),
        # With its time kept, only the size tells.
        ((OTHER[: HALF - 1], LONG_AGO), [(f"bytes={HALF}-", 416, 0), (None, 200, HALF - 1)]),
        ((OTHER + b"more", LONG_AGO), [(f"bytes={HALF}-", 206, None), (None, 200, SIZE + 4)]),
    ],
)
def test_a_file_that_changed_is_brought_anew(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    source: Path,
    part: Path,
    destination: Path,
    changed: tuple[bytes, float],
    expected: list[tuple[str | None, int, int | None]],
) -> None:
    replace_source(source, *changed)
    client.fetch(remote, destination, accept)
    assert_whole(destination, changed[0])
    found = last_transfers(portal, len(expected))
    assert [each[:2] for each in found] == [each[:2] for each in expected]
    assert len(portal.transfers) == 1 + len(expected)
    assert expected[-1][2] == found[-1][2]


@pytest.mark.parametrize("etags", [False, True])
def test_a_server_that_ignores_if_range_does_not_join_two_versions(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    source: Path,
    part: Path,
    destination: Path,
    etags: bool,
) -> None:
    portal.etags = etags
    replace_source(source, OTHER, LONG_AGO - 60)
    portal.faults[NAME] = Fault(FaultKind.IF_RANGE_IGNORED)
    client.fetch(remote, destination, accept)
    assert_whole(destination, OTHER)
    assert [each.status for each in portal.transfers] == [200, 206, 200]


def test_a_file_that_changes_under_a_running_fetch_is_one_version(
    client: Portal, portal: StandInPortal, remote: RemoteFile, destination: Path
) -> None:
    portal.faults[NAME] = [CUT_ONCE, Fault(FaultKind.CHANGED)]
    with make_session(dataclasses.replace(QUICK, body_retries=1)) as session:
        Portal([portal.url], session).fetch(remote, destination, accept)
    assert_whole(destination, CONTENT[:8] + bytes(byte ^ 0xFF for byte in CONTENT[8:]))
    assert [each.status for each in portal.transfers] == [200, 200]


def test_a_server_without_ranges_sends_all_of_it(
    client: Portal, portal: StandInPortal, remote: RemoteFile, part: Path, destination: Path
) -> None:
    portal.faults[NAME] = Fault(FaultKind.RANGE_IGNORED)
    client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert last_transfers(portal, 1) == [(f"bytes={HALF}-", 200, SIZE)]


def test_a_range_that_is_refused_is_asked_for_no_more(
    client: Portal, portal: StandInPortal, remote: RemoteFile, part: Path, destination: Path
) -> None:
    portal.faults[NAME] = Fault(FaultKind.STATUS, code=416, ranged=True)
    client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert [each.status for each in portal.transfers] == [200, 416, 200]


@pytest.mark.parametrize("case", ["no time", "just changed"])
def test_without_a_mark_of_its_version_nothing_is_joined(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    source: Path,
    destination: Path,
    case: str,
) -> None:
    if case == "just changed":
        replace_source(source, CONTENT, time.time())
    portal.faults[NAME] = [CUT_ONCE]
    if case == "no time":
        portal.leaves_out = frozenset({"Last-Modified"})
    with pytest.raises(SourceUnavailableError):
        client.fetch(remote, destination, accept)
    client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert last_transfers(portal, 2) == [(None, 200, HALF), (None, 200, SIZE)]


@pytest.mark.parametrize(
    "note",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"url": 1, "version": {"total_bytes": 9, "last_modified": null, "etag": null}}',
        {"url": "http://other.example/a.tif"},
        {"version": NOTED | {"validator": None}},
        {"version": NOTED | {"validator": 5}},
        {"version": NOTED | {"total_bytes": HALF - 1}},
        {"version": NOTED | {"total_bytes": "all"}},
    ],
)
def test_a_part_of_unknown_origin_is_not_gone_on_from(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    part: Path,
    destination: Path,
    note: bytes | dict[str, object] | None,
) -> None:
    path = part.with_name(f"{part.name}.json")
    if note is None:
        path.unlink()
    elif isinstance(note, bytes):
        path.write_bytes(note)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | note))
    client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert last_transfers(portal, 1) == [(None, 200, SIZE)]


def test_a_note_says_what_its_bytes_belong_to(part: Path, remote: RemoteFile) -> None:
    version = PartialFile(part.with_suffix("")).version(remote.url)
    time_sent = email.utils.formatdate(LONG_AGO, usegmt=True)
    assert version is not None
    assert version == FileVersion(SIZE, time_sent, None)
    assert version.validator == time_sent


def test_a_start_that_is_killed_leaves_no_old_byte_with_a_new_note(
    part: Path, remote: RemoteFile, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the emptying of the part and the writing of the note."""

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("catalogs.portal.partial_file.write_atomically", kill)
    file = PartialFile(destination)
    with pytest.raises(KeyboardInterrupt):
        file.start(remote.url, FileVersion(SIZE, None, '"new"', '"new"'))
    assert file.size() == 0
    assert file.version(remote.url) is None


@pytest.mark.parametrize(
    ("fault", "error", "is_kept"),
    [
        (Fault(FaultKind.STATUS, code=503), SourceUnavailableError, True),
        (Fault(FaultKind.HANG_UP), SourceUnavailableError, True),
        (Fault(FaultKind.STATUS, code=404), MissingProductError, False),
        # It ends where the part ends, again: so it lies at the source.
        (Fault(FaultKind.CUT, after_bytes=HALF), CorruptProductError, False),
    ],
)
def test_what_becomes_of_a_part_when_the_rest_does_not_come(
    client: Portal,
    portal: StandInPortal,
    remote: RemoteFile,
    part: Path,
    destination: Path,
    fault: Fault,
    error: type[FringewatchError],
    is_kept: bool,
) -> None:
    portal.faults[NAME] = fault
    with pytest.raises(error):
        client.fetch(remote, destination, accept)
    assert part.exists() == part.with_name(f"{part.name}.json").exists() == is_kept
    assert len(portal.transfers) == 2


def test_a_connection_that_breaks_often_still_brings_the_file(
    portal: StandInPortal,
    session: PortalSession,
    remote: RemoteFile,
    destination: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetch, "CHUNK_BYTES", 30_000)
    portal.faults[NAME] = [
        Fault(FaultKind.CUT, times=1, after_bytes=stop) for stop in range(40_000, SIZE, 40_000)
    ]
    Portal([portal.url], session).fetch(remote, destination, accept)
    assert_whole(destination)
    assert portal.bytes_sent(NAME) == SIZE
    assert portal.count(NAME) == 8


def test_a_length_that_is_never_reached_is_the_file_s_fault(
    portal: StandInPortal, session: PortalSession, remote: RemoteFile, destination: Path
) -> None:
    portal.faults[NAME] = Fault(FaultKind.WRONG_LENGTH, by_bytes=7)
    with pytest.raises(CorruptProductError, match="broke off in each of 3"):
        Portal([portal.url], session).fetch(remote, destination, accept)
    assert list(destination.parent.iterdir()) == []
    # One attempt that looks like progress, three that do not, and three refused ranges.
    assert portal.count(NAME) == 7


def test_a_file_that_changes_again_and_again_is_left_for_later(
    portal: StandInPortal, session: PortalSession, remote: RemoteFile, destination: Path, part: Path
) -> None:
    portal.faults[NAME] = [
        Fault(FaultKind.STATUS, code=416, ranged=True),
        Fault(FaultKind.CUT, after_bytes=HALF),
    ]
    with pytest.raises(FringewatchError):
        Portal([portal.url], session).fetch(remote, destination, accept)
    assert portal.count(NAME) <= 8


def test_a_whole_part_needs_no_request(
    client: Portal, portal: StandInPortal, remote: RemoteFile, part: Path, destination: Path
) -> None:
    part.write_bytes(CONTENT)
    fetched = client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert fetched.size == SIZE
    assert len(portal.transfers) == 1


def test_a_part_that_a_power_cut_has_spoilt_is_brought_anew_once(
    client: Portal, portal: StandInPortal, remote: RemoteFile, part: Path, destination: Path
) -> None:
    part.write_bytes(CONTENT[:50] + bytes(HALF - 50))

    def check(path: Path) -> None:
        if path.read_bytes() != CONTENT:
            message = "it does not decode"
            raise CorruptProductError(message)

    client.fetch(remote, destination, check)
    assert_whole(destination)
    assert [each.status for each in portal.transfers] == [200, 206, 200]


def test_a_file_that_drips_is_given_up_and_gone_on_with_later(
    client: Portal, portal: StandInPortal, remote: RemoteFile, destination: Path
) -> None:
    portal.faults[NAME] = Fault(FaultKind.SLOW, times=1, bytes_per_s=20_000)
    settings = dataclasses.replace(QUICK, slowest_bytes_s=200_000.0, slow_for_s=0.1)
    start = time.monotonic()
    with make_session(settings) as session, pytest.raises(TooSlowError, match="given up"):
        Portal([portal.url], session).fetch(remote, destination, accept)
    assert time.monotonic() - start < 2.0
    kept = destination.with_name(f"{NAME}.part").stat().st_size
    assert 0 < kept < SIZE
    client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert last_transfers(portal, 1) == [(f"bytes={kept}-", 206, SIZE - kept)]


def test_speed_is_measured_over_a_sliding_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 50.0
    monkeypatch.setattr("catalogs.portal.bodies.monotonic", lambda: now)
    watch = SpeedWatch(slowest_bytes_s=1000.0, over_s=10.0)
    found = []
    for now, size in [(51, 1), (59, 1), (60, 9_999), (69, 2), (71, 9_000), (79, 1000), (82, 0)]:  # noqa: B007 - the clock reads it
        found.append(watch.is_too_slow_after(size))
    #        51     59     60     69     71: 9002 since 61   79: 10 002  82: 1000 since 72
    assert found == [False, False, False, False, True, False, True]


def test_a_killed_process_leaves_a_part_that_the_next_one_completes(
    client: Portal, portal: StandInPortal, remote: RemoteFile, destination: Path
) -> None:
    portal.faults[NAME] = Fault(FaultKind.SLOW, times=1, bytes_per_s=60_000)
    program = (
        "import sys; from pathlib import Path\n"
        "from catalogs.portal.client import Portal\n"
        "from catalogs.portal.session import SessionSettings, make_session\n"
        "from catalogs.records import DatePair, FrameId, Product, RemoteFile\n"
        "url, to, frame, pair = sys.argv[1:]\n"
        "remote = RemoteFile(FrameId(frame), DatePair.parse(pair), Product.DIFF_PHA, url)\n"
        "with make_session(SessionSettings()) as session:\n"
        "    Portal([url], session).fetch(remote, Path(to), lambda _: None)\n"
    )
    command = [
        sys.executable,
        "-c",
        program,
        remote.url,
        str(destination),
        FRAME.text,
        str(PAIRS[0]),
    ]
    part = destination.with_name(f"{NAME}.part")
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as process:
        deadline = time.monotonic() + 20
        while not (part.is_file() and part.stat().st_size > 10_000):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    kept = part.stat().st_size
    assert kept < SIZE
    client.fetch(remote, destination, accept)
    assert_whole(destination)
    assert last_transfers(portal, 1) == [(f"bytes={kept}-", 206, SIZE - kept)]


@pytest.mark.parametrize(
    ("headers", "mark"),
    [
        ({"ETag": '"a"', "Last-Modified": "x"}, '"a"'),
        ({"ETag": 'W/"a"'}, None),
        ({"ETag": "a"}, None),
        ({}, None),
        ({"Last-Modified": "Wed, 20 Mar 2024 04:17:05 GMT"}, None),  # no Date to compare with
        (
            {
                "ETag": 'W/"a"',
                "Last-Modified": "Wed, 20 Mar 2024 04:17:05 GMT",
                "Date": "Wed, 20 Mar 2024 04:17:06 GMT",
            },
            "Wed, 20 Mar 2024 04:17:05 GMT",
        ),
        (
            {
                "Last-Modified": "Wed, 20 Mar 2024 04:17:05 GMT",
                "Date": "Wed, 20 Mar 2024 04:17:05 GMT",
            },
            None,
        ),
        ({"ETag": '"a"', "Content-Encoding": "gzip"}, None),
    ],
)
def test_only_strong_marks_tell_versions_apart(headers: dict[str, str], mark: str | None) -> None:
    response = requests.Response()
    response.headers.update(headers)
    assert fetch._version_of_whole(response).validator == mark
