"""What lies in a folder of this machine where a file belongs: a pipe, a folder, a dead link."""

import stat
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from catalogs.portal.file_names import parse_file_name
from catalogs.records import DatePair, Product
from fringewatch.errors import MissingProductError

_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


def what_lies_at(path: Path) -> str | None:
    """Return what lies at `path` that is no file, in words; None for a file, and for nothing."""
    try:
        return _KINDS.get(stat.S_IFMT(path.stat().st_mode))
    except FileNotFoundError:
        return f"a link to {path.readlink()}, which is not there" if path.is_symlink() else None


def refuse_strange(path: Path) -> None:
    """Refuse what is no file, before it is opened: to read a pipe can take for ever.

    Raises
    ------
    MissingProductError
        If something else lies there.
    """
    what = what_lies_at(path)
    if what is not None:
        message = f"{path} is {what}: an interferogram's file belongs there"
        raise MissingProductError(message)


def refuse_strange_of_pair(folder: Path, pair: DatePair, lacking: Collection[Product]) -> None:
    """Refuse a pair of which a product that is lacking lies there as something else than a file.

    Raises
    ------
    MissingProductError
        If there is such a product; the message names what lies there.
    """
    if not lacking:
        return
    for path in sorted(_named(folder, pair, lacking)):
        refuse_strange(path)


def _named(folder: Path, pair: DatePair, products: Collection[Product]) -> Iterable[Path]:
    names = {f"{pair}{product.ending}" for product in products}
    for path in folder.iterdir():
        name = parse_file_name(path.name)
        if path.name in names or (name and name.pair == pair and name.product in products):
            yield path
