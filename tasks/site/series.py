"""The series of a volcano as a chart inside a page: against its own past, in the page's colours."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from insar_models.detectors.protocol import Detector
from insar_models.onset.scored_pair import quiet_of
from tasks.judge.pair_kinds import PairKind, kind_of
from tasks.judge.past_words import is_young, usual_words
from tasks.site.chart import Dates, Panel, Point, round_ticks, stacked
from tasks.site.facts import Row, VolcanoFacts
from tasks.site.state_words import MEASURED, Measured

_SHOWN_DAYS: Final = dt.timedelta(days=800)
"""Of more, a date would be a hair; the band below shows all of them."""

_MARKS: Final = {
    "quiet": ("quiet", "dot"), "watch": ("watch", "diamond"), "unrest": ("unrest", "triangle"),
    "no data": ("none", "cross"), "unknown": ("none", "cross"), "masked": ("none", "cross"),
}  # fmt: skip
"""Class and shape of the mark of each state."""

_PAIR_MARKS: Final = {
    PairKind.LEFT_OUT: ("none", "cross"),
    PairKind.NEGATIVE: ("quiet", "dot"),
    PairKind.POSITIVE: ("unrest", "triangle"),
}
"""The same of each kind of pair that has a score."""

_USUAL_DAYS, _LONGEST_DAYS = 6.0, 24.0
"""How long the band shows a state that nothing follows, and at most."""

_LABEL: Final = "Probability, scores and state by date: the table below has the same numbers"
_SUREST: Final = 1e-9
_WORST_DEVIATIONS: Final = 8.0


@dataclass(frozen=True)
class Series:
    """A chart, and what it says."""

    svg: str
    """One element; empty where there is nothing to draw."""
    words: tuple[str, ...]
    """What a person should see in it, a sentence each."""
    measured: tuple[str, ...] = ()
    """What its panels show below the scores, with units."""


def draw_series(facts: VolcanoFacts, model: Detector | None) -> Series:
    """Return the chart of a volcano's dates: probability, scores, what was measured.

    Parameters
    ----------
    facts
        Of the volcano.
    model
        That scored its pairs; without it the scores are not held against all quiet ground.
    """
    if not facts.days:
        return Series("", ())
    last = facts.days[-1]["date"]
    recent = [row for row in facts.days if row["date"] >= last - _SHOWN_DAYS]
    deviations = pair_deviations(facts.interferograms, model)
    axis = Dates(recent[0]["date"], last)
    panels = [_of_probability(axis, recent, facts.silence_days)]
    if deviations is not None and model is not None:
        panels.append(_of_scores(axis, facts, deviations, threshold_deviations(model)))
    shown = [
        measured
        for measured in MEASURED
        if any(row.get(measured.name) is not None for row in recent)
    ]
    panels += [_of_measured(axis, recent, measured) for measured in shown]
    band = _of_all_states(facts.days)
    # The band has dates of its own where it shows more; else those of all panels stand below it.
    with_dates = [band] if len(recent) == len(facts.days) else [panels[-1], band]
    svg = stacked([*panels, band], with_dates, _LABEL)
    names = (f"{one.name.partition('_')[0]}, {one.unit}" for one in shown)
    return Series(svg, tuple(_words(facts, deviations)), tuple(names))


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


def _of_probability(axis: Dates, days: Sequence[Row], silence_days: int) -> Panel:
    """The line is broken wherever nobody knows: at dates without data, and over a silence."""
    panel = Panel("probability", axis, -0.06, 1.06, (0, 0.5, 1))
    panel.line("line", _unbroken(days, "probability", silence_days))
    known = [row for row in days if row["probability"] is not None]
    if all(row["level"] == row["probability"] for row in known):  # else it needs something else
        panel.steps("needed", _unbroken(days, "level_needed", silence_days))
    for state, (kind, shape) in _MARKS.items():
        own = [row for row in days if row["state"] == state]
        panel.marks(kind, shape, [(row["date"], row["probability"] or 0.0) for row in own])
    return panel


def _of_scores(
    axis: Dates, facts: VolcanoFacts, deviations: NDArray[np.float64], needed: float
) -> Panel:
    past = [
        (row["date"], row["past_centre"], row["past_spread"] or 0.0)
        for row in facts.days
        if row["date"] >= axis.first
    ]
    lows, highs = (
        [(day, None if centre is None else centre + side * spread) for day, centre, spread in past]
        for side in (-2, 2)
    )
    heights = deviations.clip(-_WORST_DEVIATIONS, _WORST_DEVIATIONS).tolist()
    scored = [
        (kind_of(row), (row["secondary_date"], height))
        for row, height in zip(facts.pairs, heights, strict=True)
        if row["secondary_date"] >= axis.first and math.isfinite(height)
    ]
    panel = _fitted(
        "score of pairs", axis, [*lows, *highs, *(point for _, point in scored)], needed
    )
    panel.ribbon("past", lows, highs)
    panel.rule("threshold", needed)
    for kind, (style, shape) in _PAIR_MARKS.items():
        panel.marks(style, shape, [point for of, point in scored if of is kind])
    return panel


def _of_measured(axis: Dates, days: Sequence[Row], measured: Measured) -> Panel:
    """Each date by itself: the next one may be of another place, and no line joins places."""
    points = _points(days, measured.name)
    lows, highs = (
        [(row["date"], row.get(name)) for row in days] for name in (measured.low, measured.high)
    )
    panel = _fitted(measured.unit, axis, [*points, *lows, *highs], 0.0)
    panel.rule("zero", 0.0)
    panel.spans("span", lows, highs)
    panel.marks("known", "dot", points)
    return panel


def _of_all_states(days: Sequence[Row]) -> Panel:
    """A band: there no shape tells the states, but light, dark and hatching, as in the timeline."""
    panel = Panel("state", Dates(days[0]["date"], days[-1]["date"]), 0.0, 1.0)
    steps = [float((after["date"] - row["date"]).days) for row, after in pairwise(days)]
    lasting = [min(step, _LONGEST_DAYS) for step in (*steps, _USUAL_DAYS)]
    for state in _MARKS:
        own = zip(days, lasting, strict=True)
        panel.bars(
            f"{state.replace(' ', '-')}-band",
            [(row["date"], length) for row, length in own if row["state"] == state],
        )
    return panel


def _fitted(label: str, axis: Dates, points: Sequence[Point], level: float) -> Panel:
    """A panel whose axis holds all points, and a level."""
    values = [value for _, value in points if value is not None] + [level]
    margin = 0.06 * max(max(values) - min(values), 0.1)
    low, high = min(values) - margin, max(values) + margin
    return Panel(label, axis, low, high, round_ticks(low, high))


def _unbroken(days: Sequence[Row], column: str, silence_days: int) -> list[Point]:
    """Values by date, with points without value at both ends of each silence: they break a line."""
    points: list[Point] = []
    for row in days:
        if points and (row["date"] - points[-1][0]).days > silence_days:
            points += [(points[-1][0], None), (row["date"], None)]
        points.append((row["date"], row[column]))
    return points


def _points(days: Sequence[Row], column: str) -> list[Point]:
    return [(row["date"], row[column]) for row in days]


def _words(facts: VolcanoFacts, deviations: NDArray[np.float64] | None) -> list[str]:
    newest = facts.last_said
    if newest is None or newest["past_spread"] is None:
        return []
    usual = usual_words(newest)
    if deviations is None:
        return [usual]
    table = facts.interferograms
    counts = table["secondary_date"].eq(newest["date"]) & table["left_out"].isna()
    scored = deviations[counts.to_numpy() & np.isfinite(deviations)]
    if not scored.size:
        return [usual, f"No pair of {newest['date']} has a score."]
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
