"""What a message says: a line that fits an SMS, a title, and more for those who have room.

A message is put into words when it is sent, not when it is made: one that waited for a week says
how old its data are by then.
"""

import datetime as dt
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from catalogs.ledger.outbox_records import Message, MessageKind, Standing
from fringewatch import __version__
from fringewatch.plain_text import counted
from tasks.messages.short_text import SMS_LENGTH, sms_length, sms_text

SENDER: Final = "[Fringewatch]"
NOT_REVIEWED: Final = "not reviewed"
_NAMES_SHOWN: Final = 3
_LINES_SHOWN: Final = 40
_ADVICE: Final = "Do not base a decision about people's safety on this message alone."


@dataclass(frozen=True)
class Text:
    """A message in words."""

    title: str
    line: str
    """All that matters, in at most 160 places of an SMS where that is possible."""
    details: tuple[str, ...] = ()
    """What a channel with room says below it."""

    @property
    def whole(self) -> str:
        """The line and the details."""
        return "\n".join([self.line, *(("", *self.details) if self.details else ())])


def text_of(
    message: Message,
    today: dt.date,
    site_url: str,
    review: Callable[[str, dt.date | None], str] | None = None,
) -> Text:
    """Return a message in words on a day, UTC.

    Parameters
    ----------
    message
        Of the outbox.
    today
        UTC; what is said of ages is true then.
    site_url
        Of the pages; empty for no link.
    review
        What people have said of a volcano and a date, in two or three words; without it nobody has.
    """
    how = {
        MessageKind.STATE: _state,
        MessageKind.STALE: _stale,
        MessageKind.FAILED_NIGHTS: _failed_nights,
    }[message.kind]
    return how(message, today, site_url, review)


def text_of_many(texts: Sequence[Text]) -> Text:
    """Return several messages as one: a line each."""
    titles = [text.title.removeprefix(f"{SENDER} ") for text in texts]
    more = f", +{len(titles) - _NAMES_SHOWN} more" if len(titles) > _NAMES_SHOWN else ""
    short = f"{SENDER} {counted(len(texts), 'message')}: {', '.join(titles[:_NAMES_SHOWN])}{more}"
    lines = [text.line for text in texts[:_LINES_SHOWN]]
    if len(texts) > _LINES_SHOWN:
        lines.append(f"and {len(texts) - _LINES_SHOWN} more: see `fringewatch notify --list`")
    return Text(f"{SENDER} {counted(len(texts), 'message')}", short, tuple(lines))


def text_of_test(now: dt.datetime) -> Text:
    """Return the words of a test."""
    host = sms_text(socket.gethostname(), "this machine")
    title = f"{SENDER} TEST {now:%Y-%m-%d %H:%M} UTC"
    return Text(title, f"{title} from {host}: this channel works; no volcano is meant")


def _state(
    message: Message,
    today: dt.date,
    site_url: str,
    review: Callable[[str, dt.date | None], str] | None,
) -> Text:
    """The message that a volcano's state has changed."""
    facts = message.facts
    now, before = Standing.of_words(facts["now"]), Standing.of_words(facts["before"])
    slug = message.volcanoes[0]
    name = sms_text(str(facts["name"]), slug).upper()
    is_new = now.is_unrest and before.state not in {"unknown", "masked"}
    change = "new" if is_new else f"was {before.state}"
    reviewed = review(slug, now.date) if review is not None else NOT_REVIEWED
    link = f"{site_url}/{slug}.html" if site_url else ""
    head = f"{SENDER} {name} {now.state.upper()} ({change})"
    when = f"{head} {now.date} UTC" if now.date else head
    if now.state in {"unknown", "masked"}:
        line = _fitting(when, [_part(": ", facts["because"]), _part("; ", link)], [(1, "")])
    else:
        line = _state_line(when, facts, (now.date, today), (reviewed, link))
    details = (
        f"{facts['name']}: {now.state}{f' since {now.since}' if now.since else ''}; "
        f"{_before(facts.get('was'), before)}.",
        f"Why: {facts['because']}." if facts["because"] else "",
        f"Of {now.date} UTC, {_age(now.date, today)}; {reviewed}." if now.date else "",
        f"Page: {link}" if link else "",
        f"{_ADVICE} Message {message.number} of Fringewatch {__version__}.",
    )
    return Text(when, line, tuple(map(sms_text, filter(None, details))))


def _before(was: str | None, told: Standing) -> str:
    """What was before, as page and feed say it, and what the reader was told last if that differs.

    Parameters
    ----------
    was
        Empty for nothing; None of a message of an older version, which did not know it.
    told
        What counted as told: of a volcano of which nobody was told anything it is *quiet*.
    """
    since = f" since {told.since}" if told.since else ""
    if was is None or was == told.state:
        return f"before: {told.state}{since}"
    return f"before: {was}; last told: {told.state}{since}" if was else "before: nothing was said"


def _state_line(
    when: str,
    facts: Mapping[str, Any],
    dates: tuple[dt.date | None, dt.date],
    ends: tuple[str, str],
) -> str:
    """The same in one line that fits into an SMS: the least important words go first."""
    date, today = dates
    reviewed, link = ends
    probability = facts.get("probability")
    parts = [
        _part(", p ", f"{probability:.2f}")
        if probability is not None
        else _part(", ", facts.get("rate", "")),
        _part(
            ", ",
            f"{facts['positive']} of {counted(facts['pairs'], 'pair')}" if "pairs" in facts else "",
        ),
        _part(", ", " ".join(facts.get("tracks", ()))),
        _part(", ", facts.get("place", "")),
        _part("; ", "; ".join(facts.get("others", ()))),
        _part("; data ", _age(date, today) if date else ""),
        _part("; ", reviewed),
        _part("; ", link),
    ]
    # What can be read elsewhere goes first; the link goes last, for it has all of it.
    unreviewed = [(6, "")] if reviewed == NOT_REVIEWED else []
    short_age = f"; {(today - date).days} d old" if date else ""
    return _fitting(when, parts, [*unreviewed, (5, short_age), (1, ""), (5, ""), (7, "")])


def _stale(
    message: Message,
    today: dt.date,
    site_url: str,
    review: Callable[[str, dt.date | None], str] | None,  # noqa: ARG001 - as the others
) -> Text:
    """The message that no new data of a volcano comes."""
    facts = message.facts
    slug = message.volcanoes[0]
    name = sms_text(str(facts["name"]), slug).upper()
    newest = dt.date.fromisoformat(facts["newest"])
    link = f"{site_url}/{slug}.html" if site_url else ""
    title = f"{SENDER} {name} STALE"
    said = f": no data newer than {newest} ({counted((today - newest).days, 'day')}); last state: "
    parts = [_part(said, facts["state"] or "none"), _part("; ", link)]
    line = _fitting(f"{title} {today} UTC", parts, [(1, "")])
    details = (
        "Nobody knows what it did since. `fringewatch status` says which source has what.",
        f"Page: {link}" if link else "",
    )
    return Text(title, line, tuple(filter(None, details)))


def _failed_nights(
    message: Message,
    today: dt.date,
    site_url: str,
    review: Callable[[str, dt.date | None], str] | None,  # noqa: ARG001 - as the others
) -> Text:
    """The message that nights have failed."""
    facts = message.facts
    title = f"{SENDER} {facts['nights']} FAILED NIGHTS"
    names = [sms_text(name, name).upper() for name in message.volcanoes]
    more = f" +{len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    parts = [
        _part(": ", ", ".join(names[:_NAMES_SHOWN]) + more),
        _part("; last good night ", facts["last_good"] or "never"),
        _part(": ", sms_text(facts["reason"])),
        _part("; ", site_url),
    ]
    line = _fitting(f"{title} {facts['date']} UTC", parts, [(3, ""), (2, "")])
    details = (
        f"{counted(len(names), 'volcano', 'volcanoes')}: {', '.join(names[:_LINES_SHOWN])}",
        f"Told on {today}. `fringewatch runs` has the nights, the log all their reasons.",
    )
    return Text(title, line, details)


def _part(before: str, words: object) -> str:
    return f"{before}{sms_text(str(words))}" if words else ""


def _fitting(head: str, parts: list[str], shorter: Sequence[tuple[int, str]]) -> str:
    """Return head and parts as one line; while it is too long, a part is put into fewer words."""
    parts = list(parts)
    for at, words in shorter:
        if sms_length(head + "".join(parts)) <= SMS_LENGTH:
            break
        parts[at] = words
    return head + "".join(parts)


def _age(date: dt.date, today: dt.date) -> str:
    days = (today - date).days
    return f"{counted(days, 'day')} old"
