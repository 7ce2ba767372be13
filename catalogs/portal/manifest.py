"""Read a pair's manifest: where each of its products really lies.

A manifest is a file of lines ``<a href='ADDRESS'>NAME</a><br />`` whose links point to one of two
hosts. It is rebuilt in place, line by line, so that an empty one or a cut one is normal; a pair
that is a folder gives a listing with the same meaning. File addresses are never built by hand.
"""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from catalogs.portal.listing import parse_links
from catalogs.records import (
    DatePair,
    FrameId,
    FrameRaster,
    Product,
    RemoteFile,
    RemoteFrameFile,
    delay_file_name,
)

FILE_HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # The archive's browser, which manifests link to, and its file server.
        "data.ceda.ac.uk": "dap.ceda.ac.uk",
    }
)
"""Hosts that stand in links, and the hosts to ask for the file."""


def parse_manifest(
    page: str, page_url: str, frame: FrameId, pair: DatePair
) -> dict[Product, RemoteFile]:
    """Return where the products of one pair lie; a product without a whole link is not in it.

    A link counts if its last part is exactly the product's file name and the frame is one of its
    folders; the first such link is taken. A query (``?download=1``) stays in the address and never
    gets into a file name. Links of other pairs or frames, with ``..`` in them, or cut, are ignored.

    Parameters
    ----------
    page : str
        The manifest, or the listing of a pair's folder; an error page gives an empty mapping.
    page_url : str
        Where it came from; relative links start there.
    frame, pair : FrameId, DatePair
        Whose products are wanted.
    """
    products = {f"{pair}{product.ending}": product for product in Product}
    found: dict[Product, RemoteFile] = {}
    for link in parse_links(page, page_url):
        *folders, name = (unquote(part) for part in urlsplit(link).path.split("/"))
        product = products.get(name)
        if product is None or str(frame) not in folders or {".", ".."} & set(folders):
            continue
        found.setdefault(product, RemoteFile(frame, pair, product, file_address(link)))
    return found


def find_delay(
    page: str, page_url: str, frame: FrameId, date: dt.date, raster: FrameRaster
) -> RemoteFrameFile | None:
    """Return where the delay of a date lies, from the date's manifest; None if it is not in it.

    Links count as in `parse_manifest`.
    """
    wanted = delay_file_name(date, raster)
    for link in parse_links(page, page_url):
        *folders, name = (unquote(part) for part in urlsplit(link).path.split("/"))
        if name == wanted and str(frame) in folders and not {".", ".."} & set(folders):
            return RemoteFrameFile(frame, raster, file_address(link), date)
    return None


def file_address(link: str) -> str:
    """Return the address to ask for a file that a link names."""
    parts = urlsplit(link)
    host = FILE_HOSTS.get(parts.netloc.lower(), parts.netloc)
    return parts._replace(netloc=host).geturl()
