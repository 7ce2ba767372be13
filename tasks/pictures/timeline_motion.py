"""What the timeline shows of motion, air and the past: columns that older tables lack.

Tables come in with their dates as days since 1970 (NaN for none), matplotlib's own numbers.
"""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from catalogs.records import Volcano
from tasks.judge.amount_words import amount_words
from tasks.judge.past_words import is_young, past_span
from tasks.pictures.figures import BLUE, GREY, PALE_BLUE, PALE_GREY

_DISTURBED: Final = 0.5
"""Probability of disturbed air from which a date is marked."""

_LOOKED_BACK: Final = 200
"""Dates in which the words look for the end of an episode: a rate has fewer in its window."""

_OF_THE_PAST: Final = ("past_dates", "past_first", "past_last")
_LEAST_REACH: Final = 0.3  # mm a day, of the axis: noise is not to look like motion
_ROOM: Final = 1.25


def has_rates(days: pd.DataFrame) -> bool:
    """Return whether any date has a rate."""
    return "rate_mm_per_day" in days and bool(days["rate_mm_per_day"].notna().any())


def draw_rate(axes: Axes, days: pd.DataFrame) -> None:
    """Draw the rate of each date with its 95 % interval, and a cross where the air is disturbed."""
    known = days[days["rate_mm_per_day"].notna()]
    rate = known["rate_mm_per_day"]
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    axes.vlines(
        known["date"], known["rate_low"], known["rate_high"], color=PALE_BLUE, linewidth=3.0
    )
    axes.plot(known["date"], rate, ".", color=BLUE, markersize=7)
    ends = np.abs(known[["rate_low", "rate_high"]].to_numpy(dtype=float))
    usual = float(np.nanquantile(ends, 0.95)) if np.isfinite(ends).any() else 0.0
    reach = _ROOM * max(_LEAST_REACH, float(np.nanmax(np.abs(rate))), usual)
    axes.set(ylim=(-reach, reach), ylabel="mm a day\n(LOS)")
    disturbed = known[known["air_disturbed"] >= _DISTURBED]
    axes.plot(
        disturbed["date"],
        np.full(len(disturbed), 0.85 * reach),
        "x",
        color="black",
        markersize=6,
        markeredgewidth=1.5,
    )
    axes.grid(axis="y", color=PALE_GREY)
    axes.text(
        0.004, 0.03, "rate of the place that moves most, up is towards the satellite; x: the air "
        "over this date is disturbed",
        transform=axes.transAxes, fontsize=7.5, color=GREY, va="bottom",
    )  # fmt: skip


def motion_words(volcano: Volcano, dates: pd.DataFrame) -> tuple[str, ...]:
    """Return the last date's rate and displacement in words, a line each, as its page says them.

    Parameters
    ----------
    volcano
        From whose summit places are told.
    dates
        The dates table, in order of time.
    """
    newest = dates.iloc[-_LOOKED_BACK:].astype(object)
    rows = newest.where(newest.notna(), None).to_dict("records")
    return amount_words(volcano, [{str(key): row[key] for key in row} for row in rows])


def past_words(days: pd.DataFrame) -> str:
    """Return what of the volcano's own past is known on the last date; empty of older tables."""
    if days.empty or "past_dates" not in days:
        return ""
    last = days.iloc[-1]
    row = {name: None if pd.isna(last[name]) else last[name] for name in _OF_THE_PAST}
    span = past_span(row)
    if not span:
        return "own past: none yet"
    return f"own past: {span}{' (young)' if is_young(row) else ''}"
