"""The pages of today's portal: listings in the forms of several servers, and manifests."""

import html
from collections.abc import Iterable
from typing import Protocol

SERVER_ERROR = (
    "<!DOCTYPE HTML>\n<html><head><title>Error</title></head>\n"
    "<body><h1>Service Temporarily Unavailable</h1>\n<p>Please try later.</p></body></html>\n"
)


class Listing(Protocol):
    """Makes the page that lists `names`; a name of a folder ends with a slash."""

    def __call__(self, folder: str, names: Iterable[str]) -> str: ...


def apache_table(folder: str, names: Iterable[str]) -> str:
    """Return Apache's listing with `HTMLTable`: sort links, the parent, one row for each name."""
    rows = "".join(
        f'<tr><td valign="top"><img src="/icons/unknown.gif" alt="[   ]"></td>'
        f'<td><a href="{html.escape(name)}">{html.escape(name)}</a></td>'
        '<td align="right">2024-03-20 04:17  </td><td align="right">2.1K</td><td>&nbsp;</td></tr>\n'
        for name in names
    )
    parent = folder.rstrip("/").rpartition("/")[0] + "/"
    return (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n'
        f"<html>\n <head>\n  <title>Index of {folder}</title>\n </head>\n <body>\n"
        f"<h1>Index of {folder}</h1>\n  <table>\n"
        '   <tr><th valign="top"><img src="/icons/blank.gif" alt="[ICO]"></th>'
        '<th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th>'
        '<th><a href="?C=S;O=A">Size</a></th></tr>\n'
        '   <tr><th colspan="5"><hr></th></tr>\n'
        f'<tr><td>&nbsp;</td><td><a href="{parent}">Parent Directory</a></td></tr>\n'
        f'{rows}   <tr><th colspan="5"><hr></th></tr>\n</table>\n</body></html>\n'
    )


def apache_lines(folder: str, names: Iterable[str]) -> str:
    """Return Apache's older listing, with preformatted lines."""
    lines = "".join(
        f'<img src="/icons/folder.gif" alt="[DIR]"> <A HREF="{name}">{name[:22]:23}</A> '
        "20-Mar-2024 04:17    -   \n"
        for name in names
    )
    return (
        f"<html><head><title>Index of {folder}</title></head><body>\n"
        f'<h1>Index of {folder}</h1>\n<pre><a href="?C=N;O=D">Name</a>'
        f'<hr><a href="../">Parent Directory</a>\n{lines}<hr></pre>\n</body></html>\n'
    )


def nginx(folder: str, names: Iterable[str]) -> str:
    """Return nginx's listing."""
    lines = "".join(
        f'<a href="{name}">{name}</a>                20-Mar-2024 04:17       -\r\n'
        for name in names
    )
    return (
        f"<html>\r\n<head><title>Index of {folder}</title></head>\r\n<body>\r\n"
        f'<h1>Index of {folder}</h1><hr><pre><a href="../">../</a>\r\n{lines}</pre><hr></body>\r\n'
        "</html>\r\n"
    )


def manifest(addresses: Iterable[str]) -> str:
    """Return a manifest, byte for byte as the producer writes it."""
    return "".join(
        f"<a href='{address}'>{address.rpartition('/')[2]}</a><br />\n" for address in addresses
    )


def archive_browser(folder: str, folders: Iterable[str], files: Iterable[str]) -> str:
    """Return the archive's page of a folder: absolute links, those of files for download.

    Parameters
    ----------
    folder : str
        Path of the folder, without its last slash.
    folders, files : iterable of str
        Names of folders, and addresses of files.
    """
    rows = "".join(f'<tr><td><a href="{folder}/{name}">{name}</a></td></tr>\n' for name in folders)
    rows += "".join(
        f'<tr><td><a href="{address}?download=1">{address.rpartition("/")[2]}</a></td></tr>\n'
        for address in files
    )
    return (
        f"<!doctype html>\n<html><body><h1>Index of {folder}</h1>\n"
        f"<table>\n{rows}</table></body></html>\n"
    )
