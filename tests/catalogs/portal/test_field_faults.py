"""What users of the portal have met, one by one, in the middle of a frame that is else in order.

Each case spoils the listing, one manifest or one file; the rest of the frame has to come, with one
listing, one request for each manifest and one for each file.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from catalogs.portal.bodies import TooSlowError
from catalogs.portal.client import Portal
from catalogs.portal.session import SessionSettings, make_session
from catalogs.records import DatePair, Product
from fringewatch.errors import (
    CorruptProductError,
    FringewatchError,
    MissingProductError,
    SourceUnavailableError,
)
from tests.catalogs.portal.conftest import FRAME, PAIRS, QUICK
from tests.catalogs.portal.test_fetch import decode
from tests.portal import Fault, FaultKind, StandInPortal, pair_folder

BAD = PAIRS[1]
LISTING = f"/{FRAME}/interferograms/"
MANIFEST = f"{LISTING}{BAD}"
FILE = f"{BAD}{Product.DIFF_PHA.ending}"
CUT_ONCE = Fault(FaultKind.CUT, times=1, after_bytes=3000)
IMPATIENT = dataclasses.replace(
    QUICK, read_timeout_s=0.1, slowest_bytes_s=50_000.0, slow_for_s=0.05
)

Outcome = type[FringewatchError] | None
"""The error that ends a fetch; None if the file came."""


class Case(NamedTuple):
    """A fault of one file, what becomes of it, how often it is asked for, what stays of it."""

    faults: Fault | Sequence[Fault]
    outcome: Outcome
    asked: int
    is_part_kept: bool = False


FILE_CASES = {
    # listed, but not there: final, never asked again in the same run
    "404": Case(Fault(FaultKind.STATUS, code=404), MissingProductError, 1),
    "410": Case(Fault(FaultKind.STATUS, code=410), MissingProductError, 1),
    # outage and maintenance
    "503 twice": Case(Fault(FaultKind.STATUS, times=2, code=503), None, 3),
    "503": Case(Fault(FaultKind.STATUS, code=503), SourceUnavailableError, 3),
    "504": Case(Fault(FaultKind.STATUS, code=504), SourceUnavailableError, 3),
    "403": Case(Fault(FaultKind.STATUS, code=403), SourceUnavailableError, 1),
    "429 with seconds": Case(Fault(FaultKind.STATUS, times=1, code=429, retry_after_s=0), None, 2),
    "429 with a date": Case(
        Fault(FaultKind.STATUS, times=1, code=429, retry_after_s=0, retry_after_is_date=True),
        None,
        2,
    ),
    "no answer in time": Case(Fault(FaultKind.STALL, seconds=9.0), SourceUnavailableError, 3),
    "connection closed": Case(Fault(FaultKind.HANG_UP), SourceUnavailableError, 3),
    "connection closed once": Case(Fault(FaultKind.HANG_UP, times=1), None, 2),
    # in transit
    "reset once": Case(Fault(FaultKind.RESET, times=1, after_bytes=3000), None, 2),
    "cut once": Case([CUT_ONCE], None, 2),
    "cut, then no ranges": Case([CUT_ONCE, Fault(FaultKind.RANGE_IGNORED)], None, 2),
    "cut, then 416": Case([CUT_ONCE, Fault(FaultKind.STATUS, code=416, ranged=True)], None, 3),
    "cut, then rewritten": Case([CUT_ONCE, Fault(FaultKind.CHANGED)], CorruptProductError, 2),
    "cut, then 404": Case([CUT_ONCE, Fault(FaultKind.STATUS, code=404)], MissingProductError, 2),
    "cut, then 503": Case(
        [CUT_ONCE, Fault(FaultKind.STATUS, code=503)], SourceUnavailableError, 4, is_part_kept=True
    ),
    "drips": Case(Fault(FaultKind.SLOW, bytes_per_s=20_000), TooSlowError, 1, is_part_kept=True),
    # damaged at the source
    "cut at the source": Case(Fault(FaultKind.CUT, after_bytes=3000), CorruptProductError, 3),
    "still being written": Case(Fault(FaultKind.SHORT, after_bytes=3000), CorruptProductError, 1),
    "0 bytes": Case(Fault(FaultKind.EMPTY), CorruptProductError, 1),
    "an HTML page with 200": Case(Fault(FaultKind.HTML), CorruptProductError, 1),
    # odd servers
    "length too small": Case(Fault(FaultKind.WRONG_LENGTH, by_bytes=-3000), CorruptProductError, 1),
    "length too large": Case(Fault(FaultKind.WRONG_LENGTH, by_bytes=9), CorruptProductError, 5),
    "no length": Case(Fault(FaultKind.NO_LENGTH), None, 1),
    "no Last-Modified": Case(Fault(FaultKind.NO_LAST_MODIFIED), None, 1),
    "HEAD refused": Case(Fault(FaultKind.STATUS, code=405, method="HEAD"), None, 1),
    "redirects without end": Case(Fault(FaultKind.REDIRECT), SourceUnavailableError, 6),
}


class Brought(NamedTuple):
    """What came of a frame."""

    pairs: list[DatePair]
    listed: dict[DatePair, set[Product] | Outcome]
    files: dict[str, Outcome]


def bring(portal: StandInPortal, home: Path, settings: SessionSettings = IMPATIENT) -> Brought:
    """List the frame, read each manifest and fetch what it names; one failure stops nothing."""
    listed: dict[DatePair, set[Product] | Outcome] = {}
    files: dict[str, Outcome] = {}
    with make_session(settings) as session:
        client = Portal([portal.url], session)
        entries = client.list_pairs(FRAME).entries
        for entry in entries:
            try:
                remotes = client.read_manifest(FRAME, entry)
            except FringewatchError as error:
                listed[entry.pair] = type(error)
                continue
            listed[entry.pair] = set(remotes)
            for remote in remotes.values():
                try:
                    client.fetch(remote, home / remote.file_name, decode)
                except FringewatchError as error:
                    files[remote.file_name] = type(error)
                else:
                    files[remote.file_name] = None
    return Brought([entry.pair for entry in entries], listed, files)


def assert_rest_came_once(portal: StandInPortal, brought: Brought, home: Path) -> None:
    for pair in PAIRS:
        if pair == BAD:
            continue
        assert portal.count(f"{LISTING}{pair}") == 1
        for product in Product.DIFF_PHA.needed:
            name = f"{pair}{product.ending}"
            assert brought.files[name] is None
            source = pair_folder(portal.tree, FRAME, pair) / name
            assert (home / name).read_bytes() == source.read_bytes()
            assert portal.count(name) == 1


@pytest.mark.parametrize("name", FILE_CASES)
def test_one_bad_file(portal: StandInPortal, tmp_path: Path, name: str) -> None:
    case, home = FILE_CASES[name], tmp_path / "home"
    portal.faults[FILE] = case.faults
    brought = bring(portal, home)
    assert_rest_came_once(portal, brought, home)
    assert brought.files[FILE] is case.outcome
    assert portal.count(FILE) == case.asked
    assert portal.count(LISTING) == portal.count(MANIFEST) == 1
    here = {path.name for path in home.iterdir() if path.name.startswith(FILE)}
    whole = {FILE} if case.outcome is None else set()
    assert here == ({f"{FILE}.part", f"{FILE}.part.json"} if case.is_part_kept else whole)
    if case.outcome is None:
        source = pair_folder(portal.tree, FRAME, BAD) / FILE
        assert (home / FILE).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("name", FILE_CASES)
def test_a_bad_file_comes_once_the_portal_is_well(
    portal: StandInPortal, tmp_path: Path, name: str
) -> None:
    portal.faults[FILE] = FILE_CASES[name].faults
    bring(portal, tmp_path / "home")
    portal.faults.clear()
    assert bring(portal, tmp_path / "home").files[FILE] is None
    source = pair_folder(portal.tree, FRAME, BAD) / FILE
    assert (tmp_path / "home" / FILE).read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("fault", "expected", "asked"),
    [
        (Fault(FaultKind.STATUS, code=404), MissingProductError, 1),  # a stale entry
        (Fault(FaultKind.STATUS, code=503), SourceUnavailableError, 3),
        (Fault(FaultKind.REDIRECT), SourceUnavailableError, 6),
        (Fault(FaultKind.EMPTY), set(), 1),
        (Fault(FaultKind.HTML), set(), 1),
        # The coherence's link stands third and is whole; the phase's is cut.
        (Fault(FaultKind.SHORT, after_bytes=-200), {Product.CC}, 1),
        (Fault(FaultKind.CUT, times=2, after_bytes=100), set(Product.DIFF_PHA.needed), 3),
    ],
)
def test_one_bad_manifest(
    portal: StandInPortal,
    tmp_path: Path,
    fault: Fault,
    expected: set[Product] | Outcome,
    asked: int,
) -> None:
    for png in pair_folder(portal.tree, FRAME, BAD).glob("*.unw.tif"):
        png.unlink()
    portal.faults[MANIFEST] = fault
    brought = bring(portal, tmp_path / "home")
    assert_rest_came_once(portal, brought, tmp_path / "home")
    assert brought.listed[BAD] == expected
    assert portal.count(MANIFEST) == asked


@pytest.mark.parametrize("missing", ["unw.tif", "diff.png", "cc.png"])
def test_what_we_do_not_read_may_be_missing(
    portal: StandInPortal, tmp_path: Path, missing: str
) -> None:
    (pair_folder(portal.tree, FRAME, BAD) / f"{BAD}.geo.{missing}").unlink()
    listed = bring(portal, tmp_path / "home").listed[BAD]
    assert isinstance(listed, set)
    assert listed >= set(Product.DIFF_PHA.needed)


@pytest.mark.parametrize(
    ("fault", "pairs"),
    [
        (Fault(FaultKind.REVERSED), list(PAIRS)),
        (Fault(FaultKind.STATUS, times=2, code=503), list(PAIRS)),
        (Fault(FaultKind.CUT, times=1, after_bytes=900), list(PAIRS)),
        (Fault(FaultKind.HTML), []),
        (Fault(FaultKind.EMPTY), []),
        (Fault(FaultKind.STATUS, code=404), MissingProductError),  # a track that was lost
        (Fault(FaultKind.STATUS, code=503), SourceUnavailableError),
        (Fault(FaultKind.HANG_UP), SourceUnavailableError),
        (Fault(FaultKind.REDIRECT), SourceUnavailableError),
        (Fault(FaultKind.SLOW, bytes_per_s=2000), TooSlowError),
    ],
)
def test_a_bad_listing(
    portal: StandInPortal,
    tmp_path: Path,
    fault: Fault,
    pairs: list[DatePair] | type[FringewatchError],
) -> None:
    portal.faults[LISTING] = fault
    if isinstance(pairs, list):
        assert bring(portal, tmp_path / "home").pairs == pairs
        return
    expected = SourceUnavailableError if issubclass(pairs, TooSlowError) else pairs
    with pytest.raises(expected):
        bring(portal, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_an_empty_file_without_a_length(portal: StandInPortal, tmp_path: Path) -> None:
    (pair_folder(portal.tree, FRAME, BAD) / FILE).write_bytes(b"")
    portal.faults[FILE] = Fault(FaultKind.NO_LENGTH)
    brought = bring(portal, tmp_path / "home")
    assert brought.files[FILE] is CorruptProductError
    assert_rest_came_once(portal, brought, tmp_path / "home")


def test_a_file_that_was_changed_in_place_comes_as_it_is_now(
    portal: StandInPortal, tmp_path: Path
) -> None:
    """The same size and an older time: its hash and its time tell it from the one before."""
    settings = QUICK
    with make_session(settings) as session:
        client = Portal([portal.url], session)
        entry = client.list_pairs(FRAME).entries[1]
        remote = client.read_manifest(FRAME, entry)[Product.DIFF_PHA]
        before = client.fetch(remote, tmp_path / FILE, lambda _: None)
        portal.faults[FILE] = Fault(FaultKind.CHANGED)
        now = client.fetch(remote, tmp_path / FILE, lambda _: None)
    assert now.size == before.size
    assert now.sha256 != before.sha256
    assert now.last_modified is not None
    assert before.last_modified is not None
    assert now.last_modified < before.last_modified
