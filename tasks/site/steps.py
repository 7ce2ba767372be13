"""Which interferograms a page shows: of the map, of each side, of the episode, of each date."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from tasks.judge.pair_kinds import PairKind, kind_of, newest_pair
from tasks.pictures.episode_strip import select_strips
from tasks.site.facts import Row, VolcanoFacts, is_scored
from tasks.site.state_words import MARKS

MOST_STEPS: Final = 20
"""Dates to step through; more would not go into a page that is read over a telephone."""


@dataclass(frozen=True)
class EpisodeRows:
    """The pairs of the newest episode that are shown."""

    words: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class DateStep:
    """A date to step to."""

    date: Row
    """Of the dates table."""
    mark: str
    pair: Row | None
    """That is shown, of those that count the one of highest score; None where none has a score."""


def map_row(facts: VolcanoFacts, placed: Row | None) -> Row | None:
    """Return the pair of the large map: of the place that is meant, else the newest that counts.

    Parameters
    ----------
    facts
        Of the volcano.
    placed
        Row of the date that means a place, from `placed_row`.
    """
    if placed is not None:
        there = [row for row in facts.pairs if row["secondary_date"] == placed["date"]]
        strongest = _strongest(row for row in there if kind_of(row) is PairKind.POSITIVE)
        if strongest is not None:
            return strongest
    return newest_pair(row for row in facts.pairs if is_scored(row))


def newest_episode(facts: VolcanoFacts) -> EpisodeRows | None:
    """Return the newest episode of unrest, as its picture in the tables' folder; None of none."""
    strips = select_strips(facts.dates, facts.interferograms)
    if not strips:
        return None
    rows = {(row["frame"], row["primary_date"], row["secondary_date"]): row for row in facts.pairs}
    keys = [(str(seen.frame), seen.pair.primary, seen.pair.secondary) for seen in strips[0].pairs]
    return EpisodeRows(strips[0].words, tuple(rows[key] for key in keys))


def date_steps(facts: VolcanoFacts, most: int) -> tuple[DateStep, ...]:
    """Return the newest dates, the oldest of them first; none if `most` is 0."""
    by_date: dict[Any, list[Row]] = {}
    for row in facts.pairs:
        by_date.setdefault(row["secondary_date"], []).append(row)
    return tuple(
        DateStep(day, MARKS[day["state"]], _strongest(by_date.get(day["date"], ())))
        for day in facts.days[max(0, len(facts.days) - most) :]
    )


def _strongest(rows: Iterable[Row]) -> Row | None:
    scored = (row for row in rows if is_scored(row))
    return max(
        scored,
        key=lambda r: (kind_of(r).is_evidence, r["score"], r["frame"], r["primary_date"]),
        default=None,
    )
