"""Where interferograms lie: the portal's roots and their rules, as data, in the order to ask them.

A root is the folder that holds the track folders. Most are addresses; one may also be a folder of
this machine (a mirror, or interferograms of your own), or a source that another package adds.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from catalogs.records import FrameId, FrameRaster, frame_file_name
from fringewatch import __version__
from fringewatch.errors import BadInputError
from fringewatch.plain_text import without_secrets
from fringewatch.plugins import SOURCES, plugin_names

_PUBLIC: Final = "https://gws-access.jasmin.ac.uk/public/nceo_geohazards"
_ARCHIVE: Final = "/neodc/comet/data/licsar_products"

DEFAULT_ROOTS: Final = (
    # The public tree. Since autumn 2025 a pair is a small file of links here (its manifest).
    f"{_PUBLIC}/LiCSAR_products",
    # The storage behind it: a pair is a real folder, but what has moved to the CEDA Archive is
    # not served from it.
    f"{_PUBLIC}/LiCSAR_products.public",
    # The CEDA Archive's browser. It lags behind, but keeps what JASMIN has lost.
    f"https://data.ceda.ac.uk{_ARCHIVE}",
    # The name of the first tree while the archive moved; it may be a copy, or be gone.
    f"{_PUBLIC}/LiCSAR_products.future",
)
"""The portal's own roots; the host of before 2020, gws-access.ceda.ac.uk, redirects for ever."""


DEFAULT_USER_AGENT: Final = (
    f"fringewatch/{__version__} (reads new LiCSAR interferograms of volcanoes; "
    "contact: whoever runs this address)"
)
"""What we call ourselves there."""


@dataclass(frozen=True)
class Layout:
    """How a tree names the folder that lists the pairs of a frame."""

    track_digits: int = 1
    """Least number of digits in a track's name; missing ones are zeros."""
    pairs_folder: str = "interferograms/"
    """Where the pairs are within the frame's folder; empty if right in it."""
    epochs_are_folders: bool = False
    """Whether a date is a true folder, whose address ends in a slash, and no manifest."""
    is_fallback: bool = False
    """Whether it is asked only if no root before it lists the frame."""


LAYOUTS: Final = (
    (_ARCHIVE, Layout(track_digits=2, pairs_folder="", epochs_are_folders=True)),
    (".public", Layout(epochs_are_folders=True)),
    (".future", Layout(is_fallback=True)),
    ("", Layout()),
)
"""How the path of a root ends, and the layout of its tree; the first that fits counts."""


@dataclass(frozen=True)
class Root:
    """A place that may list pairs."""

    text: str
    """The address without its last slash, the absolute path of a folder, or ``word:anything``."""
    layout: Layout
    """Of an address; a folder is looked through for all of them."""
    folder: Path | None
    """The folder of this machine that it is, mounted or not; None for anything else."""
    is_added: bool = False
    """Whether it is a source of another package, which its first word names."""

    @property
    def is_address(self) -> bool:
        """Whether it is asked by HTTP."""
        return self.folder is None and not self.is_added

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the root that `text` names, with its rules.

        Raises
        ------
        BadInputError
            If `text` is neither an http or https address with a host and without user, query or
            fragment, nor a folder, nor names a source of an installed package. A folder that is
            not there counts if its path is absolute: it may be mounted later, and until then gives
            no listing.
        """
        folder = _folder(text.strip())
        if folder is not None:
            return cls(str(folder), Layout(), folder)
        if _names_added_source(text):
            return cls(text.strip(), Layout(), None, is_added=True)
        root = _parse_address(text)
        path = urlsplit(root).path
        layout = next(layout for ending, layout in LAYOUTS if path.endswith(ending))
        return cls(root, layout, None)

    def pairs_url(self, frame: FrameId) -> str:
        """Return the address of the listing of a frame's pairs, at a root that is an address."""
        track = f"{frame.track:0{self.layout.track_digits}d}"
        # With its last slash: without it the portal redirects for ever.
        return f"{self.text}/{track}/{frame}/{self.layout.pairs_folder}"

    def frame_file_url(self, frame: FrameId, raster: FrameRaster) -> str:
        """Return the address of a raster of a frame's metadata, at a root that is an address."""
        track = f"{frame.track:0{self.layout.track_digits}d}"
        return f"{self.text}/{track}/{frame}/metadata/{frame_file_name(frame, raster)}"

    def epoch_url(self, frame: FrameId, date: dt.date) -> str:
        """Return the address of what a root that is an address has of one date of a frame."""
        track = f"{frame.track:0{self.layout.track_digits}d}"
        slash = "/" if self.layout.epochs_are_folders else ""
        return f"{self.text}/{track}/{frame}/epochs/{date:%Y%m%d}{slash}"


def parse_root(text: str) -> str:
    """Return the root that `text` names as `Root.text` has it.

    Raises
    ------
    BadInputError
        As `Root.parse`.
    """
    return Root.parse(text).text


def _folder(text: str) -> Path | None:
    if not text or "://" in text:
        return None
    try:
        path = Path(text).expanduser()
        folder = path.resolve()
        may_be_mounted = path.is_absolute() and not folder.exists()
        return folder if may_be_mounted or folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a null byte
        return None


def _names_added_source(text: str) -> bool:
    """Whether an installed package adds the source that the word before the colon names."""
    word, colon, _ = text.strip().partition(":")
    return bool(colon) and word not in {"http", "https"} and word in plugin_names(SOURCES)


def _parse_address(text: str) -> str:
    """The address without blanks and a last slash; an error if it can be none."""
    message = (
        f"'{without_secrets(text)}' is not the root of a portal: expected an http or https "
        f"address without user, query or fragment, such as {DEFAULT_ROOTS[0]}, or a "
        "folder that exists (one that is not mounted yet is named by its whole path)"
    )
    added = plugin_names(SOURCES)
    if added:
        message += f", or a source of an installed package ({', '.join(f'{n}:...' for n in added)})"
    root = text.strip().rstrip("/")
    try:
        parts = urlsplit(root)
        port = parts.port
    except ValueError as error:
        raise BadInputError(message) from error
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc or port == 0)
    has_gap = any(character.isspace() or not character.isprintable() for character in root)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain or has_gap:
        raise BadInputError(message)
    return root
