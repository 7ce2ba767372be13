"""A whole run against each fault of the portal: ledger, outcome (the exit code), and requests."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalogs.home.home import Home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileState
from catalogs.portal import hosts
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from tasks.records import Outcome, RunReport, WatchRequest
from tasks.watch import parse_request, watch_volcano
from tests.portal.faults import Fault, FaultKind
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, FRINGES, QUIET, write_frame

BAD, GOOD = "20240106_20240118", "20240118_20240130"

pytestmark = pytest.mark.usefixtures("hurried", "undrawn")
FILE = f"{BAD}.geo.diff_pha.tif"
LISTING = f"/{FRAME}/interferograms/"
FETCHED, LISTED, MISSING, REJECTED = (
    FileState.FETCHED,
    FileState.LISTED,
    FileState.MISSING,
    FileState.REJECTED,
)


@dataclass(frozen=True)
class Case:
    """A fault at a file of one of two pairs, and what a run makes of it."""

    fault: Fault
    state: FileState
    most_requests: int
    """To that file, repetitions and the way from window to whole file included."""
    words: str = ""


K = FaultKind
FILE_CASES = {
    "404": Case(Fault(K.STATUS, code=404), MISSING, 1, "404"),
    "410": Case(Fault(K.STATUS, code=410), MISSING, 1, "410"),
    "403": Case(Fault(K.STATUS, code=403), LISTED, 1, "403"),
    "503 once": Case(Fault(K.STATUS, times=1), FETCHED, 4),
    "503 for ever": Case(Fault(K.STATUS), LISTED, 3, "503"),
    "504 for ever": Case(Fault(K.STATUS, code=504), LISTED, 3, "504"),
    "429 once": Case(Fault(K.STATUS, times=1, code=429, retry_after_s=0), FETCHED, 4),
    "429 for ever": Case(Fault(K.STATUS, code=429, retry_after_s=0), LISTED, 3, "429"),
    "416": Case(Fault(K.STATUS, code=416, ranged=True), FETCHED, 3),
    "range ignored": Case(Fault(K.RANGE_IGNORED), FETCHED, 3),
    "html": Case(Fault(K.HTML), REJECTED, 3, "is no TIFF"),
    "empty": Case(Fault(K.EMPTY), REJECTED, 4, "zero bytes"),
    "cut at the source": Case(Fault(K.CUT, after_bytes=9000), REJECTED, 12),
    "short": Case(Fault(K.SHORT, after_bytes=9000), REJECTED, 4, "cut"),
    "reset once": Case(Fault(K.RESET, times=1, after_bytes=9000), FETCHED, 5),
    "hang up for ever": Case(Fault(K.HANG_UP), LISTED, 4),
    "redirect for ever": Case(Fault(K.REDIRECT), LISTED, 9, "redirect"),
    "no length": Case(Fault(K.NO_LENGTH), FETCHED, 4),
    "no last-modified": Case(Fault(K.NO_LAST_MODIFIED), FETCHED, 4),
    "slow": Case(Fault(K.STALL, times=1, seconds=0.2), FETCHED, 4),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_frame(tmp_path_factory.mktemp("faults"), {BAD: QUIET, GOOD: FRINGES})


@pytest.fixture
def portal(tree: Path) -> Iterator[StandInPortal]:
    with StandInPortal(tree) as portal:
        yield portal


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"retries": 2})


@pytest.fixture
def request_() -> WatchRequest:
    return parse_request("fernandina", dt.date(2024, 1, 1), dt.date(2024, 3, 1), [str(FRAME)])


def states(settings: Settings) -> dict[str, FileState]:
    with open_ledger(Home(settings.home).ledger) as ledger:
        return {
            str(pair): row.state
            for (pair, product), row in ledger.files(FRAME).items()
            if product is Product.DIFF_PHA
        }


@pytest.mark.parametrize("name", FILE_CASES)
def test_a_fault_at_one_file(
    name: str, portal: StandInPortal, settings: Settings, request_: WatchRequest
) -> None:
    case = FILE_CASES[name]
    portal.faults[FILE] = case.fault
    report = watch_volcano(request_, settings)
    whole = case.state is FETCHED
    assert report.outcome is (Outcome.DONE if whole else Outcome.PARTIAL)
    assert report.in_table == (2 if whole else 1)
    assert states(settings) == {BAD: case.state, GOOD: FETCHED}
    assert portal.count(FILE) <= case.most_requests
    assert [str(problem.pair) for problem in report.problems] == ([] if whole else [BAD])
    assert all(case.words in problem.reason for problem in report.problems)

    portal.faults.clear()
    hosts._HOSTS.clear()
    asked = portal.count(f"{GOOD}.geo.diff_pha.tif")
    mended = watch_volcano(request_, settings)
    assert (mended.outcome, mended.in_table) == (Outcome.DONE, 2)
    assert portal.count(f"{GOOD}.geo.diff_pha.tif") == asked


def one_listing(portal: StandInPortal) -> int:
    return sum(request.path.endswith(LISTING) for request in portal.requests)


LISTING_CASES = {
    "404": (Fault(K.STATUS, code=404), Outcome.NOTHING, 1),
    "503 once": (Fault(K.STATUS, times=1), Outcome.DONE, 2),
    "503 for ever": (Fault(K.STATUS), Outcome.LATER, 3),
    "html": (Fault(K.HTML), Outcome.NOTHING, 2),
    "empty": (Fault(K.EMPTY), Outcome.NOTHING, 2),
    "reversed": (Fault(K.REVERSED), Outcome.DONE, 1),
    "redirect for ever": (Fault(K.REDIRECT), Outcome.LATER, 6),
    "hang up for ever": (Fault(K.HANG_UP), Outcome.LATER, 3),
}


@pytest.mark.parametrize("name", LISTING_CASES)
def test_a_fault_at_the_listing(
    name: str, portal: StandInPortal, settings: Settings, request_: WatchRequest
) -> None:
    fault, outcome, most = LISTING_CASES[name]
    portal.faults[LISTING] = fault
    report = watch_volcano(request_, settings)
    assert report.outcome is outcome
    assert one_listing(portal) <= most
    assert states(settings) == ({BAD: FETCHED, GOOD: FETCHED} if outcome is Outcome.DONE else {})
    assert report.problems or report.notes or outcome is Outcome.DONE


MANIFEST_CASES = {
    "404 though listed": (Fault(K.STATUS, code=404), MISSING, 1),
    "empty": (Fault(K.EMPTY), MISSING, 2),
    "html": (Fault(K.HTML), MISSING, 2),
    "cut in its first line": (Fault(K.SHORT, after_bytes=60), MISSING, 2),
    "empty once": (Fault(K.EMPTY, times=1), FETCHED, 2),
    "cut once": (Fault(K.SHORT, after_bytes=60, times=1), FETCHED, 2),
    "503 for ever": (Fault(K.STATUS), None, 3),
    "503 once": (Fault(K.STATUS, times=1), FETCHED, 2),
}


@pytest.mark.parametrize("name", MANIFEST_CASES)
def test_a_fault_at_a_manifest(
    name: str, portal: StandInPortal, settings: Settings, request_: WatchRequest
) -> None:
    fault, state, most = MANIFEST_CASES[name]
    portal.faults[f"interferograms/{BAD}"] = fault
    report = watch_volcano(request_, settings)
    assert report.outcome is (Outcome.DONE if state is FETCHED else Outcome.PARTIAL)
    assert states(settings) == ({BAD: state} if state else {}) | {GOOD: FETCHED}
    assert portal.count(f"interferograms/{BAD}") <= most


def test_a_scheduled_run_leaves_what_failed_for_its_pause(
    portal: StandInPortal, settings: Settings, request_: WatchRequest
) -> None:
    portal.faults[FILE] = Fault(K.STATUS, code=404)
    scheduled = WatchRequest(
        request_.volcano, request_.frames, request_.start, request_.end, scheduled=True
    )
    assert watch_volcano(scheduled, settings).outcome is Outcome.PARTIAL
    asked = len(portal.requests)
    report = watch_volcano(scheduled, settings)
    assert report.outcome is Outcome.DONE
    assert [request.path for request in portal.requests[asked:]] == [
        f"/LiCSAR_products/{FRAME.track}{LISTING}"
    ]
    assert any("asked for again from" in note for note in report.notes)
    # A person who asks does not wait.
    portal.faults.clear()
    assert watch_volcano(request_, settings).in_table == 2


def test_a_pair_that_vanishes_upstream_stays_here(
    portal: StandInPortal, settings: Settings, request_: WatchRequest
) -> None:
    watch_volcano(request_, settings)
    portal.faults[LISTING] = Fault(K.SHORT, after_bytes=0)
    report: RunReport = watch_volcano(request_, settings)
    assert (report.in_table, report.outcome) == (2, Outcome.PARTIAL)
    assert "lists no pair at all, also when asked once more; 2 were" in report.problems[0].reason
    with open_ledger(Home(settings.home).ledger) as ledger:
        assert [row.gone_since for row in ledger.pairs(FRAME)] == [None, None]
        assert ledger.tiled_pairs("fernandina", FRAME) == tuple(map(DatePair.parse, (BAD, GOOD)))
