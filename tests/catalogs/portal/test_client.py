import logging

import pytest

from catalogs.portal.client import Portal
from catalogs.portal.listing import PairEntry
from catalogs.portal.session import PortalSession
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
    portal: StandInPortal,
    session: PortalSession,
    dead_root: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ignorant = f"{portal.origin}/elsewhere"
    with caplog.at_level(logging.WARNING):
        listing = Portal([dead_root, ignorant, portal.url], session).list_pairs(FRAME)
    assert listing.root == portal.url
    assert len(listing.entries) == len(PAIRS)
    assert [record.levelname for record in caplog.records if "passed over" in record.message]
    assert f"{ignorant} has no frame {FRAME}" in caplog.text


def test_the_first_root_that_answers_wins(portal: StandInPortal, session: PortalSession) -> None:
    listing = Portal([portal.public_url, portal.url], session).list_pairs(FRAME)
    assert listing.root == portal.public_url
    assert all(entry.is_folder for entry in listing.entries)
    assert len(portal.requests) == 1


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
    with pytest.raises(MissingProductError, match="no such frame at") as caught:
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
    portal: StandInPortal,
    session: PortalSession,
    caplog: pytest.LogCaptureFixture,
    kind: FaultKind,
) -> None:
    portal.faults[LISTING] = Fault(kind)
    with caplog.at_level(logging.WARNING):
        listing = Portal([portal.url], session).list_pairs(FRAME)
    assert listing.entries == ()
    assert "names no pair" in caplog.text


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
    assert {product: remote.url for product, remote in files.items()} == {
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
    assert set(files) == {Product.DIFF_PHA}  # coherence lies in the archive


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
        assert set(client.read_manifest(frame, entry)) == set(Product)
    assert len(portal.requests) == 8
