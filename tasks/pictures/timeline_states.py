"""The states of the timeline: their colours, the band of them, the headline, what was said before.

Tables come in with their dates as days since 1970 (NaN for none), matplotlib's own numbers.
"""

import datetime as dt
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tasks.pictures.figures import GREY, PALE_GREY, QUIET, UNREST, WATCH

# Each state differs from the others by hatching or marker too, not by colour alone.
STATES: Final[dict[str, dict[str, Any]]] = {
    "quiet": {"facecolor": QUIET, "edgecolor": "white"},
    "watch": {"facecolor": WATCH, "edgecolor": "white", "hatch": "//"},
    "unrest": {"facecolor": UNREST, "edgecolor": "white"},
    "no data": {"facecolor": "white", "edgecolor": GREY, "hatch": "xxx"},
    "unknown": {"facecolor": "white", "edgecolor": "black", "hatch": "..."},
    "masked": {"facecolor": PALE_GREY, "edgecolor": GREY, "hatch": "\\\\"},
}
_HEADLINES: Final[dict[str, dict[str, Any]]] = {
    "quiet": {"facecolor": QUIET, "edgecolor": QUIET},
    "watch": {"facecolor": WATCH, "edgecolor": WATCH},
    "unrest": {"facecolor": UNREST, "edgecolor": UNREST},
    "no data": {"facecolor": "white", "edgecolor": "black", "linestyle": "--"},
    "unknown": {"facecolor": "white", "edgecolor": "black", "linestyle": ":"},
    "masked": {"facecolor": PALE_GREY, "edgecolor": "black", "linestyle": "-."},
}

_LONGEST_BLOCK_DAYS = 24.0  # a state is not stretched over a gap in the data
_LONE_BLOCK_DAYS = 6.0  # Sentinel-1's repeat; where there is only one date
_WIDE_BLOCKS = 250  # of more dates, the lines between blocks would be all that one sees
_FIRST_SAID: Final = -0.95  # where the band of first verdicts lies, below that of the states


def iso_day(number: float) -> str:
    """Return the date of a day number, as YYYY-MM-DD."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=round(number))).isoformat()


def draw_headline(figure: Figure, days: pd.DataFrame) -> None:
    """Write the state of the last date where the eye falls first, on the state's colour."""
    last = days.iloc[-1]
    state = last["state"]
    words = f"{iso_day(last['date'])}: {state.upper()}"
    if not np.isnan(last["since"]):
        since = iso_day(last["since"])
        words += f" since {since}" if state == "unrest" else f" (in unrest since {since})"
    if state == "unknown" and not pd.isna(last.get("unknown_since")):
        words += f" since {last['unknown_since']}"
    figure.text(
        0.985,
        0.945,
        words,
        fontsize=13,
        fontweight="bold",
        color="white" if state == "unrest" else "black",
        ha="right",
        va="center",
        bbox={"boxstyle": "round,pad=0.35", "linewidth": 1.5, **_HEADLINES[state]},
    )


def draw_states(axes: Axes, days: pd.DataFrame) -> None:
    """Draw each state from its date to the next one, and below it what was first said.

    The second band is there only where the two differ on some date.
    """
    _draw_band(axes, days, days["state"], (0.0, 1.0))
    axes.set(ylim=(-0.5, 0.5), yticks=[0], yticklabels=["state"])
    if days["revised"].any():
        _draw_band(axes, days, days["first_state"], (_FIRST_SAID, 0.7))
        axes.set(
            ylim=(_FIRST_SAID - 0.4, 0.5),
            yticks=[0, _FIRST_SAID],
            yticklabels=["state", "first said"],
        )
    axes.tick_params(axis="y", length=0)


def draw_overview(axes: Axes, days: pd.DataFrame, shown_from: float) -> None:
    """Draw the states of all dates in a narrow band, and what of it the panels above show."""
    _draw_band(axes, days, days["state"], (0.0, 1.0))
    end = days["date"].max() + block_days(days).iloc[-1]
    axes.set(
        xlim=(days["date"].min(), end), ylim=(-0.7, 0.7), yticks=[0], yticklabels=["all dates"]
    )
    axes.add_patch(
        Rectangle((shown_from, -0.62), end - shown_from, 1.24, fill=False, linewidth=1.5)
    )
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5, pad=2)


def mark_no_data(panels: tuple[Axes, ...], days: pd.DataFrame) -> None:
    """Shade the dates without data in all panels: nothing is known of them."""
    silent = days["state"].isin(["no data", "unknown", "masked"])
    for start, width in zip(days.loc[silent, "date"], block_days(days)[silent], strict=True):
        for axes in panels:
            axes.axvspan(
                start,
                start + width,
                facecolor="none",
                edgecolor="#BDBDBD",
                hatch="xxx",
                linewidth=0,
                zorder=0.5,
            )


def block_days(days: pd.DataFrame) -> pd.Series:
    """Return how many days the block of each date is long, for dates in order of time."""
    gaps = -days["date"].diff(-1)
    # An old pandas warns of the median of nothing.
    known = gaps.dropna()
    last = _LONE_BLOCK_DAYS if known.empty else min(known.median(), _LONGEST_BLOCK_DAYS)
    return gaps.fillna(last).clip(upper=_LONGEST_BLOCK_DAYS)


def _draw_band(
    axes: Axes, days: pd.DataFrame, states: pd.Series, place: tuple[float, float]
) -> None:
    """Draw a bar for each date in the colour of its state."""
    middle, height = place
    widths = block_days(days)
    line = 0.8 if len(days) <= _WIDE_BLOCKS else 0.0
    for state, style in STATES.items():
        chosen = states == state
        axes.barh(
            np.full(int(chosen.sum()), middle),
            widths[chosen],
            left=days.loc[chosen, "date"],
            height=height,
            linewidth=line,
            **style,
        )
