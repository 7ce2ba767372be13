import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation
from PIL import Image

from catalogs.storage.place import Place
from fringewatch.errors import BadInputError
from tasks.pictures.figures import QUIET, QUIET_MARK, UNREST, WATCH, new_figure
from tasks.pictures.timeline import draw_timeline
from tasks.pictures.timeline_panels import bar_lanes, draw_probability, mark_episodes
from tasks.pictures.timeline_states import (
    STATES,
    block_days,
    draw_headline,
    draw_states,
    mark_no_data,
)
from tasks.site.rendering import template_text
from tests.storage import folder_of

FIRST = dt.date(2021, 1, 6)
UNREST_FROM, UNREST_TO = 8, 12


def _day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=6 * number)


def _pairs(count: int = 16, frames: Sequence[str] = ("155D_02579_100800",)) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for frame in frames:
        for number in range(count):
            for steps in (1, 2):
                hit = number < UNREST_TO and number + steps >= UNREST_FROM
                rows.append(
                    {
                        "volcano": "fagradalsfjall",
                        "frame": frame,
                        "primary_date": _day(number),
                        "secondary_date": _day(number + steps),
                        "days": 6 * steps,
                        "probability": 0.9 if hit else 0.1,
                        "positive": hit,
                        "left_out": None,
                    }
                )
    columns = ["volcano", "frame", "primary_date", "secondary_date", "days", "probability",
               "positive", "left_out"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _dates(states: Sequence[str]) -> pd.DataFrame:
    since: dt.date | None = None
    rows: list[dict[str, Any]] = []
    for number, state in enumerate(states, start=1):
        since = (since or _day(number)) if state == "unrest" else since
        since = None if state == "quiet" else since
        probability = {"quiet": 0.1, "watch": 0.5, "unrest": 0.9, "no data": np.nan}[state]
        rows.append(
            {
                "volcano": "fagradalsfjall",
                "date": _day(number),
                "probability": probability,
                "state": state,
                "since": since,
                "method": "rule",
                "model": "baseline-0",
                "first_state": state,
                "first_model": "baseline-0",
                "revised": False,
            }
        )
    columns = ["volcano", "date", "probability", "state", "since", "method", "model",
               "first_state", "first_model", "revised"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


ALL_STATES = [*["quiet"] * 6, "watch", "unrest", "unrest", "no data", "unrest", *["quiet"] * 4]


def _pixels_of(place: Place, colour: str) -> int:
    image = np.asarray(Image.open(io.BytesIO(place.read())).convert("RGB")).astype(int)
    wanted = np.rint(np.array(to_rgb(colour)) * 255)
    return int((np.abs(image - wanted).max(axis=-1) <= 2).sum())


def test_the_timeline_shows_every_state(here: Place) -> None:
    path = draw_timeline(_dates(ALL_STATES), _pairs(), here / "new" / "t.png", "Fagradalsfjall")
    with Image.open(io.BytesIO(path.read())) as image:
        assert image.format == "PNG"
        assert image.size == (1200, 600)
    for colour in (QUIET, WATCH, UNREST):
        assert _pixels_of(path, colour) > 200
    assert [entry.name for entry in folder_of(path.parent).iterdir()] == ["t.png"]


@pytest.mark.parametrize(
    ("state", "since", "words"),
    [
        ("quiet", np.nan, "1970-01-11: QUIET"),
        ("unrest", 4.0, "1970-01-11: UNREST since 1970-01-05"),
        ("no data", 4.0, "1970-01-11: NO DATA (in unrest since 1970-01-05)"),
        ("watch", np.nan, "1970-01-11: WATCH"),
    ],
)
def test_the_headline_is_the_state_of_the_last_date(state: str, since: float, words: str) -> None:
    figure = new_figure(400, 200)
    days = pd.DataFrame({"date": [0.0, 10.0], "state": ["unrest", state], "since": [0.0, since]})
    draw_headline(figure, days)
    assert [text.get_text() for text in figure.texts] == [words]


def _band_colours(days: pd.DataFrame) -> dict[float, list[str]]:
    """The colours of each band of the states' panel, by the height of its middle."""
    axes = new_figure(400, 200).add_subplot()
    draw_states(axes, _numbered(days))
    found: dict[float, list[str]] = {}
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    for patch in sorted(bars, key=Rectangle.get_x):
        middle = round(patch.get_y() + patch.get_height() / 2, 2)
        found.setdefault(middle, []).append(to_hex(patch.get_facecolor()).upper())
    return found


def _numbered(days: pd.DataFrame) -> pd.DataFrame:
    return days.assign(date=[(date - FIRST).days for date in days["date"]])


def test_what_was_first_said_lies_below_what_is_said_now() -> None:
    days = _dates(["quiet", "unrest", "quiet"])
    assert list(_band_colours(days).values()) == [[QUIET, UNREST, QUIET]]
    days.loc[1, "first_state"], days.loc[1, "revised"] = "watch", True
    first, now = (colours for _, colours in sorted(_band_colours(days).items()))
    assert now == [QUIET, UNREST, QUIET]
    assert first == [QUIET, WATCH, QUIET]


def test_dates_without_data_are_shaded_and_break_the_line() -> None:
    days = _numbered(_dates(["quiet", "no data", "quiet"]))
    axes = new_figure(400, 200).add_subplot()
    draw_probability(axes, days, _pairs(1).assign(secondary_date=0.0))
    heights = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
    (of_dates,) = [height for height in heights if len(height) == len(days)]
    assert np.isnan(of_dates).tolist() == [False, True, False]
    before = len(axes.patches)
    mark_no_data((axes,), days)
    (shade,) = axes.patches[before:]
    assert isinstance(shade, Rectangle)
    assert (shade.get_x(), shade.get_width()) == (days["date"][1], 6)


def test_the_line_joins_no_dates_over_a_silence() -> None:
    days = _numbered(_dates(["quiet", "quiet", "quiet"]))
    days["date"] += np.array([0.0, 0.0, 60.0])
    axes = new_figure(400, 200).add_subplot()
    draw_probability(axes, days, _pairs(1).assign(secondary_date=0.0))
    lines = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
    assert [False, False, True, False] in [np.isnan(line).tolist() for line in lines]


def test_revisions_and_older_models_are_said_in_the_picture(here: Place) -> None:
    plain = draw_timeline(_dates(ALL_STATES), _pairs(), here / "plain.png", "x")
    dates = _dates(ALL_STATES)
    dates.loc[3, "first_model"] = "older"
    other_model = draw_timeline(dates, _pairs(), here / "model.png", "x")
    dates.loc[3, "revised"], dates.loc[3, "first_state"] = True, "watch"
    revised = draw_timeline(dates, _pairs(), here / "revised.png", "x")
    assert len({plain.read(), other_model.read(), revised.read()}) == 3
    assert _pixels_of(revised, WATCH) > _pixels_of(plain, WATCH) + 100


def test_of_a_long_history_the_newest_part_and_an_overview_are_drawn(here: Place) -> None:
    """An episode of long ago is in the overview alone."""
    states = ["quiet"] * 10 + ["unrest"] * 20 + ["quiet"] * 170
    path = draw_timeline(_dates(states), _pairs(0), here / "long.png", "Long")
    calm = draw_timeline(_dates(["quiet"] * 200), _pairs(0), here / "calm.png", "Long")
    assert _pixels_of(path, UNREST) > _pixels_of(calm, UNREST) + 300
    image = np.asarray(Image.open(io.BytesIO(path.read())).convert("RGB")).astype(int)
    panels = image[100:440, 150:1180]
    assert not (np.abs(panels - np.rint(np.array(to_rgb(UNREST)) * 255)).max(-1) <= 2).any()


def test_an_episode_that_began_before_the_panels_is_named_at_their_edge() -> None:
    panel = new_figure(400, 200).add_subplot()
    panel.set_xlim(100, 200)
    days = {"date": [90.0, 150.0], "since": [20.0, 150.0], "state": ["unrest", "unrest"]}
    mark_episodes((panel,), pd.DataFrame(days))
    assert [text.xy[0] for text in panel.texts if isinstance(text, Annotation)] == [100, 150]
    assert len(panel.lines) == 1


@pytest.mark.parametrize(
    ("states", "words", "lines"),
    [
        (["unrest", "unrest"], "unrest since 1970-01-11", 1),
        (["unrest", "watch"], "unrest since 1970-01-11", 1),
        (["unrest", "quiet", "quiet"], "unrest since 1970-01-11, ended 1970-01-21", 2),
        (["unrest", "no data", "quiet"], "unrest since 1970-01-11, ended 1970-01-31", 2),
        (["unrest", "unknown"], "unrest since 1970-01-11, not seen to end", 1),
    ],
)
def test_an_episode_says_when_it_ended(states: list[str], words: str, lines: int) -> None:
    panel = new_figure(400, 200).add_subplot()
    panel.set_xlim(0, 100)
    days = pd.DataFrame({"date": [10.0 * (1 + n) for n in range(len(states))], "state": states})
    mark_episodes((panel,), days.assign(since=[_since_of(state) for state in states]))
    assert [text.get_text() for text in panel.texts] == [words]
    assert len(panel.lines) == lines


def _since_of(state: str) -> float:
    return 10.0 if state in {"unrest", "watch", "no data"} else np.nan


def test_pictures_have_the_colours_of_the_pages() -> None:
    style = template_text("style.css")
    light = style[: style.index("@media")]
    for name, colour in (("quiet", QUIET), ("watch", WATCH), ("unrest", UNREST)):
        assert f"--{name}:{colour.lower()};" in light
        assert STATES[name]["facecolor"] == colour
    assert f"--quiet-mark:{QUIET_MARK.lower()};" in light
    # Whoever sees no colour tells watch from unrest, also in print.
    shades = [np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)) for colour in (WATCH, UNREST)]
    assert shades[0] > 2.5 * shades[1]
    hatches = [style.get("hatch", "") for style in STATES.values()]
    assert len(set(hatches) - {""}) == len(STATES) - 2


def test_a_quiet_volcano_shows_no_alarm(here: Place) -> None:
    """Only the legend has the colour of unrest."""
    quiet = _pairs().assign(positive=False, probability=0.1)
    calm = draw_timeline(_dates(["quiet"] * 15), quiet, here / "q.png", "Quiet")
    alarm = draw_timeline(_dates(ALL_STATES), _pairs(), here / "a.png", "Alarm")
    assert _pixels_of(calm, UNREST) < 600
    assert _pixels_of(alarm, UNREST) > 10 * _pixels_of(calm, UNREST)


def test_the_same_tables_give_the_same_bytes(here: Place) -> None:
    dates, pairs = _dates(ALL_STATES), _pairs()
    one, two = (
        draw_timeline(dates, pairs, here / name, "Same", "a footnote") for name in ("1", "2")
    )
    assert one.read() == two.read()
    with Image.open(io.BytesIO(one.read())) as image:
        assert set(image.info) <= {"dpi"}  # no time, no version


def test_the_order_of_the_rows_does_not_matter(here: Place) -> None:
    dates, pairs = _dates(ALL_STATES), _pairs()
    one = draw_timeline(dates, pairs, here / "1", "Same")
    two = draw_timeline(dates.iloc[::-1], pairs, here / "2", "Same")
    assert one.read() == two.read()


@pytest.mark.parametrize("unit", ["dates", "datetime64", "UTC"])
def test_dates_may_come_in_any_form(here: Place, unit: str) -> None:
    dates, pairs = _dates(ALL_STATES), _pairs()
    expected = draw_timeline(dates, pairs, here / "expected", "Same").read()
    if unit != "dates":
        for table, columns in (
            (dates, ["date", "since"]),
            (pairs, ["primary_date", "secondary_date"]),
        ):
            for column in columns:
                table[column] = pd.to_datetime(table[column], utc=unit == "UTC")
    assert draw_timeline(dates, pairs, here / "other", "Same").read() == expected


@pytest.mark.parametrize(
    ("states", "pairs"),
    [
        ([], 0),
        (["quiet"], 0),
        ([], 3),
        (["unrest"], 1),
        (["no data"], 0),
        (["no data", "no data"], 2),
    ],
)
def test_little_or_nothing_can_be_drawn(here: Place, states: list[str], pairs: int) -> None:
    table = _pairs().iloc[:pairs]
    path = draw_timeline(_dates(states), table, here / "t.png", "Little")
    with Image.open(io.BytesIO(path.read())) as image:
        assert image.size == (1200, 600)
        assert np.asarray(image.convert("L")).min() < 100


def test_pairs_without_a_score_are_drawn(here: Place) -> None:
    pairs = _pairs().assign(probability=np.nan, positive=None)
    path = draw_timeline(_dates(["no data"] * 5), pairs, here / "t.png", "No score")
    assert path.is_file()


def test_many_frames_and_episodes_can_be_drawn(here: Place) -> None:
    frames = ["155D_02579_100800", "155D_02484_191814", "016A_02562_091313", "016A_02504_162118"]
    states = ["quiet", "unrest", "unrest", "quiet"] * 4
    path = draw_timeline(_dates(states), _pairs(16, frames), here / "t.png", "Many")
    assert _pixels_of(path, UNREST) > 5_000


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=40))
def test_no_bar_covers_another(spans: list[tuple[int, int]]) -> None:
    pairs = pd.DataFrame(
        {
            "primary_date": [float(start) for start, _ in spans],
            "secondary_date": [float(start + days) for start, days in spans],
            "days": [days for _, days in spans],
        }
    )
    lanes = bar_lanes(pairs)
    assert lanes.index.equals(pairs.index)
    for _, lane in pairs.groupby(lanes):
        ordered = lane.sort_values("primary_date")
        ends, starts = ordered["secondary_date"].to_numpy(), ordered["primary_date"].to_numpy()
        assert np.all(ends[:-1] <= starts[1:])


def test_a_state_lasts_to_the_next_date_but_not_over_a_gap() -> None:
    days = pd.DataFrame({"date": [0.0, 6.0, 12.0, 300.0]})
    assert block_days(days).tolist() == [6.0, 6.0, 24.0, 6.0]
    assert block_days(days.iloc[:1]).tolist() == [6.0]


@pytest.mark.parametrize(
    ("table", "column"), [("dates", "since"), ("interferograms", "probability")]
)
def test_a_missing_column_is_said(here: Place, table: str, column: str) -> None:
    tables = {"dates": _dates(ALL_STATES), "interferograms": _pairs()}
    tables[table] = tables[table].drop(columns=column)
    with pytest.raises(BadInputError, match=f"the {table} table has no column {column}"):
        draw_timeline(tables["dates"], tables["interferograms"], here / "t.png", "x")
    assert not here.children()


def test_an_unknown_state_is_said(here: Place) -> None:
    dates = _dates(["quiet"]).assign(state="alarm")
    with pytest.raises(BadInputError, match="no such state: alarm"):
        draw_timeline(dates, _pairs(), here / "t.png", "x")


def test_two_volcanoes_are_refused(here: Place) -> None:
    pairs = _pairs().assign(volcano="taal")
    with pytest.raises(BadInputError, match="not fagradalsfjall, taal"):
        draw_timeline(_dates(ALL_STATES), pairs, here / "t.png", "x")


@pytest.mark.parametrize("value", ["soon", object()])
def test_a_date_that_is_none_is_said(here: Place, value: object) -> None:
    pairs = _pairs(1)
    pairs["primary_date"] = pd.Series([value] * len(pairs), dtype=object)
    with pytest.raises(BadInputError, match="primary_date"):
        draw_timeline(_dates(["quiet"]), pairs, here / "t.png", "x")
