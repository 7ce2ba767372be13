"""A CAP 1.2 message (OASIS) for a volcano in unrest: an exercise or a test, unless you say so.

Urgency and severity stay *Unknown*: an interferogram says that the ground moved, not what follows.
"""

import datetime as dt
import hashlib
from typing import Final
from xml.etree import ElementTree as ET

from tasks.standards.summary import VolcanoSummary

_CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_RADIUS_KM: Final = 28
"""Of a circle round the window of half a degree, in latitude."""
_LIKELY: Final = 0.5
"""CAP's own: *Likely* is a probability above 50 %."""

_HASH_LETTERS: Final = 8
_OF_THE_MESSAGE: Final = ("identifier", "sent", "msgType", "references", "expires")

_LASTS: Final = dt.timedelta(days=14)
"""From the newest date on."""
_LASTS_AT_LEAST: Final = dt.timedelta(days=1)
"""From when it is sent on, where data came late."""


def cap_of(
    summary: VolcanoSummary,
    status: str,
    sender: str,
    footnote: str = "",
    earlier: bytes | None = None,
) -> bytes | None:
    """Return the message; None of a volcano that is in no unrest: there is nothing to alert to.

    Parameters
    ----------
    summary
        Of the volcano.
    status
        ``Exercise``, ``Test`` or ``Actual``.
    sender
        Who sends it, without blanks or commas.
    footnote
        Words of the observatory's own; empty for none.
    earlier
        The message that was made before, if any. Where it says the same it is returned as it is;
        else the new one is an *Update* that refers to it, sent now: receivers drop what comes again
        under an identifier that they know.
    """
    if not summary.is_in_unrest:
        return None
    ET.register_namespace("", _CAP)
    alert = ET.Element(f"{{{_CAP}}}alert")
    _add(alert, "identifier", "")
    _add(alert, "sender", sender)
    _add(alert, "sent", _cap_time(dt.datetime.fromisoformat(summary.said_at)))
    _add(alert, "status", status)
    _add(alert, "msgType", "Alert")
    _add(alert, "source", f"Fringewatch, model {summary.model}, method {summary.method}")
    _add(alert, "scope", "Public")
    if status != "Actual":
        _add(alert, "note", f"{status.upper()}: made by a program, not issued by anyone")
    _add_info(alert, summary, footnote)
    known = _read(earlier)
    if earlier is not None and known is not None and _said(known) == _said(alert):
        return earlier
    if known is not None and all(_text(known, n) == _text(alert, n) for n in ("sender", "status")):
        _refer(alert, known)
    content = hashlib.sha256(ET.tostring(alert)).hexdigest()[:_HASH_LETTERS]
    number = f"fringewatch.{summary.slug}.{summary.since}.{summary.newest}.{content}"
    _element(alert, "identifier").text = number
    ET.indent(alert, " ")
    return bytes(ET.tostring(alert, encoding="utf-8", xml_declaration=True)) + b"\n"


def _read(earlier: bytes | None) -> ET.Element | None:
    """Return a message that was made here; None where there is none, or it is another thing."""
    if earlier is None:
        return None
    try:
        alert = ET.fromstring(earlier)  # noqa: S314 - from our own folder, and small
    except ET.ParseError:
        return None
    return alert if all(_text(alert, name) for name in ("identifier", "sent", "msgType")) else None


def _said(alert: ET.Element) -> list[tuple[str, str]]:
    """Return all that a message says, but for which one it is and when it was sent."""
    return [
        (element.tag, (element.text or "").strip())
        for element in alert.iter()
        if element.tag not in {f"{{{_CAP}}}{name}" for name in _OF_THE_MESSAGE}
    ]


def _refer(alert: ET.Element, earlier: ET.Element) -> None:
    """Make a message one that takes the place of an earlier one."""
    _element(alert, "sent").text = _cap_time(dt.datetime.now(dt.UTC))
    _element(alert, "msgType").text = "Update"
    names = ("sender", "identifier", "sent")
    references = ET.Element(f"{{{_CAP}}}references")
    references.text = ",".join(_text(earlier, name) for name in names)
    alert.insert(list(alert).index(_element(alert, "info")), references)


def _element(alert: ET.Element, name: str) -> ET.Element:
    return next(alert.iter(f"{{{_CAP}}}{name}"))


def _text(alert: ET.Element, name: str) -> str:
    return alert.findtext(f"{{{_CAP}}}{name}", "")


def _add_info(alert: ET.Element, summary: VolcanoSummary, footnote: str) -> None:
    likely = summary.probability is not None and summary.probability > _LIKELY
    ends = _end_of(summary)
    info = _add(alert, "info")
    _add(info, "language", "en")
    _add(info, "category", "Geo")
    _add(info, "event", "Ground deformation at a volcano")
    _add(info, "responseType", "Monitor")
    _add(info, "urgency", "Unknown")
    _add(info, "severity", "Unknown")
    _add(info, "certainty", "Likely" if likely else "Possible")
    _add(info, "expires", _cap_time(ends))
    _add(info, "headline", summary.headline)
    reviewed = (
        f"Reviewed: {summary.review} ({summary.reviewed_by})."
        if summary.review
        else "Not reviewed by a person."
    )
    _add(info, "description", " ".join(filter(None, (f"{summary.because}.", reviewed, footnote))))
    _add(info, "instruction", "Look at the interferograms before anything else is done.")
    area = _add(info, "area")
    _add(area, "areaDesc", " ".join(filter(None, (summary.name, summary.gvp))))
    _add(area, "circle", f"{summary.latitude},{summary.longitude} {_RADIUS_KM}")
    if summary.gvp_number:
        code = _add(area, "geocode")
        _add(code, "valueName", "GVP")
        _add(code, "value", str(summary.gvp_number))


def _end_of(summary: VolcanoSummary) -> dt.datetime:
    """Return when it ends: by then the data are old; but nobody is sent what has ended already."""
    newest = dt.datetime.combine(dt.date.fromisoformat(summary.as_of), dt.time(), dt.UTC)
    sent = dt.datetime.fromisoformat(summary.said_at)
    return max(newest + _LASTS, sent + _LASTS_AT_LEAST)


def _cap_time(time: dt.datetime) -> str:
    """Return a time as CAP wants it: UTC is -00:00 there, and Z is not allowed."""
    return f"{time.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}-00:00"


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    found = ET.SubElement(parent, f"{{{_CAP}}}{name}")
    found.text = text
    return found
