"""The timeline of a volcano as a picture: what the person on duty looks at first.

From top to bottom: the state of the last date as a headline, its rate and displacement and the
volcano's own past in words, the probability of each date, the rate of each date, every
interferogram as a bar from its first to its second date, and the state of each date as a band;
below it what was first said, where that was something else. Of a long history the newest part is
drawn so, and all of it in one band at the foot.
"""

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from catalogs.records import Volcano
from catalogs.storage.place import Place
from fringewatch.errors import BadInputError
from fringewatch.plain_text import counted
from tasks.judge.pair_kinds import kinds_of
from tasks.pictures.figures import GREY, new_figure, save_png
from tasks.pictures.timeline_motion import draw_rate, has_rates, motion_words, past_words
from tasks.pictures.timeline_panels import (
    draw_legend,
    draw_pairs,
    draw_probability,
    finish_axes,
    mark_episodes,
    show_dates,
)
from tasks.pictures.timeline_states import (
    STATES,
    draw_headline,
    draw_overview,
    draw_states,
    mark_no_data,
)

_WIDTH_PIXELS, _HEIGHT_PIXELS = 1200, 600
_MOST_DAYS: Final = 800.0  # that the panels show; of more, a pair would be a hair
_NEEDED: Final = {
    "dates": (
        "volcano", "date", "probability", "state", "since", "method", "model", "first_state",
        "first_model", "revised",
    ),
    "interferograms": (
        "volcano", "frame", "primary_date", "secondary_date", "days", "probability", "positive",
        "left_out",
    ),
}  # fmt: skip


def draw_timeline(
    dates: pd.DataFrame,
    interferograms: pd.DataFrame,
    place: Place,
    title: str,
    footnote: str = "",
    volcano: Volcano | None = None,
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
    volcano
        From whose summit it is told where the ground moves; without it no motion is told.

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
    figure.text(0.015, 0.909, _summary(days, pairs), fontsize=10, color=GREY, va="center")
    figure.text(0.985, 0.018, footnote, fontsize=8.5, color=GREY, ha="right", va="center")
    if days.empty and pairs.empty:
        figure.text(0.5, 0.5, "no interferogram was scored yet", fontsize=14, ha="center")
        return save_png(figure, place)
    if len(days):
        draw_headline(figure, days)
        _write_motion(figure, volcano, dates.loc[days.index])
    shown_from = pd.concat([days["date"], pairs["secondary_date"]]).max() - _MOST_DAYS
    recent = days[days["date"] >= shown_from]
    is_long = len(recent) < len(days)
    panels = _new_panels(
        figure,
        first_said=bool(recent["revised"].any()),
        is_long=is_long,
        with_rate=has_rates(recent),
    )
    if is_long:
        pairs = pairs[pairs["secondary_date"] >= shown_from]
        axes = figure.add_axes((0.122, 0.128, 0.863, 0.03))
        draw_overview(axes, days, shown_from)
        show_dates(axes, "%Y-%m")
    _draw_panels(panels, recent, pairs)
    draw_legend(figure, recent, pairs)
    return save_png(figure, place)


def _write_motion(figure: Figure, volcano: Volcano | None, dates: pd.DataFrame) -> None:
    if volcano is None:
        return
    for number, words in enumerate(motion_words(volcano, dates)):
        height = 0.884 - 0.021 * number
        figure.text(0.015, height, words, fontsize=8.5, color=GREY, va="center")


def _new_panels(
    figure: Figure, *, first_said: bool, is_long: bool, with_rate: bool
) -> tuple[Axes, ...]:
    """Return the three or four panels, with room for what else is to be drawn below them."""
    heights = (2.1, *((1.3,) if with_rate else ()), 2.6, 0.75 if first_said else 0.45)
    panels: tuple[Axes, ...] = tuple(
        figure.subplots(
            len(heights),
            1,
            sharex=True,
            height_ratios=heights,
            gridspec_kw={
                "left": 0.122,
                "right": 0.985,
                "top": 0.826,
                "bottom": 0.25 if is_long else 0.165,
                "hspace": 0.08,
            },
        )
    )
    return panels


def _draw_panels(panels: tuple[Axes, ...], days: pd.DataFrame, pairs: pd.DataFrame) -> None:
    top, *motion, middle, bottom = panels
    for axes in motion:
        draw_rate(axes, days)
    draw_probability(top, days, pairs)
    draw_pairs(middle, pairs)
    draw_states(bottom, days)
    finish_axes(panels, days, pairs)
    mark_no_data(panels[:-1], days)
    mark_episodes(panels, days)


def _check(dates: pd.DataFrame, interferograms: pd.DataFrame) -> None:
    """Pass tables of one volcano with the columns and states of a timeline."""
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
    """Return what the headline rests on, and how far the table can be quoted, in one line."""
    positive = int(kinds_of(pairs).eq("positive").sum())
    said = [f"{counted(len(pairs), 'interferogram')}, {positive} positive"]
    if len(days):
        last = days.iloc[-1]
        said.append(f"scored by {last['model']}, judged by {last['method']}")
    if days["revised"].any():
        said.append(f"{int(days['revised'].sum())} of {counted(len(days), 'date')} revised")
    others = days[days["first_model"] != days["model"]]
    if len(others):
        models = ", ".join(sorted(set(others["first_model"])))
        said.append(f"{len(others)} first judged by {models}")
    if past := past_words(days):
        said.append(past)
    return "   |   ".join(said)
