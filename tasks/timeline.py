"""The timeline of a volcano as a picture: what the person on duty looks at first.

From top to bottom: the probability of each date, every interferogram as a bar from its first to its
second date, and the state of each date as a band.
"""

from typing import Final

import numpy as np
import pandas as pd

from catalogs.place import Place
from fringewatch.errors import BadInputError
from tasks.figures import GREY, new_figure, save_png
from tasks.timeline_panels import (
    STATES,
    draw_legend,
    draw_pairs,
    draw_probability,
    draw_states,
    finish_axes,
    iso_day,
    mark_episodes,
    pair_kind,
)

_WIDTH_PIXELS, _HEIGHT_PIXELS = 1200, 600
_NEEDED: Final = {
    "dates": ("volcano", "date", "probability", "state", "since"),
    "interferograms": (
        "volcano", "frame", "primary_date", "secondary_date", "days", "probability", "positive",
    ),
}  # fmt: skip


def draw_timeline(
    dates: pd.DataFrame,
    interferograms: pd.DataFrame,
    place: Place,
    title: str,
    footnote: str = "",
) -> Place:
    """Return `place`, where the timeline now is, a PNG of 1200 x 600 pixels.

    The same tables give the same bytes. Empty tables give a picture that says so.

    Parameters
    ----------
    dates
        The dates table of one volcano; any order.
    interferograms
        Its interferograms table; pairs without a probability are drawn as not scored.
    place
        Where the picture goes; missing folders are made.
    title
        One line.
    footnote
        Small print below, such as where the data come from.

    Raises
    ------
    BadInputError
        If a column is missing, a state is unknown, or the tables are of several volcanoes.
    HomeError
        If the disk is full or cannot be written.
    """
    _check(dates, interferograms)
    days = _with_numbers(dates, ("date", "since")).sort_values("date", kind="stable")
    pairs = _with_numbers(interferograms, ("primary_date", "secondary_date"))
    figure = new_figure(_WIDTH_PIXELS, _HEIGHT_PIXELS)
    figure.text(0.015, 0.955, title, fontsize=15, fontweight="bold", va="center")
    figure.text(0.015, 0.908, _summary(days, pairs), fontsize=10.5, color=GREY, va="center")
    figure.text(0.985, 0.018, footnote, fontsize=8.5, color=GREY, ha="right", va="center")
    if days.empty and pairs.empty:
        figure.text(0.5, 0.5, "no interferogram was scored yet", fontsize=14, ha="center")
        return save_png(figure, place)
    top, middle, bottom = figure.subplots(
        3,
        1,
        sharex=True,
        height_ratios=(2.1, 2.6, 0.45),
        gridspec_kw={"left": 0.122, "right": 0.985, "top": 0.86, "bottom": 0.165, "hspace": 0.08},
    )
    draw_probability(top, days, pairs)
    draw_pairs(middle, pairs)
    draw_states(bottom, days)
    panels = (top, middle, bottom)
    finish_axes(panels, days, pairs)
    mark_episodes(panels, days)
    draw_legend(figure)
    return save_png(figure, place)


def _check(dates: pd.DataFrame, interferograms: pd.DataFrame) -> None:
    volcanoes: set[str] = set()
    for name, table in (("dates", dates), ("interferograms", interferograms)):
        missing = [column for column in _NEEDED[name] if column not in table.columns]
        if missing:
            message = f"the {name} table has no column {', '.join(missing)}: is it another table?"
            raise BadInputError(message)
        volcanoes |= set(table["volcano"])
    if len(volcanoes) > 1:
        message = f"a timeline shows one volcano, not {', '.join(sorted(volcanoes))}: choose one"
        raise BadInputError(message)
    unknown = sorted(set(dates["state"].map(str)) - set(STATES))
    if unknown:
        message = f"no such state: {', '.join(unknown)}; a date is {', '.join(STATES)}"
        raise BadInputError(message)


def _with_numbers(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the table with these dates as days since 1970, matplotlib's numbers; none is NaN."""
    numbers = {}
    for column in columns:
        try:
            times = pd.to_datetime(table[column], utc=True, format="ISO8601")
        except (ValueError, TypeError) as error:
            message = f"column {column} holds something else than dates: {error}"
            raise BadInputError(message) from error
        numbers[column] = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return table.assign(**numbers)


def _summary(days: pd.DataFrame, pairs: pd.DataFrame) -> str:
    """Return what the person on duty wants to know first, in one line."""
    positive = int(pair_kind(pairs).eq("positive").sum())
    said = [f"{len(pairs)} interferograms, {positive} positive"]
    if len(days):
        last = days.iloc[-1]
        state = last["state"]
        if not np.isnan(last["since"]):
            running = f"unrest since {iso_day(last['since'])}"
            state = running if state == "unrest" else f"{state} ({running})"
        said.insert(0, f"{iso_day(last['date'])}: {state}")
    return "   |   ".join(said)
