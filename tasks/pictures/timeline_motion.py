"""What the timeline shows of motion, air and the past: columns that older tables lack.

Tables come in with their dates as days since 1970 (NaN for none), matplotlib's own numbers.
"""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tasks.pictures.figures import BLUE, GREY, PALE_BLUE, PALE_GREY

_DISTURBED: Final = 0.5
"""Probability of disturbed air from which a date is marked."""

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


def motion_words(days: pd.DataFrame) -> list[str]:
    """Return the last date's rate and displacement, and what of the past is known, in words."""
    if days.empty:
        return []
    last = days.iloc[-1]
    said = []
    if has_rates(days) and not np.isnan(last["rate_mm_per_day"]):
        said.append(
            f"{last['rate_mm_per_day']:+.2f} mm a day ({last['rate_low']:+.2f} to "
            f"{last['rate_high']:+.2f}), + is towards the satellite"
        )
    if "displacement_mm" in days and not np.isnan(last["displacement_mm"]):
        said.append(
            f"{last['displacement_mm']:+.0f} mm ({last['displacement_low_mm']:+.0f} to "
            f"{last['displacement_high_mm']:+.0f}) since the episode began"
        )
    if "past_dates" in days:
        said.append(_past_words(last))
    return said


def _past_words(last: pd.Series) -> str:
    if not last["past_dates"] or pd.isna(last["past_first"]):
        return "own past: none yet"
    return (
        f"own past: {last['past_dates']} dates, {last['past_first']} to {last['past_last']} "
        f"({last['past_centre']:+.1f}, spread {last['past_spread']:.1f})"
    )
