"""The panels of the timeline: what each one shows of the two tables, and in which colours.

Tables come in with their dates as days since 1970 (NaN for none), matplotlib's own numbers.
"""

from typing import Any, Final

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tasks.judge.pair_kinds import kinds_of
from tasks.judge.silence import SILENCE_DAYS
from tasks.pictures.figures import GREY, PALE_GREY, QUIET, QUIET_MARK, UNREST, WATCH
from tasks.pictures.timeline_states import STATES, block_days, iso_day

MARKERS: Final = {
    "quiet": ("o", QUIET_MARK), "watch": ("^", WATCH), "unrest": ("s", UNREST),
}  # fmt: skip

# Those of a pair that is positive, negative, has no score, or is no evidence by what people say.
BARS: Final[dict[str, dict[str, Any]]] = {
    "positive": {"facecolor": UNREST, "edgecolor": "black"},
    "negative": {"facecolor": QUIET, "edgecolor": QUIET_MARK},
    "not scored": {"facecolor": "white", "edgecolor": GREY, "linestyle": "--"},
    "left out": {"facecolor": PALE_GREY, "edgecolor": GREY, "hatch": "xx"},
}
_RARE: Final = ("left out", "masked")
"""Of pairs and of dates: in the legend only where there are such."""

_WIDE_BARS = 400  # more pairs have no lines round their bars, which would hide their colours
_MARGIN_DAYS = 3.0
_BEFORE_DAYS: Final = 0.5  # a date, there the line ends that a silence breaks
_IN_A_ROW: Final = 9  # entries of the legend
_LATE_SHARE = 0.8  # of the axis: beyond it there is no room for words on the right


def draw_probability(axes: Axes, days: pd.DataFrame, pairs: pd.DataFrame) -> None:
    """Draw each date's probability as a line with markers, and its pairs' as dots."""
    axes.plot(
        pairs["secondary_date"], pairs["probability"], ".", color=GREY, alpha=0.45, markersize=5
    )
    known = days[days["probability"].notna()]
    # Of all dates: where there was no data, or no date for too long, the line is broken.
    silent = days.loc[days["date"].diff() > SILENCE_DAYS, ["date"]] - _BEFORE_DAYS
    line = pd.concat([days[["date", "probability"]], silent]).sort_values("date")
    axes.plot(line["date"], line["probability"], "-", color=GREY, linewidth=1)
    for state, (marker, colour) in MARKERS.items():
        those = known[known["state"] == state]
        axes.plot(
            those["date"],
            those["probability"],
            marker,
            color=colour,
            markersize=8,
            markeredgecolor="black",
            markeredgewidth=0.6,
        )
    axes.set(ylim=(-0.07, 1.18), yticks=(0, 0.5, 1), ylabel="probability of\ndeformation")
    axes.grid(axis="y", color=PALE_GREY)


def draw_pairs(axes: Axes, pairs: pd.DataFrame) -> None:
    """Draw each pair as a bar from its first to its second date, frame by frame."""
    lanes = 0
    line = 0.8 if len(pairs) <= _WIDE_BARS else 0.0
    places, names = [], []
    for frame, of_frame in pairs.groupby("frame", sort=True):
        lane = bar_lanes(of_frame) + lanes
        for kind, style in BARS.items():
            chosen = kinds_of(of_frame) == kind
            bars = of_frame[chosen]
            axes.barh(
                lane[chosen],
                bars["secondary_date"] - bars["primary_date"],
                left=bars["primary_date"],
                height=0.76,
                linewidth=line,
                **style,
            )
        places.append((lanes + lane.max()) / 2)
        names.append(str(frame))
        lanes = int(lane.max()) + 2  # an empty lane between frames
    axes.set_yticks(places, names, fontsize=8)
    axes.set(ylim=(-0.7, max(lanes - 1.3, 0.7)))
    axes.tick_params(axis="y", length=0)


def bar_lanes(pairs: pd.DataFrame) -> pd.Series:
    """Return the row of each bar so that none covers another: short pairs below, long ones above.

    Bars may touch, because one interferogram begins where the one before ended.
    """
    ends: list[float] = []
    lanes = {}
    for index, pair in pairs.sort_values(["days", "primary_date"], kind="stable").iterrows():
        lane = next((row for row, end in enumerate(ends) if end <= pair["primary_date"]), len(ends))
        ends[lane : lane + 1] = [pair["secondary_date"]]
        lanes[index] = lane
    return pd.Series(lanes, dtype=int).reindex(pairs.index)


def mark_episodes(panels: tuple[Axes, ...], days: pd.DataFrame) -> None:
    """Draw a line through all panels where an episode of unrest begins and ends, with its dates.

    Of one that began before the dates that are drawn there are the words alone, at the edge.
    """
    west, east = panels[0].get_xlim()
    beginnings = sorted(days["since"].dropna().unique())
    for number, since in enumerate(beginnings):
        end, is_lost = episode_end(days, since)
        lines = {since: (0, (4, 2)), **({} if end in beginnings else {end: (0, (1, 2))})}
        for day, style in lines.items():
            if day is not None and day >= west:
                for axes in panels:
                    axes.axvline(day, color="black", linewidth=1.3, linestyle=style, zorder=3)
        is_late = (since - west) / (east - west) > _LATE_SHARE
        ended = f", ended {iso_day(end)}" if end is not None else ""
        panels[0].annotate(
            f"unrest since {iso_day(since)}{', not seen to end' if is_lost else ended}",
            (max(since, west), 1.1 - 0.16 * (number % 3)),
            xytext=(-5 if is_late else 5, 0),
            textcoords="offset points",
            ha="right" if is_late else "left",
            va="center",
            fontsize=10,
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )


def episode_end(days: pd.DataFrame, since: float) -> tuple[float | None, bool]:
    """Return the first date after an episode, and whether silence hides its end.

    The first is None while the episode runs, and where nobody saw it end.
    """
    last = days.loc[days["since"] == since, "date"].max()
    after = days[(days["date"] > last) & ~days["state"].isin(["no data", "masked"])]
    if after.empty:
        return None, False
    following = after.iloc[0]
    is_lost = following["state"] == "unknown"
    return (None if is_lost else float(following["date"])), is_lost


def finish_axes(panels: tuple[Axes, ...], days: pd.DataFrame, pairs: pd.DataFrame) -> None:
    """Give the panels their common axis of dates, wide enough for everything that is drawn."""
    starts = pd.concat([days["date"], pairs["primary_date"]])
    ends = pd.concat([days["date"] + block_days(days), pairs["secondary_date"]])
    panels[0].set_xlim(starts.min() - _MARGIN_DAYS, ends.max() + _MARGIN_DAYS)
    for axes in panels:
        axes.grid(axis="x", color=PALE_GREY)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        if axes is not panels[-1]:
            axes.tick_params(axis="x", length=0)
    show_dates(panels[-1], "%Y-%m-%d")
    panels[-1].set_xlabel("UTC date", fontsize=9, color=GREY)


def show_dates(axes: Axes, form: str) -> None:
    """Write the axis of day numbers as dates in this form."""
    locator = AutoDateLocator(minticks=3, maxticks=10)  # type: ignore[no-untyped-call]  # matplotlib's
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(DateFormatter(form))  # type: ignore[no-untyped-call]  # too


def draw_legend(figure: Figure, days: pd.DataFrame, pairs: pd.DataFrame) -> None:
    """Write below the panels what their colours mean."""
    there = {*kinds_of(pairs), *days["state"], *days["first_state"]}
    bars, states = (
        {name: style for name, style in known.items() if name in there or name not in _RARE}
        for known in (BARS, STATES)
    )
    dot: dict[str, Any] = {
        "marker": ".",
        "linestyle": "none",
        "color": GREY,
        "alpha": 0.6,
        "markersize": 8,
    }
    handles: list[Artist] = [Patch(label=f"pair: {kind}", **style) for kind, style in bars.items()]
    handles.append(Line2D([], [], label="pair: its probability", **dot))
    handles += [Patch(label=f"date: {state}", **style) for state, style in states.items()]
    fits = len(handles) <= _IN_A_ROW
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.008, 0.035 if fits else 0.0),
        ncols=len(handles) if fits else -(-len(handles) // 2),
        fontsize=8.6,
        frameon=False,
        handlelength=1.6,
        columnspacing=1.0,
    )
