"""Text from outside, made fit to stand in a message, a log line or a table."""

from typing import Final

LONGEST: Final = 4000
"""Characters of one line; a reason that is longer helps nobody."""


def plain(text: object, longest: int = LONGEST) -> str:
    r"""Return `text` as one line that a terminal shows as it is, of bounded length.

    What does not print (control characters, line ends, marks that turn the direction of writing)
    is written as its escape. Of a longer text the middle is left out, and the number of characters
    that it had is told.

    Parameters
    ----------
    text : object
        Anything with a `str`.
    longest : int
        Characters that are kept before they are escaped.

    Examples
    --------
    >>> plain("503 Service\x1b[2J Unavailable\n")
    '503 Service\\x1b[2J Unavailable\\n'
    >>> plain("from here" + 1000 * "." + " to there", longest=16)
    'from her... (1018 characters) ...to there'
    """
    given = str(text)
    if len(given) <= longest:
        return _shown(given)
    half = longest // 2
    return f"{_shown(given[:half])}... ({len(given)} characters) ...{_shown(given[-half:])}"


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a number of things in words that a person would say.

    Parameters
    ----------
    number : int
        How many.
    thing : str
        What one of them is called.
    things : str
        What several are called; `thing` with an s if it is not given.

    Examples
    --------
    >>> counted(1, "pair"), counted(0, "pair"), counted(2, "frame of a pair", "frames of a pair")
    ('1 pair', '0 pairs', '2 frames of a pair')
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def without_secrets(address: str) -> str:
    """Return an address as an error may show it: without what stands before @, and after ?.

    Examples
    --------
    >>> without_secrets("s3://KEY:SECRET@bucket/prefix?token=SECRET")
    's3://***@bucket/prefix?***'
    >>> without_secrets("a folder")
    'a folder'
    """
    scheme, slashes, rest = address.partition("://")
    if not slashes:
        return address
    rest, question, _ = rest.partition("?")
    host, slash, path = rest.partition("/")
    if "@" in rest:  # a password may hold a slash
        host, slash, path = f"***@{rest.rpartition('@')[2]}", "", ""
    return f"{scheme}://{host}{slash}{path}{'?***' if question else ''}"


def _shown(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
