"""A draft of a volcano observatory notice for aviation (VONA): text for a person to edit.

The aviation colour code is never set here: it says what a volcano does to the air, which no
interferogram knows.
"""

from typing import Final

from tasks.standards.summary import VolcanoSummary

_PERSON: Final = "[A PERSON DECIDES]"


def vona_of(summary: VolcanoSummary) -> bytes:
    """Return the draft, in the order of ICAO Doc 9766, Appendix E; what nobody knows is open."""
    review = (
        f"Reviewed: {summary.review} ({summary.reviewed_by})."
        if summary.review
        else "Not reviewed."
    )
    peak = f" {summary.peak_kind} {_place(*summary.peak)};" if summary.peak else ""
    if not summary.is_current:
        peak = f" what was last seen is of {summary.as_of} UTC and old;"
    lines = [
        "DRAFT - NOT ISSUED - made by a program for a person to edit",
        "VOLCANO OBSERVATORY NOTICE FOR AVIATION (VONA)",
        f"Issued: {_PERSON}",
        f"Volcano: {summary.name} {summary.gvp_number or ''}".rstrip(),
        f"Current Aviation Colour Code: {_PERSON}",
        f"Previous Aviation Colour Code: {_PERSON}",
        f"Source: {_PERSON}",
        f"Notice Number: {_PERSON}",
        f"Volcano Location: {_place(summary.latitude, summary.longitude)}",
        f"Area: {_PERSON}",
        f"Summit Elevation: {_PERSON}",
        f"Volcanic Activity Summary: satellite radar (InSAR): {summary.state}"
        f"{f' since {summary.since}' if summary.since else ''}, newest date {summary.newest} UTC;"
        f"{peak} {summary.because}. {review}",
        f"Volcanic cloud height: {_PERSON}",
        f"Other volcanic cloud information: {_PERSON}",
        f"Remarks: model {summary.model}, method {summary.method}. Ground deformation alone does "
        "not say that an eruption follows.",
        f"Contacts: {_PERSON}",
        f"Next Notice: {_PERSON}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _place(latitude: float, longitude: float) -> str:
    """Return a place as such notices write it, degrees and minutes."""
    return f"{_angle(latitude, 'NS', 2)} {_angle(longitude, 'EW', 3)}"


def _angle(degrees: float, letters: str, digits: int) -> str:
    whole, minutes = divmod(round(abs(degrees) * 60), 60)
    return f"{letters[degrees < 0]}{whole:0{digits}d}{minutes:02d}"
