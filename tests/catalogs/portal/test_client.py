import datetime as dt
import logging
from pathlib import Path

import pytest

from catalogs.portal.client import Portal
from catalogs.portal.listing import PairEntry
from catalogs.portal.session import PortalSession
from catalogs.portal.union import RootState, ShortMemory
from catalogs.records import DatePair, FrameId, Product
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError
from tests.catalogs.portal.conftest import FRAME, PAIRS
from tests.portal import Fault, FaultKind, StandInPortal, pair_folder

UNKNOWN = FrameId.parse("051D_05291_000000")
LISTING = f"/LiCSAR_products/51/{FRAME}/interferograms/"
STALE = DatePair.parse("20240201_20240213")


def test_pairs_are_listed_with_one_request(portal: StandInPortal, session: PortalSession) -> None:
    listing = Portal([f"{portal.url}/"], session).list_pairs(FRAME)
    assert listing.root == portal.url
    assert listing.entries == tuple(
        PairEntry(pair, is_folder=False, url=f"{portal.url}/51/{FRAME}/interferograms/{pair}")
        for pair in PAIRS
    )
    assert portal.requests == (("GET", LISTING),)


def test_a_descending_listing_is_the_same(portal: StandInPortal, session: PortalSession) -> None:
    client = Portal([portal.url], session)
    ascending = client.list_pairs(FRAME)
    portal.descending = True
    assert client.list_pairs(FRAME) == ascending


@pytest.mark.parametrize(
    ("text", "folder"),
    [("004A_00300_091312", "4"), ("144A_SM_REUN_S6", "144"), ("022A_0142H_000203", "22")],
)
def test_tracks_are_asked_without_padding(
    portal: StandInPortal, session: PortalSession, text: str, folder: str
) -> None:
    frame = FrameId.parse(text)
    pair_folder(portal.tree, frame, PAIRS[0])
    listing = Portal([portal.url], session).list_pairs(frame)
    assert [entry.pair for entry in listing.entries] == [PAIRS[0]]
    assert portal.requests[0].path == f"/LiCSAR_products/{folder}/{text}/interferograms/"


def test_dead_and_ignorant_roots_are_passed_over(
    portal: StandInPortal, session: PortalSession, dead_root: str, caplog: pytest.LogCaptureFixture
) -> None:
    ignorant = f"{portal.origin}/elsewhere"
    with caplog.at_level(logging.INFO):
        listing = Portal([dead_root, ignorant, portal.url], session).list_pairs(FRAME)
    assert listing.root == portal.url
    assert len(listing.entries) == len(PAIRS)
    assert [record.levelname for record in caplog.records if "passed over" in record.message]
    assert "has no frame" not in caplog.text  # one root of several need not have it
    (answer,) = [answer for answer in listing.answers if answer.root == ignorant]
    assert answer.state is RootState.NO_FRAME


def test_the_first_root_that_answers_wins(portal: StandInPortal, session: PortalSession) -> None:
    listing = Portal([portal.public_url, portal.url], session).list_pairs(FRAME)
    assert listing.root == portal.public_url
    assert all(entry.is_folder for entry in listing.entries)
    assert [entry.elsewhere for entry in listing.entries] == [
        (f"{portal.origin}{LISTING}{pair}",) for pair in PAIRS
    ]
    assert len(portal.requests) == 2  # each root once


def test_pairs_lie_where_a_moved_root_redirects(
    portal: StandInPortal, session: PortalSession
) -> None:
    moved = LISTING.replace("LiCSAR_products", "old_name")
    portal.faults[moved] = Fault(FaultKind.REDIRECT, location=portal.origin + LISTING)
    listing = Portal([f"{portal.origin}/old_name"], session).list_pairs(FRAME)
    assert listing.root == f"{portal.origin}/old_name"
    assert [entry.url for entry in listing.entries] == [
        f"{portal.origin}{LISTING}{pair}" for pair in PAIRS
    ]


def test_a_frame_that_nobody_has_is_missing(portal: StandInPortal, session: PortalSession) -> None:
    client = Portal([portal.url, portal.public_url], session)
    with pytest.raises(MissingProductError, match="no such frame as") as caught:
        client.list_pairs(UNKNOWN)
    for part in (*client.roots, str(UNKNOWN)):
        assert part in str(caught.value)


def test_silence_is_not_taken_for_a_missing_frame(
    portal: StandInPortal, session: PortalSession, dead_root: str
) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        Portal([portal.url, dead_root], session).list_pairs(UNKNOWN)
    message = str(caught.value)
    assert f"{portal.url} has no such frame" in message
    assert f"{dead_root} gave no listing" in message
    assert "refused" in message


def test_a_server_in_trouble_is_unavailable(portal: StandInPortal, session: PortalSession) -> None:
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=503)
    with pytest.raises(SourceUnavailableError, match="answered 503"):
        Portal([portal.url], session).list_pairs(FRAME)


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.EMPTY])
def test_a_page_that_is_no_listing_is_an_empty_one(
    portal: StandInPortal, session: PortalSession, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    portal.faults[LISTING] = Fault(kind)
    with caplog.at_level(logging.WARNING):
        listing = Portal([portal.url], session).list_pairs(FRAME)
    assert listing.entries == ()
    assert "names no pair" in caplog.text


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.EMPTY, times=1), Fault(FaultKind.SHORT, times=1, after_bytes=900)]
)
def test_a_listing_in_its_rewriting_is_asked_for_once_more(
    portal: StandInPortal, session: PortalSession, fault: Fault
) -> None:
    portal.faults[LISTING] = fault
    listing = Portal([portal.url], session).list_pairs(FRAME)
    assert [entry.pair for entry in listing.entries] == list(PAIRS)
    assert listing.is_complete
    assert portal.count(LISTING) == 2


def test_a_listing_that_stays_cut_loses_nothing(
    portal: StandInPortal, session: PortalSession
) -> None:
    whole = portal.listing("/x/", map(str, PAIRS)).encode()
    after = whole.index(str(PAIRS[-1]).encode())
    portal.faults[LISTING] = Fault(FaultKind.SHORT, after_bytes=after)
    listing = Portal([portal.url], session).list_pairs(FRAME)
    assert 0 < len(listing.entries) < len(PAIRS)
    assert [answer.root for answer in listing.cut] == [portal.url]
    assert not listing.is_complete
    assert portal.count(LISTING) == 2


@pytest.mark.parametrize("roots", [[], ["ftp://example.org"], [""], "https://example.org"])
def test_roots_that_are_none_are_refused(session: PortalSession, roots: list[str]) -> None:
    with pytest.raises(BadInputError, match="root"):
        Portal(roots, session)


def test_a_manifest_names_files_in_two_places(
    portal: StandInPortal, session: PortalSession
) -> None:
    client = Portal([portal.url], session)
    entry = client.list_pairs(FRAME).entries[0]
    files = client.read_manifest(FRAME, entry)
    assert {product: files[product].url for product in Product.DIFF_PHA.needed} == {
        Product.CC: f"{portal.origin}/neodc/comet/data/licsar_products/51/{FRAME}/{entry.pair}/"
        f"{entry.pair}.geo.cc.tif",
        Product.DIFF_PHA: f"{portal.public_url}/51/{FRAME}/interferograms/{entry.pair}/"
        f"{entry.pair}.geo.diff_pha.tif",
    }
    assert portal.requests[1:] == (("GET", f"{LISTING}{entry.pair}"),)


def test_a_folder_names_what_has_not_moved(portal: StandInPortal, session: PortalSession) -> None:
    client = Portal([portal.public_url], session)
    entry = client.list_pairs(FRAME).entries[0]
    files = client.read_manifest(FRAME, entry)
    assert Product.DIFF_PHA in files
    assert Product.CC not in files  # coherence lies in the archive


def test_a_stale_entry_is_missing(portal: StandInPortal, session: PortalSession) -> None:
    entry = PairEntry(STALE, is_folder=False, url=f"{portal.origin}{LISTING}{STALE}")
    with pytest.raises(MissingProductError, match=f"{STALE} answered 404"):
        Portal([portal.url], session).read_manifest(FRAME, entry)
    assert len(portal.requests) == 1


def test_a_manifest_behind_a_dead_address_is_unavailable(
    portal: StandInPortal, session: PortalSession, dead_root: str
) -> None:
    entry = PairEntry(STALE, is_folder=False, url=f"{dead_root}/{STALE}")
    with pytest.raises(SourceUnavailableError, match="refused"):
        Portal([portal.url], session).read_manifest(FRAME, entry)


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.EMPTY])
def test_a_manifest_without_links_names_nothing(
    portal: StandInPortal, session: PortalSession, kind: FaultKind
) -> None:
    client = Portal([portal.url], session)
    entry = client.list_pairs(FRAME).entries[0]
    portal.faults[str(entry.pair)] = Fault(kind)
    assert client.read_manifest(FRAME, entry) == {}


def test_the_real_frame_is_listed(
    real_frame: tuple[StandInPortal, FrameId], session: PortalSession
) -> None:
    portal, frame = real_frame
    client = Portal([portal.url], session)
    listing = client.list_pairs(frame)
    assert len(listing.entries) == 7
    assert list(listing.entries) == sorted(listing.entries)
    for entry in listing.entries:
        assert set(client.read_manifest(frame, entry)) >= {*Product.DIFF_PHA.needed}
    assert len(portal.requests) == 8


def test_the_winner_is_remembered_and_preferred(
    portal: StandInPortal, session: PortalSession, dead_root: str
) -> None:
    memory = ShortMemory()
    for _ in range(2):
        listing = Portal([dead_root, portal.url], session, memory).list_pairs(FRAME)
        assert listing.root == memory.recall(FRAME) == portal.url
    assert [answer.root for answer in listing.answers] == [portal.url, dead_root]
    memory.remember(FRAME, "http://gone.example")  # a root that is configured no more
    listing = Portal([portal.public_url, portal.url], session, memory).list_pairs(FRAME)
    assert listing.root == memory.recall(FRAME) == portal.public_url


def test_what_nobody_listed_is_not_remembered(
    portal: StandInPortal, session: PortalSession
) -> None:
    client = Portal([portal.url], session)
    portal.faults[LISTING] = Fault(FaultKind.EMPTY)
    client.list_pairs(FRAME)
    with pytest.raises(MissingProductError):
        client.list_pairs(UNKNOWN)
    assert client.memory.recall(FRAME) is client.memory.recall(UNKNOWN) is None


@pytest.mark.parametrize("text", ["004D_05291_081406", "051D_05291_081407", "144A_SM_REUN_S6"])
def test_the_archive_has_rules_of_its_own(
    portal: StandInPortal, session: PortalSession, text: str
) -> None:
    frame = FrameId.parse(text)
    folder = pair_folder(portal.tree, frame, PAIRS[0])
    for product in Product.DIFF_PHA.needed:
        (folder / f"{PAIRS[0]}{product.ending}").touch()
    pair_folder(portal.tree, frame, PAIRS[1])  # nothing of it is archived
    client = Portal([portal.archive_url], session)
    (entry,) = client.list_pairs(frame).entries
    track = f"{frame.track:02d}"
    assert portal.requests[0].path == f"/neodc/comet/data/licsar_products/{track}/{text}/"
    (remote,) = client.read_manifest(frame, entry).values()
    name = f"{PAIRS[0]}.geo.cc.tif"
    assert remote.url == f"{portal.archive_url}/{track}/{text}/{PAIRS[0]}/{name}?download=1"
    assert remote.file_name == name


def test_the_transition_tree_is_asked_only_if_nobody_else_lists_the_frame(
    portal: StandInPortal, session: PortalSession
) -> None:
    client = Portal([portal.url, portal.future_url], session)
    assert client.list_pairs(FRAME).root == portal.url
    assert portal.count("interferograms/") == 1
    portal.faults[LISTING] = Fault(FaultKind.STATUS, code=404)
    listing = Portal([portal.url, portal.future_url], session).list_pairs(FRAME)
    assert listing.root == portal.future_url
    assert [answer.state for answer in listing.answers] == [RootState.NO_FRAME, RootState.LISTED]


def test_roots_are_united_and_the_silent_ones_noted(
    portal: StandInPortal, session: PortalSession, dead_root: str, tmp_path: Path
) -> None:
    other_tree = tmp_path / "other"
    for pair in (PAIRS[0], STALE):
        pair_folder(other_tree, FRAME, pair)
    with StandInPortal(other_tree, descending=True) as other:
        listing = Portal([dead_root, other.url, portal.url], session).list_pairs(FRAME)
    assert listing.root == other.url
    assert [(entry.pair, entry.url.startswith(other.url)) for entry in listing.entries] == [
        (PAIRS[0], True),
        (PAIRS[1], False),
        (PAIRS[2], False),
        (STALE, True),
    ]
    (silent,) = listing.unavailable
    assert silent.root == dead_root
    assert "refused" in (silent.reason or "")
    assert len(portal.requests) == len(other.requests) == 1


def test_a_root_that_fell_behind_is_named(
    portal: StandInPortal, session: PortalSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pair_folder(tmp_path / "archive", FRAME, DatePair.parse("20200103_20200109"))
    with StandInPortal(tmp_path / "archive") as late, caplog.at_level(logging.WARNING):
        listing = Portal([late.url, portal.url], session).list_pairs(FRAME)
    assert [answer.root for answer in listing.stale] == [late.url]
    assert listing.root == portal.url
    assert len(listing.entries) == 1 + len(PAIRS)
    assert f"{late.url} is behind with {FRAME}: its newest pair is 20200103_20200109" in caplog.text


def test_what_a_pair_lacks_is_looked_for_at_the_next_root(
    portal: StandInPortal, session: PortalSession
) -> None:
    client = Portal([portal.public_url, portal.archive_url], session)
    entry = client.list_pairs(FRAME).entries[0]
    asked = len(portal.requests)
    files = client.read_manifest(FRAME, entry)
    assert "LiCSAR_products.public" in files[Product.DIFF_PHA].url
    assert "neodc" in files[Product.CC].url
    assert len(portal.requests) == asked + 2


@pytest.mark.parametrize("code", [404, 503])
def test_a_pair_that_the_first_root_does_not_give_comes_from_the_next(
    portal: StandInPortal, session: PortalSession, code: int
) -> None:
    url = f"{portal.origin}{LISTING}{PAIRS[0]}"
    elsewhere = url.replace("LiCSAR_products/", "LiCSAR_products.future/")
    entry = PairEntry(PAIRS[0], is_folder=False, url=url, elsewhere=(elsewhere,))
    portal.faults[f"{LISTING}{PAIRS[0]}"] = Fault(FaultKind.STATUS, code=code)
    files = Portal([portal.url], session).read_manifest(FRAME, entry)
    assert set(files) >= {*Product.DIFF_PHA.needed}


def test_silence_about_a_pair_is_not_taken_for_its_absence(
    portal: StandInPortal, session: PortalSession, dead_root: str
) -> None:
    url = f"{portal.origin}{LISTING}{STALE}"
    entry = PairEntry(STALE, is_folder=False, url=url, elsewhere=(f"{dead_root}/{STALE}",))
    with pytest.raises(SourceUnavailableError, match="refused"):
        Portal([portal.url], session).read_manifest(FRAME, entry)


def test_the_host_of_before_2020_is_told_with_its_way(
    portal: StandInPortal, session: PortalSession
) -> None:
    with pytest.raises(SourceUnavailableError, match="redirects without end: ") as caught:
        Portal([portal.old_url], session).list_pairs(FRAME)
    assert str(caught.value).count(" -> ") == 5
    assert len(portal.requests) == 6


class OneMemory:
    """Remembers one root for all frames."""

    def __init__(self, root: str | None = None) -> None:
        self.root = root

    def recall(self, frame: FrameId) -> str | None:
        return self.root

    def remember(self, frame: FrameId, root: str) -> None:
        self.root = root


def test_a_scheduled_listing_asks_the_winner_of_last_time_alone(
    portal: StandInPortal, session: PortalSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogs.portal.union.STALE_AFTER", dt.timedelta(days=36500))
    roots = [portal.public_url, portal.url]
    listing = Portal(roots, session, OneMemory(portal.url)).list_pairs(FRAME, everywhere=False)
    assert [answer.root for answer in listing.answers] == [portal.url]
    assert len(portal.requests) == 1


def test_a_winner_that_fell_behind_is_not_asked_alone(
    portal: StandInPortal, session: PortalSession
) -> None:
    """The pairs of the tree are years old: whoever listed them may have stopped following."""
    roots = [portal.public_url, portal.url]
    listing = Portal(roots, session, OneMemory(portal.url)).list_pairs(FRAME, everywhere=False)
    assert [answer.root for answer in listing.answers] == [portal.url, portal.public_url]
