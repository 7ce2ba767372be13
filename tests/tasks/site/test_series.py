import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest

from catalogs.settings import Settings
from tasks.judge.models import model_of
from tasks.site.rendering import template_text
from tasks.site.series import draw_series, pair_deviations, threshold_deviations
from tests.tasks.site.made_facts import POSITIVE, date_of, day, facts_of, pair


def ten_years() -> list[dict[str, object]]:
    return [day(number, "watch" if number == 150 else "quiet") for number in range(300)]


def test_a_chart_is_an_element_in_the_colours_of_the_page() -> None:
    facts = facts_of(
        [day(1), day(2, "unrest"), day(3, "no data", probability=None, pairs=0)],
        [pair(0, 1), pair(1, 2, **POSITIVE)],
    )
    series = draw_series(facts, model_of(Settings()))
    root = ET.fromstring(series.svg)  # noqa: S314 - our own
    assert root.attrib["role"] == "img"
    style = template_text("style.css")
    classes = {path.attrib["class"] for path in root.iter("path")}
    assert {"axes", "line", "quiet", "unrest", "none"} <= classes
    for name in classes:
        assert f".chart .{name}{{" in style or f".chart .{name}," in style
    assert "style=" not in series.svg
    assert draw_series(facts, model_of(Settings())).svg == series.svg


def test_a_pair_at_the_threshold_lies_where_one_in_fifty_quiet_windows_does() -> None:
    model = model_of(Settings())
    assert threshold_deviations(model) == pytest.approx(2.05, abs=0.01)
    facts = facts_of([day(1)], [pair(0, 1, probability=0.05)])
    deviations = pair_deviations(facts.interferograms, model)
    assert deviations is not None
    assert deviations[0] == pytest.approx(2.05, abs=0.01)
    assert pair_deviations(facts.interferograms, None) is None


def test_a_line_joins_no_dates_over_what_nobody_knows() -> None:
    def lines(*days: dict[str, Any]) -> int:
        root = ET.fromstring(draw_series(facts_of(days), None).svg)  # noqa: S314 - our own
        (line,) = (path for path in root.iter("path") if path.attrib["class"] == "line")
        return line.attrib["d"].count("M")

    assert lines(day(1), day(2), day(3)) == 1
    assert lines(day(1), day(2, "no data", probability=None, pairs=0), day(3)) == 2
    assert lines(day(1), day(2), day(20)) == 2  # more than 48 days without a date


def test_a_pair_that_is_left_out_is_no_triangle() -> None:
    model, days = model_of(Settings()), [day(1, past_centre=1.05, past_spread=2.0)]
    out = {"left_out": "atmosphere (NS)"}
    facts = facts_of(days, [pair(0, 1), pair(-1, 1, **POSITIVE, **out)])
    series = draw_series(facts, model)
    classes = {path.attrib["class"] for path in ET.fromstring(series.svg).iter("path")}  # noqa: S314
    assert "unrest" not in classes
    assert "none" in classes
    # Nor is it the strongest of its date.
    assert series.words == draw_series(facts_of(days, [pair(0, 1)]), model).words


def test_the_newest_date_is_held_against_the_past() -> None:
    facts = facts_of([day(1, past_centre=1.05, past_spread=2.0)], [pair(0, 1, probability=0.05)])
    words = " ".join(draw_series(facts, model_of(Settings())).words)
    assert "CAUTION: its own past is young (3 dates, " in words
    assert "0.5 standard deviations above what is usual as far as that is known" in words
    one: dict[str, Any] = {"past_dates": 1, "past_first": date_of(0), "past_last": date_of(0)}
    words = " ".join(draw_series(facts_of([day(1, **one)]), None).words)
    assert f"young (1 date, {date_of(0)}). Quiet ground" in words
    old = facts_of([day(1, past_dates=6, past_last=date_of(6))], [pair(0, 1)])
    words = " ".join(draw_series(old, model_of(Settings())).words)
    assert f"Its own past is 6 dates, {date_of(0)} to {date_of(6)}." in words
    assert "what is usual here." in words
    young = facts_of([day(1, past_dates=0)], [pair(0, 1)])
    assert "no quiet past of its own" in " ".join(draw_series(young, None).words)


def test_no_dates_give_no_chart() -> None:
    assert draw_series(facts_of(), None).svg == ""


def test_a_long_history_is_drawn_whole_in_the_band_alone() -> None:
    series = draw_series(facts_of(ten_years()), None)
    assert len(series.svg) < 30_000
    first, last = date_of(0).year, date_of(299).year
    assert last - first > 8
    assert any(f">{year}<" in series.svg for year in range(first, last - 3))  # below the band


def test_what_was_measured_has_a_panel() -> None:
    facts = facts_of([day(1), day(2)])
    assert ">mm<" not in draw_series(facts, None).svg
    columns = ("displacement_mm", "displacement_low_mm", "displacement_high_mm")
    measured = replace(facts, dates=facts.dates.assign(**{key: [1.0, -2.5] for key in columns}))
    series = draw_series(measured, None)
    assert ">mm<" in series.svg
    assert series.measured == ("displacement, mm",)  # of a rate there is nothing to say
    # Two dates may mean two places: no line joins them.
    panel = series.svg.partition(">mm<")[0].rpartition("<g ")[2]
    assert 'class="known"' in panel
    assert 'class="line"' not in panel
