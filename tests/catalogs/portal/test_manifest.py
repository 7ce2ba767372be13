import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.manifest import parse_manifest
from catalogs.records import DatePair, FrameId, Product, RemoteFile
from tests.portal import pages

FRAME = FrameId.parse("004D_05291_081406")
PAIR = DatePair.parse("20240106_20240118")
PUBLIC = (
    "https://gws-access.jasmin.ac.uk/public/nceo_geohazards/LiCSAR_products.public/4/"
    f"{FRAME}/interferograms/{PAIR}"
)
BROWSER = f"https://data.ceda.ac.uk/neodc/comet/data/licsar_products/04/{FRAME}/{PAIR}"
ARCHIVE = BROWSER.replace("data.ceda", "dap.ceda")
URL = (
    "https://gws-access.jasmin.ac.uk/public/nceo_geohazards/LiCSAR_products/4/"
    f"{FRAME}/interferograms/{PAIR}"
)
PHASE = f"{PAIR}.geo.diff_pha.tif"
COHERENCE = f"{PAIR}.geo.cc.tif"


def urls(page: str, page_url: str = URL) -> dict[Product, str]:
    found = parse_manifest(page, page_url, FRAME, PAIR)
    for product, remote in found.items():
        assert remote == RemoteFile(FRAME, PAIR, product, remote.url)
    return {product: remote.url for product, remote in found.items()}


def test_a_manifest_that_mixes_both_hosts() -> None:
    page = pages.manifest(
        [
            f"{PUBLIC}/{PAIR}.geo.cc.png",
            f"{BROWSER}/{COHERENCE}",
            f"{PUBLIC}/{PHASE}",
            f"{PUBLIC}/{PAIR}.geo.diff_unfiltered_pha.tif",
        ]
    )
    assert page.startswith(f"<a href='{PUBLIC}/{PAIR}.geo.cc.png'>{PAIR}.geo.cc.png</a><br />\n")
    assert urls(page) == {
        Product.CC: f"{ARCHIVE}/{COHERENCE}",
        Product.DIFF_PHA: f"{PUBLIC}/{PHASE}",
        Product.DIFF_UNFILTERED_PHA: f"{PUBLIC}/{PAIR}.geo.diff_unfiltered_pha.tif",
    }


def test_a_folder_of_the_storage_is_read_in_the_same_way() -> None:
    page = pages.apache_table("/", [f"{PAIR}.geo.cc.png", COHERENCE, PHASE])
    assert urls(page, f"{PUBLIC}/") == {
        Product.CC: f"{PUBLIC}/{COHERENCE}",
        Product.DIFF_PHA: f"{PUBLIC}/{PHASE}",
    }


def test_links_that_are_relative_to_a_manifest() -> None:
    page = pages.manifest([f"{PAIR}/{PHASE}", f"/a/{FRAME}/{COHERENCE}"])
    assert urls(page) == {
        Product.DIFF_PHA: f"{URL}/{PHASE}",
        Product.CC: f"https://gws-access.jasmin.ac.uk/a/{FRAME}/{COHERENCE}",
    }


def test_a_query_stays_in_the_address_and_out_of_the_file_name() -> None:
    page = pages.manifest([f"{ARCHIVE}/{PHASE}?download=1"])
    (remote,) = parse_manifest(page, URL, FRAME, PAIR).values()
    assert remote.url == f"{ARCHIVE}/{PHASE}?download=1"
    assert remote.file_name == PHASE


def test_the_first_of_two_links_is_taken() -> None:
    assert urls(pages.manifest([f"{BROWSER}/{PHASE}", f"{PUBLIC}/{PHASE}"])) == {
        Product.DIFF_PHA: f"{ARCHIVE}/{PHASE}"
    }


@pytest.mark.parametrize(
    "link",
    [
        PUBLIC.replace("20240106", "20240105") + "/20240105_20240118.geo.cc.tif",  # another pair
        PUBLIC.replace("004D", "004A") + f"/{PHASE}",  # another frame
        f"{PUBLIC}/../../../../../etc/{PHASE}",
        f"{PUBLIC}/%2e%2e/{PHASE}",
        f"{PUBLIC}/..%2f{PHASE}",
        f"{PUBLIC}/x{PHASE}",
        f"{PUBLIC}/{PHASE}/",
        f"{PUBLIC}/{PHASE}.part",
        f"{PUBLIC}/geo.diff_pha.tif",
        f"{PUBLIC}/?file={PHASE}",
        f"{PUBLIC}/#{PHASE}",
        f"ftp://example.org/{FRAME}/{PHASE}",
        f"http://[example/{FRAME}/{PHASE}",
    ],
)
def test_strange_links_are_ignored(link: str) -> None:
    assert urls(pages.manifest([link])) == {}


@pytest.mark.parametrize("page", ["", pages.SERVER_ERROR, "\n\n", f"{PUBLIC}/{PHASE}"])
def test_an_empty_manifest_or_an_error_page_names_nothing(page: str) -> None:
    assert urls(page) == {}


LINK = st.builds(
    "{}/{}{}".format,
    st.sampled_from([PUBLIC, BROWSER, PUBLIC.replace("004D", "005D")]),
    st.sampled_from([PHASE, COHERENCE, f"{PAIR}.geo.unw.tif", f"../{PHASE}", "a b.tif"]),
    st.sampled_from(["", "?download=1"]),
)


@given(st.lists(LINK, max_size=8), st.data())
def test_a_manifest_that_is_being_written_gives_whole_links_only(
    links: list[str], data: st.DataObject
) -> None:
    page = pages.manifest(links)
    cut = data.draw(st.integers(0, len(page)))
    now, later = urls(page[:cut]), urls(page)
    assert now.items() <= later.items()
    for product, url in later.items():
        assert url.replace("dap.ceda", "data.ceda") in links
        assert url.partition("?")[0].endswith(f"/{PAIR}{product.ending}")


@given(st.text() | st.lists(LINK | st.text(max_size=20)).map(pages.manifest))
def test_any_page_gives_files_of_this_pair_or_nothing(page: str) -> None:
    for product, remote in parse_manifest(page, URL, FRAME, PAIR).items():
        assert remote.file_name == f"{PAIR}{product.ending}"
        assert str(FRAME) in remote.url
