"""Read the portal's listings: which pairs are there, and at which address each one lies.

The order of a listing is not stable and its form depends on the server (Apache's table or
preformatted lines, nginx's), so that only the links are read and the result is sorted.
"""

import logging
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

from catalogs.records import DatePair
from fringewatch.errors import BadInputError

LINK_CHARACTERS_MAX: Final = 2000
"""A link that is longer is none: those of the portal have some 150 characters."""

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,200}/?")
"""A link that is nothing but a name in the page's folder, as those of pairs are: thousands of them
are not taken apart and put together again."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class PairEntry:
    """A pair that a listing names. Being listed does not promise that any product is there."""

    pair: DatePair
    is_folder: bool
    """Whether `url` is a folder of files; if not, it is a manifest, a file of links."""
    url: str
    """Ask it exactly as it is: a manifest with a last slash, or a folder without, fails."""
    elsewhere: tuple[str, ...] = ()
    """Where else the pair is listed: asked in turn for what `url` does not have."""


def parse_links(page: str, page_url: str) -> tuple[str, ...]:
    """Return the absolute http and https addresses of all links, in the order of the page.

    A page that is cut, or is no HTML, gives the links that are whole; a link in a tag that is
    cut is none.

    Parameters
    ----------
    page : str
        The page, whatever its content type.
    page_url : str
        Where it came from; relative links start there.
    """
    collector = _Links()
    # Never closed: closing would read the cut rest of a page as if it were whole.
    collector.feed(page)
    folder = _absolute(".", page_url)
    links = (
        f"{folder}{reference}" if folder and _NAME.fullmatch(reference)
        else _absolute(reference, page_url)
        for reference in collector.references
    )  # fmt: skip
    return tuple(link for link in links if link is not None)


def parse_pairs(page: str, page_url: str) -> tuple[PairEntry, ...]:
    """Return the pairs that a listing links to, oldest first, each once; strangers are ignored.

    A last slash tells a folder from a manifest. Where both are there, the manifest is taken: the
    server does not serve from the folder what has moved to the archive.

    Parameters
    ----------
    page : str
        The listing of ``<root>/<track>/<frame>/interferograms/``.
    page_url : str
        Where it came from.
    """
    first_of_pair: dict[DatePair, PairEntry] = {}
    for entry in sorted(_entries(page, page_url)):
        first_of_pair.setdefault(entry.pair, entry)
    return tuple(first_of_pair.values())


def is_cut(page: str) -> bool:
    """Whether a page of HTML lacks its end: it was read while the server wrote it."""
    text = page.lower()
    return "<html" in text and "</html" not in text


def _entries(page: str, page_url: str) -> list[PairEntry]:
    """The pairs that a page links to."""
    entries = []
    for url in parse_links(page, page_url):
        path = urlsplit(url).path
        try:
            pair = DatePair.parse(path.removesuffix("/").rpartition("/")[2])
        except BadInputError:  # a sort link, the parent, another file
            continue
        if pair.is_to_come:  # it would be the newest for years, and its source the only one asked
            _LOGGER.warning("%s ends in the future: it is no pair", url)
            continue
        entries.append(PairEntry(pair, path.endswith("/"), url))
    return entries


def _absolute(reference: str, page_url: str) -> str | None:
    """The whole address that a link means; None if it is none that may be followed."""
    reference = reference.strip()
    # Links are kept, logged and shown: one that does not print, or is endless, is none.
    if len(reference) > LINK_CHARACTERS_MAX or not reference.isprintable():
        return None
    try:
        url = urljoin(page_url, reference)
        parts = urlsplit(url)
    except ValueError:  # for example brackets that hold no IPv6 address
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    return parts._replace(fragment="").geturl()


class _Links(HTMLParser):
    """Collects the href of every tag as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []

    def handle_starttag(
        self,
        tag: str,  # noqa: ARG002 - the parser's signature; feeds and pages link by other tags
        attrs: list[tuple[str, str | None]],
    ) -> None:
        self.references += [value for name, value in attrs if name == "href" and value]

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Skip ``<![...>`` as browsers do; Python 3.11's parser raises AssertionError on it."""
        return self.parse_bogus_comment(i, bool(report))
