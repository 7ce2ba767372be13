"""Text for a telephone: the alphabet of SMS, and its length as the network counts it."""

import unicodedata
from typing import Final

from fringewatch.plain_text import plain

SMS_LENGTH: Final = 160

_TWICE: Final = frozenset("^{}\\[~]|")
"""Characters of the GSM alphabet (3GPP TS 23.038) that take two places."""


def sms_text(text: str, otherwise: str = "") -> str:
    """Return the text in characters that every telephone has; `otherwise` if none is left."""
    bare = unicodedata.normalize("NFKD", plain(text)).encode("ascii", "ignore").decode()
    return " ".join(bare.replace("`", "'").split()) or otherwise


def sms_length(text: str) -> int:
    """Return how many of the 160 places of an SMS a plain text takes."""
    return len(text) + sum(character in _TWICE for character in text)
