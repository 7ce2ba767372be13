"""How much a volcano moves, in words: each number with its direction, its place and its days."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from catalogs.records import Volcano
from insar_models.rates.motion_words import Motion
from tasks.judge.place_words import distance_and_bearing, from_summit

Row = Mapping[str, Any]
"""Of the dates table; what is empty is None."""

SAME_PLACE_KM: Final = 4.0
"""Places that are further apart are two: each rate is of a disc of 1.6 km, in cells of 0.9 km."""

UNMEASURED: Final = (
    "not measured here: count closed fringes, each is 27.7 mm along the line of sight"
)


def amount_words(volcano: Volcano, days: Sequence[Row]) -> tuple[str, ...]:
    """Return how much the ground moves, as of the newest date, a sentence each; none if unknown.

    Parameters
    ----------
    volcano
        From whose summit places are told.
    days
        Rows of its dates table, the oldest first.
    """
    if not days:
        return ()
    row = days[-1]
    rate, moved = rate_of(row), displacement_of(row)
    return (
        *_of_rate(volcano, days, rate),
        *_of_displacement(volcano, row, moved),
        *_cautions(row, rate, moved),
    )


def rate_of(row: Row) -> Motion | None:
    """Return the rate of a date; None of one, or of a table, that has none."""
    value = row.get("rate_mm_per_day")
    return value if value is None else Motion.of_rate(
        value, row.get("rate_low"), row.get("rate_high")
    )  # fmt: skip


def displacement_of(row: Row) -> Motion | None:
    """Return the displacement of a date since its episode began; None where there is none."""
    value = row.get("displacement_mm")
    return value if value is None else Motion.of_displacement(
        value, row.get("displacement_low_mm"), row.get("displacement_high_mm")
    )  # fmt: skip


def _apart_km(one: Row, name: str, other: Row, other_name: str) -> float | None:
    """Return how far apart two measured places are; None where one of them is not known.

    Parameters
    ----------
    one, other
        Rows of the dates table.
    name, other_name
        What is measured: ``rate`` or ``displacement``.
    """
    start, end = _place(one, name), _place(other, other_name)
    return None if start is None or end is None else distance_and_bearing(start, end)[0]


def _of_rate(volcano: Volcano, days: Sequence[Row], rate: Motion | None) -> Iterator[str]:
    """Say the rate; the days of an episode that has ended are in it, and that is said.

    They are not left out: for weeks too few acquisitions would be left to tell a rate.
    """
    if rate is None:
        return
    newest = days[-1]
    first, where = newest.get("rate_first"), _where(volcano, newest, "rate")
    span = f", over the {(newest['date'] - first).days} days to {newest['date']}" if first else ""
    ended = ""
    if first and newest.get("since") is None:
        unrest = (r["date"] for r in reversed(days) if r["state"] == "unrest" and r["date"] > first)
        last = next(unrest, None)
        ended = f", in which unrest ran until {last}" if last else ""
    yield f"Rate: {rate.words}{where}{span}{ended}."


def _of_displacement(volcano: Volcano, row: Row, moved: Motion | None) -> Iterator[str]:
    if moved is None:
        return
    first = row.get("displacement_first") or row.get("since")
    span = f", from {first} to {row['date']}" if first else ""
    where = _where(volcano, row, "displacement")
    yield f"Moved since the episode began: {moved.words}{where}{span}."


def _cautions(row: Row, rate: Motion | None, moved: Motion | None) -> Iterator[str]:
    """Say what of the numbers does not go together."""
    if rate is None or moved is None:
        return
    apart = _apart_km(row, "rate", row, "displacement")
    is_apart = apart is not None and apart > SAME_PLACE_KM
    if rate.direction != moved.direction:
        yield (
            "CAUTION: rate and displacement say opposite directions"
            + (f", of places {apart:.0f} km apart" if is_apart else "")
            + ": they are not one motion. Look at the interferograms."
        )
    elif is_apart:
        yield f"CAUTION: the two are of places {apart:.0f} km apart: they are not one motion."


def _where(volcano: Volcano, row: Row, name: str) -> str:
    place = _place(row, name)
    where = from_summit(volcano, *place) if place else None
    return f", {where}" if where else ""


def _place(row: Row, name: str) -> tuple[float, float] | None:
    latitude, longitude = row.get(f"{name}_latitude"), row.get(f"{name}_longitude")
    return None if latitude is None or longitude is None else (latitude, longitude)
