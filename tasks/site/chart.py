"""A chart of dates inside a page: panels one below the other, as SVG in the classes of the page.

Written by hand, for a page has a hundred numbers and a site five hundred pages: what draws figures
for print takes a second for each.
"""

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import escape

WIDTH: Final = 640.0
_LEFT, _RIGHT, _TOP, _GAP = 46.0, 632.0, 6.0, 14.0
_PANEL, _BAND, _LABEL = 92.0, 16.0, 18.0
_FEW_DAYS, _MOST_TICKS = 130, 8
_WIDEST: Final = 64.0
"""Of the words of a date."""

_STEPS_OF_DAYS: Final = (1, 2, 5, 10, 20, 30)
_STEPS_OF_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120)
_WHOLE_YEAR: Final = 12

Point = tuple[dt.date, float | None]
"""A date, and its value; None where there is none, which breaks a line."""

SHAPES: Final = {
    "dot": "M{x:g} {y:g}m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "diamond": "M{x:g} {y:g}m0-4 4 4-4 4-4-4z",
    "triangle": "M{x:g} {y:g}m0-4.5 4.2 7.5h-8.4z",
    "cross": "M{x:g} {y:g}m-3-3 6 6m0-6-6 6",
}
"""Path data of marks, which differ without colour, too."""


@dataclass(frozen=True)
class Dates:
    """The axis that panels share."""

    first: dt.date
    last: dt.date

    def x(self, day: dt.date, more_days: float = 0.0) -> float:
        """Return where a date lies, or so many days after it."""
        span = (self.last - self.first).days
        margin = max(6.0, 0.02 * span)
        share = ((day - self.first).days + more_days + margin) / (span + 2 * margin)
        return round(_LEFT + min(1.0, max(0.0, share)) * (_RIGHT - _LEFT), 1)

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Give places and words of a few round dates, as close as their words allow."""
        span = (self.last - self.first).days
        if span <= _FEW_DAYS:
            of_a_day = self.x(self.first, 1.0) - self.x(self.first)
            step = next(s for s in _STEPS_OF_DAYS if s * of_a_day > _WIDEST)
            for days in range(0, span + 1, step):
                yield self.x(self.first, days), f"{self.first + dt.timedelta(days=days)}"
            return
        months = range(_months_of(self.first) + (self.first.day > 1), _months_of(self.last) + 1)
        fitting = (s for s in _STEPS_OF_MONTHS if len(months) / s < _MOST_TICKS)
        step = next(fitting, _STEPS_OF_MONTHS[-1])
        for number in months:
            if number % step == 0:
                year, month = divmod(number, 12)
                words = f"{year}" if step >= _WHOLE_YEAR else f"{year}-{month + 1:02}"
                yield self.x(dt.date(year, month + 1, 1)), words


@dataclass
class Panel:
    """One panel: what is drawn in it lies below what is drawn later."""

    label: str
    dates: Dates
    low: float
    high: float
    """Ends of its axis."""
    ticks: Sequence[float] = ()
    """On it; without any it is a low band."""
    _drawn: list[str] = field(default_factory=list)

    @property
    def height(self) -> float:
        """How high it is, without words below it."""
        return _PANEL if self.ticks else _BAND

    def line(self, kind: str, points: Iterable[Point]) -> None:
        """Draw a line through values, of a class of the page."""
        self._path(kind, "".join(_through(self._placed(points))))

    def steps(self, kind: str, points: Sequence[Point]) -> None:
        """Draw a line whose values each hold half way to the next."""
        self.line(kind, _stepped(points))

    def ribbon(self, kind: str, lows: Sequence[Point], highs: Sequence[Point]) -> None:
        """Fill between two lines of the same dates; not where either has no value."""
        run: list[tuple[Point, Point]] = []
        for pair in (*zip(lows, highs, strict=True), None):
            if pair is not None and pair[0][1] is not None and pair[1][1] is not None:
                run.append(pair)
            elif run:
                edge = [low for low, _ in run] + [high for _, high in run[::-1]]
                self._path(kind, "".join(_through(self._placed(edge))) + "z")
                run = []

    def spans(self, kind: str, lows: Sequence[Point], highs: Sequence[Point]) -> None:
        """Draw an upright line from a low value to a high one of each date that has both."""
        self._path(
            kind,
            "".join(
                f"M{self.dates.x(day):g} {self.y(low):g}V{self.y(high):g}"
                for (day, low), (_, high) in zip(lows, highs, strict=True)
                if low is not None and high is not None
            ),
        )

    def marks(self, kind: str, shape: str, points: Iterable[Point]) -> None:
        """Put a mark on each value: one of `SHAPES`."""
        placed = (place for place in self._placed(points) if place is not None)
        self._path(kind, "".join(SHAPES[shape].format(x=x, y=y) for x, y in placed))

    def rule(self, kind: str, value: float) -> None:
        """Draw a level line from end to end."""
        self._path(kind, f"M{_LEFT:g} {self.y(value):g}H{_RIGHT:g}")

    def bars(self, kind: str, spans: Iterable[tuple[dt.date, float]]) -> None:
        """Fill the panel's height from each date on, for so many days."""
        self._path(
            kind,
            "".join(
                f"M{self.dates.x(day):g} 0H{self.dates.x(day, days):g}v{self.height:g}"
                f"H{self.dates.x(day):g}z"
                for day, days in spans
            ),
        )

    def y(self, value: float) -> float:
        """Return where a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return round((1.0 - min(1.0, max(0.0, share))) * self.height, 1)

    def svg(self, *, with_dates: bool) -> str:
        """Return the panel with its axes, its upper edge at 0; only some say their dates."""
        bottom = self.height
        axes = f"M{_LEFT:g} 0V{bottom:g}H{_RIGHT:g}"
        said = []
        for tick in self.ticks:
            axes += f"M{_LEFT - 4:g} {self.y(tick):g}h4"
            said.append(f'<text x="{_LEFT - 7:g}" y="{self.y(tick) + 3.3:g}">{tick:g}</text>')
        for x, words in self.dates.ticks():
            axes += f"M{x:g} {bottom:g}v4"
            if with_dates:
                said.append(f'<text x="{x:g}" y="{bottom + 14:g}" class="day">{words}</text>')
        middle = bottom / 2
        turned = (
            f'<text transform="translate(10 {middle:g})rotate(-90)" class="day">{self.label}</text>'
            if self.ticks
            else f'<text x="{_LEFT - 7:g}" y="{middle + 3.3:g}">{self.label}</text>'
        )
        return "".join([*self._drawn, f'<path class="axes" d="{axes}"/>', *said, turned])

    def _path(self, kind: str, data: str) -> None:
        if data:
            self._drawn.append(f'<path class="{kind}" d="{data}"/>')

    def _placed(self, points: Iterable[Point]) -> Iterator[tuple[float, float] | None]:
        for day, value in points:
            yield None if value is None else (self.dates.x(day), self.y(value))


def stacked(panels: Sequence[Panel], with_dates: Sequence[Panel], label: str) -> str:
    """Return panels one below the other as one element.

    Parameters
    ----------
    panels
        Top down.
    with_dates
        Those of them that say their dates below.
    label
        What the chart is, for who cannot see it.
    """
    top, parts = _TOP, []
    for panel in panels:
        says_dates = any(panel is one for one in with_dates)
        body = panel.svg(with_dates=says_dates)
        parts.append(f'<g transform="translate(0 {top:g})">{body}</g>')
        top += panel.height + (_LABEL if says_dates else 0.0) + _GAP
    height = top - _GAP + 4.0
    opening = f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(label)}">'
    return "".join([opening, *parts, "</svg>"])


def round_ticks(low: float, high: float) -> list[float]:
    """Return two to five round numbers between two others.

    >>> round_ticks(-1.2, 8.3)
    [0.0, 5.0]
    >>> round_ticks(-0.1, 0.35)
    [0.0, 0.2]
    >>> round_ticks(-1.85, 1.8)
    [-1.0, 0.0, 1.0]
    """
    unit = 10.0 ** math.floor(math.log10(max(high - low, 1e-9) / 2))
    for step in (5 * unit, 2 * unit, unit):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last > first:
            break
    return [round(number * step, 9) for number in range(first, last + 1)]


def _through(places: Iterable[tuple[float, float] | None]) -> Iterator[str]:
    """Path data through places; a gap begins anew."""
    begins = True
    for place in places:
        if place is not None:
            yield f"{'M' if begins else 'L'}{place[0]:g} {place[1]:g}"
        begins = place is None


def _stepped(points: Sequence[Point]) -> Iterator[Point]:
    for number, (day, value) in enumerate(points):
        if number:
            yield _half_way(points[number - 1][0], day), value
        yield day, value
        if number + 1 < len(points):
            yield _half_way(day, points[number + 1][0]), value


def _half_way(first: dt.date, second: dt.date) -> dt.date:
    return first + (second - first) / 2


def _months_of(day: dt.date) -> int:
    return day.year * 12 + day.month - 1
