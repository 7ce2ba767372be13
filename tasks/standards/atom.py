"""An Atom feed (RFC 4287) of the changes of state of all volcanoes, the newest first."""

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from tasks.standards.summary import StateChange, VolcanoSummary

_ATOM: Final = "http://www.w3.org/2005/Atom"
_MOST_ENTRIES: Final = 100
_TAG: Final = "tag:fringewatch,2024:"
_NEVER: Final = "1970-01-01T00:00:00+00:00"


def atom_of(summaries: Sequence[VolcanoSummary]) -> bytes:
    """Return the feed; an entry's time is that at which it was first told."""
    ET.register_namespace("", _ATOM)
    changes = [(change, summary) for summary in summaries for change in summary.changes]
    changes.sort(key=lambda one: (one[0].said_at, one[0].date, one[1].slug), reverse=True)
    newest = changes[:_MOST_ENTRIES]
    feed = ET.Element(f"{{{_ATOM}}}feed")
    _add(feed, "id", f"{_TAG}changes")
    _add(feed, "title", "Fringewatch: changes of state")
    _add(feed, "updated", newest[0][0].said_at if newest else _NEVER)
    _add(_add(feed, "author"), "name", "Fringewatch")
    for change, summary in newest:
        _entry(feed, change, summary)
    ET.indent(feed, " ")
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True)) + b"\n"


def _entry(feed: ET.Element, change: StateChange, summary: VolcanoSummary) -> None:
    entry = _add(feed, "entry")
    what = f"{change.after} on {change.date}"
    number = f"{_TAG}{summary.slug}:{change.date}:{change.after.replace(' ', '-')}"
    if change.withdrawn:
        number += f":withdrawn:{change.said_at}"
        what += f" is withdrawn (now {change.before})"
    elif change.before:
        what += f" (was {change.before})"
    _add(entry, "id", number)
    _add(entry, "title", f"{summary.name}: {what}")
    _add(entry, "updated", change.said_at)
    _add(entry, "summary", change.because)
    _add(entry, "category").set("term", "withdrawn" if change.withdrawn else change.after)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    found = ET.SubElement(parent, f"{{{_ATOM}}}{name}")
    found.text = text
    return found
