"""Channels: an address of Apprise that takes a message, or says why it does not.

The address is a secret: it holds passwords and tokens, and the places of people. Outside of this
file a channel is known by a name that is made of its kind and a short hash. What Apprise says of an
attempt quotes addresses, so that it is caught here and blackened.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pydantic import SecretStr
from typing_extensions import override

from fringewatch.plain_text import plain
from fringewatch.unlogged import unlogged
from tasks.messages.words import Text

if TYPE_CHECKING:
    from apprise import NotifyBase

_CARRIERS: Final = ("urllib3", "requests", "httpx", "httpcore", "paho", "slixmpp", "smpplib")
"""Libraries that Apprise speaks through: their lines for debugging hold addresses."""
_LONGEST_REASON: Final = 240
_LEAST_FOR_DETAILS: Final = 500
"""Channels that take less than so many characters get the line alone."""
_ALWAYS_SHOWN: Final = frozenset({"http", "https", "json", "jsons", "true", "false", "yes", "text"})
_MAIL: Final = re.compile(r"[^\s<>\"'=]+@[^\s<>\"',;]+")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}")
_NO_KIND: Final = "malformed"
_MARK_HEADERS: Final = ("Idempotency-Key", "X-Fringewatch-Message")


def channel_name(url: SecretStr) -> str:
    """Return the name by which a channel is known, such as ``mailto-3f2a91c0``.

    Of an address without a scheme nothing is shown: what stands there may be a password.
    """
    text = url.get_secret_value().strip()
    scheme, mark, _ = text.partition("://")
    is_kind = mark and _SCHEME.fullmatch(scheme)
    return (
        f"{scheme.lower() if is_kind else _NO_KIND}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    )


def is_malformed(channel: str) -> bool:
    """Return whether a channel, by its name, is of no kind: its address has no scheme."""
    return channel.startswith(f"{_NO_KIND}-")


@dataclass(frozen=True)
class Attempt:
    """Whether a channel took a message."""

    taken: bool
    reason: str = ""
    """Why not, without any part of the address."""


def send(url: SecretStr, text: Text, mark: str) -> Attempt:
    """Hand a text to a channel once; it never raises for what the channel does.

    Parameters
    ----------
    url
        Of the channel.
    text
        What is said.
    mark
        The same whenever the same message is sent: a mail's Message-ID, and the header
        ``Idempotency-Key`` of a webhook, by which a receiver knows it again.
    """
    import apprise  # noqa: PLC0415 - takes a second, and few runs have a message

    with _caught_words() as words:
        plugin = _plugin_of(url, mark)
        if plugin is None:
            return Attempt(taken=False, reason=_blackened(_malformed(words), url))
        has_room = plugin.body_maxlen >= _LEAST_FOR_DETAILS
        channel = apprise.Apprise(asset=plugin.asset)
        channel.add(plugin)
        with _mail_ids(mark):
            taken = channel.notify(
                body=text.whole if has_room else text.line,
                title=text.title if has_room and plugin.title_maxlen > 0 else "",
                body_format=apprise.NotifyFormat.TEXT,
            )
    if taken:
        return Attempt(taken=True)
    return Attempt(taken=False, reason=_blackened(_reason(words), url))


def _plugin_of(url: SecretStr, mark: str) -> "NotifyBase | None":
    """Apprise's plug-in for an address; None if there is none."""
    import apprise  # noqa: PLC0415 - see above

    asset = apprise.AppriseAsset(
        app_id="Fringewatch", app_desc="Fringewatch, a watch on volcanoes", app_url="",
        async_mode=False, secure_logging=True,
    )  # fmt: skip
    found = apprise.Apprise.instantiate(
        url.get_secret_value().strip(), asset=asset, suppress_exceptions=True
    )
    if found is None:
        return None
    if found.schema.startswith("mailto") and "format=" not in url.get_secret_value():
        found.notify_format = apprise.NotifyFormat.TEXT  # read on telephones, and by gateways
    headers = getattr(found, "headers", None)
    if mark and isinstance(headers, dict):
        for name in _MARK_HEADERS:
            headers.setdefault(name, mark)
    return found


@contextmanager
def _mail_ids(mark: str) -> Iterator[None]:
    """Let mails have a Message-ID made of the mark.

    Apprise gives each attempt a new one, and what is sent twice could not be folded into one.
    """
    from apprise.plugins.email import base  # noqa: PLC0415 - see above

    def make_id(idstring: str | None = None, domain: str | None = None) -> str:  # noqa: ARG001
        return f"<fringewatch.{mark}@{domain or 'localhost'}>"

    names = vars(base)
    before = names["make_msgid"]
    names["make_msgid"] = make_id
    try:
        yield
    finally:
        names["make_msgid"] = before


class _Words(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING or "Exception" in record.getMessage():
            self.lines.append(record.getMessage())


@contextmanager
def _caught_words() -> Iterator[list[str]]:
    """Catch what Apprise says, and let nobody hear what carries it."""
    caught = _Words()
    with unlogged(*_CARRIERS), unlogged("apprise", instead=caught):
        yield caught.lines


def _malformed(words: list[str]) -> str:
    said = f" ({words[0]})" if words and "URL" not in words[0] else ""
    return f"its address is malformed, or Apprise has no such kind of channel{said}"


def _reason(words: list[str]) -> str:
    return "; ".join(dict.fromkeys(words)) or "it did not take the message"


def _blackened(reason: str, url: SecretStr) -> str:
    """Return a reason without any part of the address that is not its scheme."""
    text = url.get_secret_value().strip()
    rest = text.partition("://")[2] or text
    before, _, query = rest.partition("?")
    values = [pair.partition("=")[2] for pair in query.split("&")]
    parts = {part for text in (before, *values) for part in re.split(r"[/:@#,;+]+", text)}
    parts |= {unquote(part) for part in parts} | {rest, unquote(rest)}
    text = _MAIL.sub("***", reason)
    for part in sorted(parts, key=len, reverse=True):
        if len(part) > 1 and part.lower() not in _ALWAYS_SHOWN:
            text = re.sub(re.escape(part), "***", text, flags=re.IGNORECASE)
    return plain(text, _LONGEST_REASON)
