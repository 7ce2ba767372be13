"""The state of a volcano in words: what it is, since when, how sure, what changed."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from fringewatch.plain_text import counted
from tasks.judge.amount_words import UNMEASURED, amount_words
from tasks.judge.changes import changes_of
from tasks.judge.place_words import from_summit
from tasks.judge.slow_words import is_by_rate, is_slow, place_of, sureness
from tasks.judge.standing import Standing, said_of_rows
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

_MEANINGS_BY_RATE: Final = {
    "unrest": "A place moves slowly, by the interferograms of some weeks together. In single ones "
    "the model sees nothing, which is no contradiction: each is too short for it.",
    "watch": "A place may move slowly, by the interferograms of some weeks together. In single "
    "ones the model sees nothing.",
}

_UNREAD: Final = "Nobody knows: what was said of it cannot be read. That is not quiet."

_SAY_NOTHING: Final = ("unknown", "no data", "masked")
"""States that no pair of the newest date says."""


@dataclass(frozen=True)
class Change:
    """When the state became what it is."""

    date: dt.date | None
    before: str | None
    """The state before it; None if it was never another."""
    is_new: bool
    """Whether the newest date brought it."""
    is_silence: bool = False
    """Whether silence brought it: then the date is the last of which something is known."""
    is_unread: bool = False
    """Whether the tables that would tell cannot be read."""

    def __str__(self) -> str:
        """Return it for a person, such as ``quiet to unrest on 2024-01-30``."""
        if self.date is None:
            return "not known" if self.is_unread else "never watched before"
        if self.before is None:
            return f"no other since {self.date}"
        return f"{self.before} {'until' if self.is_silence else 'before'} {self.date}"


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
    where: str
    """The same for a person, also where no place is meant, or only one that is old."""
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
    change = change_of(facts)
    return StateWords(
        standing.state,
        MARKS[standing.state],
        headline_of(standing, newest),
        _UNREAD if change.is_unread else _meaning(standing.state, newest),
        standing.because,
        _sure(facts),
        _place(facts),
        _where(facts),
        _amount(facts),
        change,
    )


def _meaning(state: str, newest: Row | None) -> str:
    by_rate = _MEANINGS_BY_RATE if newest is not None and is_by_rate(newest) else {}
    return by_rate.get(state, _MEANINGS[state])


def headline_of(standing: Standing, newest: Row | None) -> str:
    """Return the state and since when, in a few words."""
    words = standing.state.upper()
    if standing.since:
        link = "since" if standing.state == "unrest" else "in an episode of unrest since"
        return f"{words} {link} {standing.since}"
    if newest is None:
        return f"{words}: {standing.because if standing.state == 'unknown' else 'never seen'}"
    if standing.state == "unknown":
        return f"{words} since {standing.newest or newest['unknown_since'] or newest['date']}"
    return f"{words} on {newest['date']}"


def change_of(facts: VolcanoFacts) -> Change:
    """Return when the state began, and which it was before: no other than feeds say.

    *Unknown* counts from the last date of which something is known.
    """
    if not facts.days:
        unread = facts.standing.state == "unknown"
        return Change(None, None, is_new=False, is_unread=unread)
    standing, last = facts.standing, facts.days[-1]["date"]
    changes = list(changes_of(said_of_rows(facts.days), facts.silence_days))
    newest = changes[-1] if changes else None
    if standing.state == "no data":
        silent = (row["date"] for row in facts.days)
        date = next(day for day in silent if standing.newest is None or day > standing.newest)
        return Change(date, newest.after if newest else None, is_new=False)
    if newest is None or newest.after != standing.state:  # silence has overtaken the table
        before = newest.after if newest else None
        return Change(standing.newest or last, before, is_new=False, is_silence=True)
    if newest.known:
        return Change(newest.known, newest.before, is_new=False, is_silence=True)
    is_new = bool(newest.before) and newest.date == last
    return Change(newest.date, newest.before or None, is_new=is_new)


def _sure(facts: VolcanoFacts) -> str:
    said = facts.last_said
    if facts.standing.state in _SAY_NOTHING:
        if said is None:
            unread = facts.is_old and not facts.days
            why = facts.standing.because if unread else "no pair ever told of it"
            return f"nobody can be sure: {why}"
        age = ", which is old and no longer stands" if facts.is_old else ""
        return f"nobody can be sure now; last said on {said['date']}{age}: {_said(said)}"
    newest = facts.newest
    return "nobody can be sure" if newest is None else _evidence(newest)


def _said(row: Row) -> str:
    """What was said of an earlier date."""
    return f"{row['state']}, {_evidence(row)}"


def _evidence(row: Row) -> str:
    probability = row["probability"]
    said = f"p {probability:.2f}" if probability is not None else "no probability"
    said = f"by its rate: {sureness(row)}" if is_by_rate(row) else f"{said} that it deforms"
    if is_slow(row) and not is_by_rate(row):
        said += f"; its rate {sureness(row)}"
    tracks = row["frames"].split()
    passes = sorted({frame[:4] for frame in tracks})
    return (
        f"{said}; {row['pairs_positive']} of {counted(row['pairs'], 'pair')} "
        f"positive, seen from {counted(len(passes), 'track')} ({', '.join(passes)})"
    )


def short_evidence(facts: VolcanoFacts) -> str:
    """Return how sure the state is in a few words, or what was last said of the volcano."""
    row = facts.last_said if facts.standing.state in _SAY_NOTHING else facts.newest
    if row is None or row["probability"] is None:
        return "nothing known"
    said = f"p {row['probability']:.2f}"
    if is_by_rate(row):
        said = f"rate {row['rate_deviations']:.1f} deviations from rest"
    said += f", {row['pairs_positive']} of {counted(row['pairs'], 'pair')}"
    if facts.standing.state not in _SAY_NOTHING:
        return said
    return f"last said on {row['date']}{' (old)' if facts.is_old else ''}: {row['state']}, {said}"


def _where(facts: VolcanoFacts) -> str:
    place, said = _place(facts), facts.last_said
    if place is not None:
        return place
    if said is not None and facts.standing.state in _SAY_NOTHING:
        before = from_summit(facts.volcano, *(place_of(said) or (None, None)))
        if before is not None:
            age = ", which is old" if facts.is_old else ""
            return f"no place is known now; last seen on {said['date']}{age}: {before}"
    return "no place is meant"


def _amount(facts: VolcanoFacts) -> str:
    words, newest = " ".join(amount_words(facts.volcano, facts.days)), facts.newest
    if words and facts.is_old and newest:
        return f"Not known now. As of {newest['date']}, which is old: {words}"
    return words or UNMEASURED


def _place(facts: VolcanoFacts) -> str | None:
    row = placed_row(facts)
    return None if row is None else from_summit(facts.volcano, *(place_of(row) or (None, None)))


def placed_row(facts: VolcanoFacts) -> Row | None:
    """Return the newest row that means a place, of the dates that the state rests on.

    While an episode runs those are its dates, else the newest date alone.
    """
    newest, standing = facts.newest, facts.standing
    if newest is None or standing.state in {"quiet", *_SAY_NOTHING}:
        return None
    since = standing.since or newest["date"]
    placed = (row for row in reversed(facts.days) if place_of(row) is not None)
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
