"""Where the LiCSAR portal lies: its root addresses, as data, in the order in which to ask them.

A root is the folder that holds the track folders: ``<root>/<track>/<frame>/interferograms/``.
"""

from typing import Final
from urllib.parse import urlsplit

from fringewatch.errors import BadInputError

_PUBLIC: Final = "https://gws-access.jasmin.ac.uk/public/nceo_geohazards"

DEFAULT_ROOTS: Final = (
    # The public tree. Since autumn 2025 a pair is a small file of links here (its manifest).
    f"{_PUBLIC}/LiCSAR_products",
    # The name of that tree while the archive moved; it may be a copy, or be gone.
    f"{_PUBLIC}/LiCSAR_products.future",
    # The storage behind it: a pair is a real folder, but what has moved to the CEDA Archive
    # is not served from it, so that it comes last.
    f"{_PUBLIC}/LiCSAR_products.public",
)
"""The portal's own roots; the host of before 2020, gws-access.ceda.ac.uk, redirects for ever."""


def parse_root(text: str) -> str:
    """Return the address of a portal root, without spaces round it and without its last slash.

    Raises
    ------
    BadInputError
        If `text` is no http or https address with a host, or carries a user, query or fragment.
    """
    message = (
        f"'{text}' is not the root of a portal: expected an http or https address without user, "
        f"query or fragment, such as {DEFAULT_ROOTS[0]}"
    )
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
