"""A picture for each episode of unrest: its interferograms, and where the model looked in them.

As in figure 3 of Bountos, Papoutsis, Michail and Anantrasirichai (IEEE GRSL 2022): the person on
duty sees at once whether the model looks at fringes round the volcano, or at weather.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from catalogs.records import DatePair, FrameId
from catalogs.storage.place import Place
from tasks.judge.pair_kinds import PairKind, kinds_of
from tasks.pictures.contact_strip import draw_interferograms
from tasks.pictures.phase_windows import SeenPair, WindowReader

_MOST_EPISODES: Final = 5
_PAIRS_AT_AN_END: Final = 5  # one row of the picture for the beginning, and one for the end
_SILENT: Final = ("no data", "masked", "unknown")
"""States of which no pair speaks; only the last of them ends what stood before."""
_NAME: Final = re.compile(r"episode-[0-9]{4}-[0-9]{2}-[0-9]{2}\.png")


@dataclass(frozen=True)
class EpisodeStrip:
    """What the picture of an episode shows; equal strips are equal pictures."""

    since: dt.date
    words: str
    """How long it ran, and which of its pairs are drawn."""
    pairs: tuple[SeenPair, ...]
    made_from: tuple[tuple[str, ...], ...]
    """Of each pair the hashes of the phase file and of the model, and what was done about air."""

    @property
    def name(self) -> str:
        """Name of the picture's file."""
        return f"episode-{self.since}.png"


def select_strips(dates: pd.DataFrame, interferograms: pd.DataFrame) -> tuple[EpisodeStrip, ...]:
    """Return what is to be drawn: the five newest episodes of the dates table, newest first.

    Of an episode the positive pairs are drawn that end on its dates and count, of many the first
    five and the last five. An episode without a positive pair has no picture.

    Parameters
    ----------
    dates, interferograms
        The two tables of one volcano.
    """
    running = dates[dates["since"].notna() & ~dates["state"].isin(_SILENT)]
    positive = interferograms[kinds_of(interferograms) == PairKind.POSITIVE]
    strips = []
    for since in sorted(set(running["since"]), reverse=True):
        until = running.loc[running["since"] == since, "date"].max()
        ends = positive["secondary_date"]
        pairs = positive[(ends >= since) & (ends <= until)]
        if len(pairs):
            later = dates.loc[dates["date"] > until, "state"]
            strips.append(_strip(since, until, pairs, still=bool(later.isin(_SILENT[:2]).all())))
    return tuple(strips[:_MOST_EPISODES])


def _strip(since: dt.date, until: dt.date, pairs: pd.DataFrame, *, still: bool) -> EpisodeStrip:
    """The strip of an episode: its first and last interferograms, if it has many."""
    ordered = pairs.sort_values(["secondary_date", "primary_date", "frame"])
    drawn, which = ordered, f"its {len(pairs)} positive interferograms"
    if len(pairs) > 2 * _PAIRS_AT_AN_END:
        drawn = pd.concat([ordered[:_PAIRS_AT_AN_END], ordered[-_PAIRS_AT_AN_END:]])
        which = f"the first and the last {_PAIRS_AT_AN_END} of {which}"
    time = f"unrest since {since}, still on {until}" if still else f"unrest {since} to {until}"
    rows = drawn.to_dict("records")
    return EpisodeStrip(
        since,
        f"{time}: {which}",
        tuple(
            SeenPair(
                FrameId.parse(row["frame"]),
                DatePair(row["primary_date"], row["secondary_date"]),
                row["probability"],
                positive=True,
            )
            for row in rows
        ),
        tuple(
            (
                row["source_sha256"],
                row["model_sha256"],
                _text(row["air"]),
                _text(row["air_rad_per_km"]),
            )
            for row in rows
        ),
    )


def _text(value: object) -> str:
    """What a cell says, however it lacks a value: a table that was read says it otherwise."""
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]  # a cell


def draw_episodes(
    strips: Sequence[EpisodeStrip],
    drawn_before: Sequence[EpisodeStrip],
    reader: WindowReader,
    folder: Place,
    words: tuple[str, str],
) -> tuple[Place, ...]:
    """Return the pictures that were drawn now; those of episodes that are no more are removed.

    Parameters
    ----------
    strips
        From `select_strips`.
    drawn_before
        What the pictures in `folder` show, if they are there: these are not drawn again.
    reader
        Reads the windows of the volcano.
    folder
        Where the pictures go.
    words
        Name of the volcano, and the footnote.

    Raises
    ------
    HomeError
        If the disk is full or cannot be written.
    """
    names = {strip.name for strip in strips}
    for child in folder.children():
        if _NAME.fullmatch(child) and child not in names:
            (folder / child).remove()
    volcano, footnote = words
    drawn = []
    for strip in strips:
        place = folder / strip.name
        if strip in drawn_before and place.is_file():
            continue
        windows = reader.read_all(strip.pairs)
        if windows:
            drawn.append(draw_interferograms(windows, place, f"{volcano}: {strip.words}", footnote))
    return tuple(drawn)
