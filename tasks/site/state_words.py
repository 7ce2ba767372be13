"""The state of a volcano in words: what it is, since when, how sure, what changed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tasks.judge.amount_words import UNMEASURED, amount_words
from tasks.judge.place_words import from_summit
from tasks.judge.standing import Standing
from tasks.site.facts import Row, VolcanoFacts

RANK: Final = ("unrest", "watch", "unknown", "no data", "masked", "quiet")
"""The states in the order in which somebody should look at them."""

MARKS: Final = {
    "unrest": "▲", "watch": "◆", "unknown": "?", "no data": "○", "masked": "▧", "quiet": "●",
}  # fmt: skip
"""A sign for each, so that nothing rests on colour alone."""

_MEANINGS: Final = {
    "unrest": "The ground deforms, as the model and the method see it.",
    "watch": "Something speaks for deformation, but too little or too vaguely to call it unrest.",
    "quiet": "The newest interferograms speak against deformation.",
    "no data": "Nothing is known of the newest date. That is not quiet.",
    "masked": "The settings leave its newest date out (snow, for one). That is not quiet.",
    "unknown": "Nobody knows. What was said before no longer stands. That is not quiet.",
}


@dataclass(frozen=True)
class Change:
    """When the state became what it is."""

    date: dt.date | None
    before: str | None
    """The state before it; None if it was never another."""
    is_new: bool
    """Whether the newest date brought it."""

    def __str__(self) -> str:
        """Return it for a person, such as ``quiet to unrest on 2024-01-30``."""
        if self.date is None:
            return "never watched before"
        if self.before is None:
            return f"no other since {self.date}"
        return f"{self.before} before {self.date}"


@dataclass(frozen=True)
class StateWords:
    """What stands at the top of a page."""

    state: str
    mark: str
    headline: str
    """Such as ``UNREST since 2024-01-30``."""
    meaning: str
    because: str
    sure: str
    """How sure it is, and on what it rests."""
    place: str | None
    """Where, from the summit; None where no place is meant."""
    amount: str
    """How much, as far as that was measured."""
    change: Change

    @property
    def rank(self) -> int:
        """Position among the states, 0 first."""
        return RANK.index(self.state)


def state_words(facts: VolcanoFacts) -> StateWords:
    """Return the words for the top of a volcano's page."""
    standing, newest = facts.standing, facts.newest
    return StateWords(
        standing.state,
        MARKS[standing.state],
        headline_of(standing, newest),
        _MEANINGS[standing.state],
        standing.because,
        _sure(standing, newest),
        _place(facts),
        " ".join(amount_words(facts.volcano, facts.days)) or UNMEASURED,
        change_of(facts.days, standing),
    )


def headline_of(standing: Standing, newest: Row | None) -> str:
    """Return the state and since when, in a few words."""
    words = standing.state.upper()
    if standing.since:
        link = "since" if standing.state == "unrest" else "in an episode of unrest since"
        return f"{words} {link} {standing.since}"
    if newest is None:
        return f"{words}: never seen"
    if standing.state == "unknown":
        return f"{words} since {newest['unknown_since'] or newest['date']}"
    return f"{words} on {newest['date']}"


def change_of(days: Sequence[Row], standing: Standing) -> Change:
    """Return when the state of the newest date began, and which it was before."""
    if not days:
        return Change(None, None, is_new=False)
    newest = days[-1]
    if standing.state != newest["state"]:  # silence has overtaken the table
        return Change(newest["date"], newest["state"], is_new=False)
    start = len(days) - 1
    while start and days[start - 1]["state"] == newest["state"]:
        start -= 1
    before = days[start - 1]["state"] if start else None
    return Change(days[start]["date"], before, is_new=0 < start == len(days) - 1)


def _sure(standing: Standing, newest: Row | None) -> str:
    if newest is None or standing.state in {"unknown", "no data", "masked"}:
        return "nothing to be sure of: no pair tells of it"
    probability = newest["probability"]
    said = f"p {probability:.2f}" if probability is not None else "no probability"
    tracks = newest["frames"].split()
    passes = sorted({frame[:4] for frame in tracks})
    return (
        f"{said} that it deforms; {newest['pairs_positive']} of {newest['pairs']} pairs positive, "
        f"seen from {len(passes)} track{'s' if len(passes) != 1 else ''} ({', '.join(passes)})"
    )


def _place(facts: VolcanoFacts) -> str | None:
    row = placed_row(facts)
    if row is None:
        return None
    return from_summit(facts.volcano, row["peak_latitude"], row["peak_longitude"])


def placed_row(facts: VolcanoFacts) -> Row | None:
    """Return the newest row that means a place, of the dates that the state rests on.

    While an episode runs those are its dates, else the newest date alone.
    """
    newest, standing = facts.newest, facts.standing
    if newest is None or standing.state in {"quiet", "unknown", "no data", "masked"}:
        return None
    since = standing.since or newest["date"]
    placed = (row for row in reversed(facts.days) if row["peak_latitude"] is not None)
    return next((row for row in placed if row["date"] >= since), None)


@dataclass(frozen=True)
class Measured:
    """A column of the dates table that says how much; a table need not have it."""

    name: str
    low: str
    """Column of the lower end of its interval; it need not be there either."""
    high: str
    unit: str


MEASURED: Final = (
    Measured("rate_mm_per_day", "rate_low", "rate_high", "mm a day"),
    Measured("displacement_mm", "displacement_low_mm", "displacement_high_mm", "mm"),
)
