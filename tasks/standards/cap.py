"""A CAP 1.2 message (OASIS) for a volcano in unrest: an exercise or a test, unless you say so.

Urgency and severity stay *Unknown*: an interferogram says that the ground moved, not what follows.
"""

import datetime as dt
from typing import Final
from xml.etree import ElementTree as ET

from tasks.standards.summary import VolcanoSummary

_CAP: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_RADIUS_KM: Final = 28
"""Of a circle round the window of half a degree, in latitude."""
_LIKELY: Final = 0.5
"""CAP's own: *Likely* is a probability above 50 %."""

_LASTS: Final = dt.timedelta(days=14)
"""From the newest date on."""
_LASTS_AT_LEAST: Final = dt.timedelta(days=1)
"""From when it is sent on, where data came late."""


def cap_of(summary: VolcanoSummary, status: str, sender: str, footnote: str = "") -> bytes | None:
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
    """
    if not summary.is_in_unrest:
        return None
    ET.register_namespace("", _CAP)
    alert = ET.Element(f"{{{_CAP}}}alert")
    number = f"fringewatch.{summary.slug}.{summary.since}.{summary.newest}"
    _add(alert, "identifier", number)
    _add(alert, "sender", sender)
    _add(alert, "sent", _cap_time(dt.datetime.fromisoformat(summary.said_at)))
    _add(alert, "status", status)
    _add(alert, "msgType", "Alert")
    _add(alert, "source", f"Fringewatch, model {summary.model}, method {summary.method}")
    _add(alert, "scope", "Public")
    if status != "Actual":
        _add(alert, "note", f"{status.upper()}: made by a program, not issued by anyone")
    _add_info(alert, summary, footnote)
    ET.indent(alert, " ")
    return bytes(ET.tostring(alert, encoding="utf-8", xml_declaration=True)) + b"\n"


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
