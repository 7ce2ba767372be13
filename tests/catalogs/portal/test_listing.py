import datetime as dt
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.listing import PairEntry, parse_links, parse_pairs
from catalogs.records import DatePair
from tests.portal import pages

URL = "https://portal.example/public/LiCSAR_products/106/106A_09048_000909/interferograms/"
FOLDER = "/public/LiCSAR_products/106/106A_09048_000909/interferograms/"

FORMS = [pages.apache_table, pages.apache_lines, pages.nginx]
PAIR = st.builds(
    lambda start, days: DatePair(start, start + dt.timedelta(days=days)),
    st.dates(dt.date(2014, 10, 3), dt.date(2024, 1, 1)),
    st.integers(1, 700),
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_each_server_s_listing_is_read(form: pages.Listing, slash: str) -> None:
    names = ["20240118_20240130", "20240106_20240118"]  # descending, as in June 2026
    page = form(FOLDER, [f"{name}{slash}" for name in names])
    assert parse_pairs(page, URL) == tuple(
        PairEntry(DatePair.parse(name), slash == "/", f"{URL}{name}{slash}")
        for name in sorted(names)
    )


@given(st.lists(PAIR), st.sampled_from(FORMS), st.data())
def test_pairs_come_sorted_and_once_in_any_order(
    pairs: list[DatePair], form: pages.Listing, data: st.DataObject
) -> None:
    names = [f"{pair}{data.draw(st.sampled_from(['', '/']))}" for pair in pairs]
    entries = parse_pairs(form(FOLDER, names), URL)
    assert [entry.pair for entry in entries] == sorted(set(pairs))
    for entry in entries:
        assert entry.url.removeprefix(URL) in names
        assert entry.is_folder == entry.url.endswith("/")


@given(st.lists(PAIR, min_size=1, max_size=6), st.sampled_from(FORMS), st.data())
def test_a_cut_listing_gives_only_whole_pairs(
    pairs: list[DatePair], form: pages.Listing, data: st.DataObject
) -> None:
    page = form(FOLDER, [str(pair) for pair in pairs])
    cut = data.draw(st.integers(0, len(page)))
    assert {entry.pair for entry in parse_pairs(page[:cut], URL)} <= set(pairs)


def test_a_manifest_goes_before_a_folder_of_the_same_pair() -> None:
    name = "20240106_20240118"
    for names in ([f"{name}/", name], [name, f"{name}/"]):
        (entry,) = parse_pairs(pages.nginx(FOLDER, names), URL)
        assert entry.url == f"{URL}{name}"
        assert not entry.is_folder


@pytest.mark.parametrize(
    "name",
    [
        "20240118_20240106",  # not in order of time
        "20240106_20240106",
        "20241306_20241318",  # no date
        "20240106",
        "20240106_20240118.geo.cc.tif",
        "20240106_20240118_old",
        "x20240106_20240118",
        "framelist.txt",
        "?C=N;O=D",
        "20240106_20240118/sub/",
    ],
)
def test_strangers_are_ignored(name: str) -> None:
    assert parse_pairs(pages.apache_table(FOLDER, [name]), URL) == ()


@pytest.mark.parametrize("page", ["", "not a page", pages.SERVER_ERROR, "{}", "<", "\x00"])
def test_what_is_no_listing_names_no_pair(page: str) -> None:
    assert parse_pairs(page, URL) == ()


@pytest.mark.parametrize(
    ("page", "links"),
    [
        ('<a href="a">', [f"{URL}a"]),
        ("<a href='a'>", [f"{URL}a"]),
        ("<A HREF = a >", [f"{URL}a"]),
        ("<a class=x\n  href=' a\n'>", [f"{URL}a"]),
        ("<a href='/a'>", ["https://portal.example/a"]),
        ("<a href='../a'>", [URL.replace("interferograms/", "a")]),
        ("<a href='//other.example/a'>", ["https://other.example/a"]),
        ("<a href='http://other.example/a?b=c&amp;d=e#f'>", ["http://other.example/a?b=c&d=e"]),
        ("<a href='b'><a href='a'><a href='b'>", [f"{URL}b", f"{URL}a", f"{URL}b"]),
        ("<link rel='enclosure' href='a'/>", [f"{URL}a"]),
        ("<a href><a href=''><a name='a'>", []),
        ("<a href='mailto:a@b'><a href='javascript:a()'><a href='file:///a'>", []),
        ("<a href='http://[a'><a href='http://'>", []),
        ("<!-- <a href='a'> -->", []),
        ("<![endif]><![\n><![a[ b ><a href='a'>", [f"{URL}a"]),
        ("<a href='a'>name</a><br />\n<a href='b", [f"{URL}a"]),
        ("<a href='a'>name</a><br />\n<a href='b'", [f"{URL}a"]),
        ("<a href='a'>na", [f"{URL}a"]),
    ],
)
def test_links_in_every_spelling(page: str, links: list[str]) -> None:
    assert parse_links(page, URL) == tuple(links)


MARKUP = st.lists(
    st.sampled_from(
        ["<a href=", "'", '"', ">", "<", "<![", "<!--", "-->", "<!", "</", "<?", "]]>", "&#", ";"]
    )
    | st.text(max_size=5)
).map("".join)


@given(MARKUP)
def test_any_text_gives_addresses_or_nothing(page: str) -> None:
    for link in parse_links(page, URL):
        assert link.startswith(("http://", "https://"))
    parse_pairs(page, URL)


def test_a_pair_that_ends_in_the_future_is_none(caplog: pytest.LogCaptureFixture) -> None:
    page = '<html><a href="20210101_20210113/">1</a><a href="20210101_20991231/">2</a></html>'
    found = parse_pairs(page, "https://portal.example/interferograms/")
    assert [str(entry.pair) for entry in found] == ["20210101_20210113"]
    assert "20210101_20991231/ ends in the future" in caplog.text


@pytest.mark.parametrize(
    "page_url",
    ["https://a.b/c/d/", "https://a.b/c/d", "https://a.b/c/d/?C=M;O=A", "HTTPS://a.b:444/c/d/#e"],
)
def test_a_plain_name_is_joined_as_every_link_is(page_url: str) -> None:
    names = ("20200101_20200113", "20200101_20200113/", "abc", "D_1/")
    page = "".join(f'<a href="{name}">{name}</a>' for name in names)
    assert parse_links(page, page_url) == tuple(urljoin(page_url, name) for name in names)


def test_plain_names_of_a_page_from_nowhere_are_no_links() -> None:
    assert parse_links('<a href="20200101_20200113">', "file:///c/d/") == ()
