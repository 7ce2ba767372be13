"""The series of a volcano as a chart inside a page: against its own past, in the page's colours.

Matplotlib draws it as SVG with colours that stand for those of the page, which are put in
afterwards: so one chart is right in light and in dark.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import logit

from insar_models.detectors.protocol import Detector
from insar_models.onset.scored_pair import quiet_of
from tasks.judge.past_words import is_young, usual_words
from tasks.site.facts import VolcanoFacts
from tasks.site.state_words import MEASURED, Measured

_FEW_DAYS: Final = 300
_SHOWN_DAYS: Final = 800  # of more, a date would be a hair; the band below shows all of them
_INK, _FAINT, _BAND, _LINE = "#010101", "#020202", "#030303", "#040404"
_OF_STATES: Final = {
    "quiet": "#050505", "watch": "#060606", "unrest": "#070707",
    "no data": "#080808", "unknown": "#090909", "masked": "#0a0a0a",
}  # fmt: skip
_COLOURS: Final = {
    _INK: "var(--ink)", _FAINT: "var(--faint)", _BAND: "var(--past)", _LINE: "var(--line)",
    _OF_STATES["quiet"]: "var(--quiet-mark)", _OF_STATES["watch"]: "var(--watch-mark)",
    _OF_STATES["unrest"]: "var(--unrest-mark)", _OF_STATES["no data"]: "var(--none-mark)",
    _OF_STATES["unknown"]: "var(--none-mark)", _OF_STATES["masked"]: "var(--none-mark)",
    "#0b0b0b": "var(--quiet)", "#0c0c0c": "var(--watch)", "#0d0d0d": "var(--unrest)",
}  # fmt: skip
_IN_THE_BAND: Final = {**_OF_STATES, "quiet": "#0b0b0b", "watch": "#0c0c0c", "unrest": "#0d0d0d"}
"""There no shape tells the states, but light and dark do, as in the box at the top of the page."""
_MARKERS: Final = {
    "quiet": "o", "watch": "D", "unrest": "^", "no data": "x", "unknown": "x", "masked": "x",
}  # fmt: skip
_STYLE: Final = {
    "svg.fonttype": "none", "svg.hashsalt": "fringewatch", "font.size": 9, "path.simplify": False,
    "axes.edgecolor": _FAINT, "axes.labelcolor": _INK, "text.color": _INK,
    "xtick.color": _INK, "ytick.color": _INK, "axes.linewidth": 0.8,
}  # fmt: skip
_OPENING: Final = (
    r'<svg viewBox="\1" role="img" aria-label="Probability, scores and state by date: the table '
    r'below has the same numbers">'
)
_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_SUREST: Final = 1e-9
_WORST_DEVIATIONS: Final = 8.0


@dataclass(frozen=True)
class Series:
    """A chart, and what it says."""

    svg: str
    """One element; empty where there is nothing to draw."""
    words: tuple[str, ...]
    """What a person should see in it, a sentence each."""


def draw_series(facts: VolcanoFacts, model: Detector | None) -> Series:
    """Return the chart of a volcano's dates: probability, scores, what was measured.

    Parameters
    ----------
    facts
        Of the volcano.
    model
        That scored its pairs; without it the scores are not held against all quiet ground.
    """
    if facts.dates.empty:
        return Series("", ())
    last = pd.Timestamp(facts.dates["date"].iloc[-1])
    days = facts.dates.assign(date=pd.to_datetime(facts.dates["date"]))
    recent = days[days["date"] >= last - pd.Timedelta(days=_SHOWN_DAYS)]
    deviations = pair_deviations(facts.interferograms, model)
    measured = [one for one in MEASURED if one.name in days and recent[one.name].notna().any()]
    panels = 1 + (deviations is not None) + len(measured)
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]  # its names are a literal type
        height = 0.75 + 1.3 * panels
        figure = Figure(figsize=(8.4, height))
        FigureCanvasSVG(figure)
        grid = {"left": 0.07, "right": 0.99, "top": 0.985, "bottom": 0.28 / height, "hspace": 0.22}
        axes = figure.subplots(
            panels + 1, 1, height_ratios=[1.3] * panels + [0.2], squeeze=False, gridspec_kw=grid
        )[:, 0].tolist()
        _draw_probability(axes[0], recent)
        if deviations is not None and model is not None:
            _draw_deviations(axes[1], facts.interferograms, deviations, recent)
            needed = threshold_deviations(model)
            axes[1].axhline(needed, color=_FAINT, linewidth=1, linestyle=":")
        for panel, one in zip(axes[panels - len(measured) : panels], measured, strict=True):
            _draw_measured(panel, recent, one)
        _draw_all_states(axes[panels], days)
        _show_dates(axes[:panels], recent, labelled=len(recent) < len(days))
        _show_dates(axes[panels:], days, labelled=True)
        content = io.StringIO()
        figure.savefig(content, format="svg", metadata=_NO_METADATA)
    return Series(_inline(content.getvalue()), tuple(_words(facts, deviations)))


def pair_deviations(
    interferograms: pd.DataFrame, model: Detector | None
) -> NDArray[np.float64] | None:
    """Return how far each pair's score is above all quiet ground, in its standard deviations.

    That is the scale of a volcano's past: see the columns ``past_centre`` and ``past_spread``.

    Parameters
    ----------
    interferograms
        The table of pairs.
    model
        That scored them; None gives None.
    """
    if model is None:
        return None
    own, neutral = (
        interferograms[name].to_numpy(dtype=float).clip(_SUREST, 1 - _SUREST)
        for name in ("probability", "threshold_probability")
    )
    quiet = quiet_of(model)
    found: NDArray[np.float64] = (logit(own) - logit(neutral) - quiet.centre) / quiet.spread
    return found


def threshold_deviations(model: Detector) -> float:
    """Return where the model's threshold lies on the same scale."""
    quiet = quiet_of(model)
    return -quiet.centre / quiet.spread


def _draw_probability(axes: Axes, days: pd.DataFrame) -> None:
    known = days[days["probability"].notna()]
    axes.plot(known["date"], known["probability"], color=_LINE, linewidth=1.2)
    if known["level"].equals(known["probability"]):
        needed = known["level_needed"]
        axes.step(known["date"], needed, where="mid", color=_FAINT, linewidth=1, linestyle="--")
    for state, marker in _MARKERS.items():
        chosen = days[days["state"] == state]
        heights = chosen["probability"].fillna(0.0)
        axes.plot(
            chosen["date"], heights, marker, color=_OF_STATES[state], markersize=5.5, linestyle=""
        )
    axes.set(ylim=(-0.06, 1.06), yticks=[0, 0.5, 1], ylabel="probability")


def _draw_deviations(
    axes: Axes, pairs: pd.DataFrame, deviations: NDArray[np.float64], days: pd.DataFrame
) -> None:
    middle, spread = days["past_centre"].astype(float), days["past_spread"].astype(float)
    axes.fill_between(
        days["date"], middle - 2 * spread, middle + 2 * spread, color=_BAND, linewidth=0, step="mid"
    )
    positive = pairs["positive"].eq(True).to_numpy()  # noqa: FBT003 - of pandas
    ends = pd.to_datetime(pairs["secondary_date"])
    shown = (ends >= days["date"].iloc[0]).to_numpy()
    height = deviations.clip(-_WORST_DEVIATIONS, _WORST_DEVIATIONS)
    for chosen, marker, colour in (
        (shown & ~positive, "o", _OF_STATES["quiet"]),
        (shown & positive, "^", _OF_STATES["unrest"]),
    ):
        axes.plot(ends[chosen], height[chosen], marker, color=colour, markersize=4, linestyle="")
    axes.set_ylabel("score of pairs")


def _draw_measured(axes: Axes, days: pd.DataFrame, measured: Measured) -> None:
    """Draw each date by itself: the next one may be of another place, and no line joins places."""
    if {measured.low, measured.high} <= set(days):
        low, high = (days[name].astype(float) for name in (measured.low, measured.high))
        axes.vlines(days["date"], low, high, color=_BAND, linewidth=4)
    heights = days[measured.name].astype(float)
    axes.plot(days["date"], heights, "o", color=_INK, markersize=3, linestyle="")
    axes.axhline(0, color=_FAINT, linewidth=0.8)
    axes.set_ylabel(measured.unit)


def _draw_all_states(axes: Axes, days: pd.DataFrame) -> None:
    gaps = (-days["date"].diff(-1)).dt.days.fillna(6).clip(upper=24)
    widths = pd.to_timedelta(gaps, unit="D")
    for state, colour in _IN_THE_BAND.items():
        chosen = days["state"] == state
        axes.barh(
            np.zeros(int(chosen.sum())), widths[chosen], left=days.loc[chosen, "date"], height=1.0,
            color=colour, linewidth=0,
        )  # fmt: skip
    axes.set(yticks=[], ylim=(-0.5, 0.5))
    axes.set_ylabel("state", rotation=0, ha="right", va="center")


def _show_dates(panels: Sequence[Axes], days: pd.DataFrame, *, labelled: bool) -> None:
    """Give panels one axis of dates; only the lowest says them, if any does."""
    start, end = days["date"].iloc[0], days["date"].iloc[-1]
    margin = pd.Timedelta(days=max(6.0, 0.02 * (end - start).days))
    form = "%Y-%m" if (end - start).days > _FEW_DAYS else "%Y-%m-%d"
    for number, panel in enumerate(panels):
        panel.set_xlim(start - margin, end + margin)
        panel.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=8))  # type: ignore[no-untyped-call]  # matplotlib's
        panel.xaxis.set_major_formatter(mdates.DateFormatter(form))  # type: ignore[no-untyped-call]  # too
        panel.tick_params(labelbottom=labelled and number == len(panels) - 1)
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)


def _words(facts: VolcanoFacts, deviations: NDArray[np.float64] | None) -> list[str]:
    newest = facts.newest
    if newest is None or newest["past_spread"] is None:
        return []
    usual = usual_words(newest)
    if deviations is None:
        return [usual]
    ends = facts.interferograms["secondary_date"].eq(newest["date"]).to_numpy()
    scored = deviations[ends & np.isfinite(deviations)]
    if not scored.size:
        return [usual, "No pair of the newest date has a score."]
    above = (scored.max() - newest["past_centre"]) / newest["past_spread"]
    side = "above" if above >= 0 else "below"
    known = "as far as that is known" if is_young(newest) else "here"
    if facts.is_old:
        known += ". That is old: nobody knows what it does now"
    return [
        usual,
        f"The strongest pair of {newest['date']} is {abs(above):.1f} standard deviations {side} "
        f"what is usual {known}.",
    ]


def _inline(text: str) -> str:
    """A whole SVG file as an element of a page, in the page's colours."""
    start = text.index("<svg")
    body = re.sub(r'^<svg [^>]*viewBox="([^"]*)"[^>]*>', _OPENING, text[start:])
    body = re.sub(r"<(style|metadata)\b.*?</\1>", "", body, flags=re.DOTALL)
    body = re.sub(r"font-family: [^;\"]*;?", "", body).replace("xlink:href", "href")
    for stand_in, colour in _COLOURS.items():
        body = body.replace(stand_in, colour)
    # The figure's and the axes' white ground: the page has its own.
    return re.sub(r"fill: #ffffff", "fill: none", body).strip()
