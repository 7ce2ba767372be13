"""All watched volcanoes on one page: a row and a dot for each, and what failed."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tasks.site.facts import VolcanoFacts
from tasks.site.passes import soonest_pass
from tasks.site.state_words import RANK, StateWords, short_evidence, state_words

_LABELLED: Final = 14
"""Volcanoes of which each dot has its name; of more, those that somebody should look at."""
_LEAST_DEGREES: Final = (30.0, 18.0)
"""Width and height of the smallest map: closer, its coasts say nothing."""
_WORLD: Final = (-180.0, -84.0, 360.0, 145.0)
_WIDE: Final = 170.0
_MAP_PIXELS: Final = 650.0
"""Roughly the width at which the map is looked at: dots are as large whatever it shows."""


@dataclass(frozen=True)
class OverviewRow:
    """A volcano in the table of all."""

    name: str
    slug: str
    latitude: float
    longitude: float
    words: StateWords
    since: dt.date | None
    sure: str
    newest: dt.date | None
    looked_at: dt.datetime | None
    next_pass: dt.date | None
    troubles: tuple[str, ...]
    """What is wrong with its data, the worst first."""
    silence_days: int

    @property
    def trouble(self) -> str:
        """The worst of it, and how much more there is."""
        more = len(self.troubles) - 1
        return "".join(self.troubles[:1]) + (f" (and {more} more)" if more > 0 else "")

    @property
    def place_in_table(self) -> tuple[int, int, str]:
        """By state, then by what changed last, then by name."""
        changed = self.words.change.date
        return self.words.rank, -(changed.toordinal() if changed else 0), self.slug


@dataclass(frozen=True)
class Dot:
    """A volcano on the map."""

    slug: str
    name: str
    state: str
    x: float
    y: float
    label: bool


@dataclass(frozen=True)
class World:
    """The part of the world that is shown, in degrees, north up."""

    view_box: str
    unit: float
    """Degrees of one pixel, roughly."""
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Overview:
    """What the page of all volcanoes says."""

    rows: tuple[OverviewRow, ...]
    world: World
    summary: str
    failed: tuple[str, ...]


def make_overview(all_rows: Sequence[OverviewRow], failed: Sequence[str]) -> Overview:
    """Return the overview of some volcanoes.

    Parameters
    ----------
    all_rows
        Of each.
    failed
        What the last run could not have, a line each; what the ledger knows is added.
    """
    rows = sorted(all_rows, key=lambda row: row.place_in_table)
    troubles = [text for row in all_rows for text in row.troubles]
    return Overview(
        tuple(rows), _world_of(rows), _summary(rows), tuple(dict.fromkeys((*failed, *troubles)))
    )


def row_of(facts: VolcanoFacts) -> OverviewRow:
    """Return the row of a volcano."""
    words, soonest = state_words(facts), soonest_pass(facts.tracks)
    return OverviewRow(
        facts.volcano.name,
        facts.volcano.slug,
        facts.volcano.latitude,
        facts.volcano.longitude,
        words,
        facts.standing.since,
        short_evidence(facts),
        facts.newest_data,
        facts.looked_at,
        soonest.next_pass if soonest else None,
        facts.troubles,
        facts.silence_days,
    )


def _summary(rows: Sequence[OverviewRow]) -> str:
    """Counts by state, the worst first, and what is new."""
    counts = Counter(row.words.state for row in rows)
    said = ", ".join(f"{counts[state]} {state}" for state in RANK if counts[state])
    new = sum(row.words.change.is_new for row in rows)
    return f"{said or 'nothing watched'}; {new or 'none'} changed with the newest date"


def _world_of(all_rows: Sequence[OverviewRow]) -> World:
    rows = [row for row in all_rows if math.isfinite(row.latitude)]  # others are in no catalogue
    left, top, width, height = _part_of_the_world(rows)
    dots = tuple(
        Dot(
            row.slug,
            row.name,
            row.words.state,
            round(row.longitude, 3),
            round(-row.latitude, 3),
            len(rows) <= _LABELLED or row.words.state in {"unrest", "watch"},
        )
        for row in reversed(rows)  # what matters most lies on top
    )
    box = " ".join(f"{round(number, 2):g}" for number in (left, top, width, height))
    return World(box, round(width / _MAP_PIXELS, 4), dots)


def _part_of_the_world(rows: Sequence[OverviewRow]) -> tuple[float, float, float, float]:
    """Left, top, width and height of the map, degrees, with room round the volcanoes."""
    if not rows:
        return _WORLD
    west, east = (pick(row.longitude for row in rows) for pick in (min, max))
    south, north = (pick(row.latitude for row in rows) for pick in (min, max))
    width = max(1.3 * (east - west), _LEAST_DEGREES[0])
    height = max(1.3 * (north - south), _LEAST_DEGREES[1], width * 0.36)
    width = max(width, height * 1.6)
    if width > _WIDE:
        return _WORLD
    return (west + east - width) / 2, -(south + north + height) / 2, width, height
