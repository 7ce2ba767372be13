import datetime as dt
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from tasks.site.chart import Dates, Panel, round_ticks, stacked

FIRST = dt.date(2024, 1, 1)
AXIS = Dates(FIRST, dt.date(2024, 1, 21))


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def paths(panel: Panel) -> dict[str, str]:
    root = ET.fromstring(f"<g>{panel.svg(with_dates=False)}</g>")  # noqa: S314 - our own
    return {path.attrib["class"]: path.attrib["d"] for path in root.iter("path")}


def test_values_lie_between_the_ends_of_their_axis() -> None:
    panel = Panel("p", AXIS, 0.0, 1.0, (0, 1))
    assert panel.y(1.0) == 0.0
    assert panel.y(0.0) == panel.height
    assert panel.y(0.25) == pytest.approx(0.75 * panel.height)
    assert panel.y(9.0) == 0.0  # nothing leaves its panel
    places = [AXIS.x(day(number)) for number in range(21)]
    assert places == sorted(places)
    assert AXIS.x(day(400)) == AXIS.x(day(500))


def test_a_line_breaks_where_there_is_no_value() -> None:
    panel = Panel("p", AXIS, 0.0, 1.0, (0, 1))
    panel.line("line", [(day(0), 0.1), (day(2), None), (day(4), 0.2), (day(6), 0.3)])
    panel.ribbon("past", [(day(0), 0.0), (day(2), 0.1), (day(4), None)], [(day(0), 1.0)] * 3)
    panel.marks("quiet", "dot", [(day(0), 0.5), (day(2), None)])
    panel.spans("span", [(day(0), 0.1), (day(2), None)], [(day(0), 0.2), (day(2), 0.3)])
    found = paths(panel)
    assert found["line"].count("M") == 2
    assert found["past"].count("M") == 1
    assert found["past"].count("L") == 3
    assert found["quiet"].count("M") == 1
    assert found["span"].count("V") == 1


def test_nothing_is_drawn_of_nothing() -> None:
    panel = Panel("p", AXIS, 0.0, 1.0, (0, 1))
    panel.line("line", [(day(0), None)])
    panel.marks("quiet", "dot", [])
    assert set(paths(panel)) == {"axes"}


def test_steps_change_half_way() -> None:
    panel = Panel("p", AXIS, 0.0, 1.0, (0, 1))
    panel.steps("needed", [(day(0), 0.5), (day(10), 0.7)])
    assert paths(panel)["needed"].count(f"{AXIS.x(day(5)):g} ") == 2


@pytest.mark.parametrize("days", [1, 6, 100, 131, 400, 800, 4000, 20_000])
def test_dates_are_few_and_in_order(days: int) -> None:
    axis = Dates(FIRST, day(days))
    ticks = [*axis.ticks()]
    assert 1 <= len(ticks) <= 9
    assert ticks == sorted(ticks)
    assert all(46 <= x <= 632 for x, _ in ticks)
    apart = [after[0] - before[0] for before, after in pairwise(ticks)]
    assert min(apart, default=99.0) > 55.0 or len(ticks[0][1]) < 10


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-8, 8.5), (0.01, 0.02), (-130, 4), (3, 3)])
def test_round_numbers_lie_inside(low: float, high: float) -> None:
    ticks = round_ticks(low, high)
    assert 1 <= len(ticks) <= 6
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)


def test_panels_stand_below_each_other_and_words_are_escaped() -> None:
    panels = [Panel("p", AXIS, 0.0, 1.0, (0, 1)), Panel("state", AXIS, 0.0, 1.0)]
    svg = stacked(panels, panels[-1:], "a <chart>")
    root = ET.fromstring(svg)  # noqa: S314 - our own
    tops = [float(g.attrib["transform"].split()[1][:-1]) for g in root]
    assert tops[1] > tops[0] + panels[0].height
    assert float(root.attrib["viewBox"].split()[3]) > tops[1] + panels[1].height
    assert "a &lt;chart&gt;" in svg
    assert svg.count("2024-01-01") == 1
