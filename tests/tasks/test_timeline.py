import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from PIL import Image

from catalogs.place import Folder, Place
from fringewatch.errors import BadInputError
from tasks.figures import ORANGE, PALE_BLUE, VERMILLION
from tasks.timeline import draw_timeline
from tasks.timeline_panels import bar_lanes, block_days, pair_kind
from tests.storage import folder_of

FIRST = dt.date(2021, 1, 6)
UNREST_FROM, UNREST_TO = 8, 12


@pytest.fixture
def here(tmp_path: Path) -> Place:
    return Folder(tmp_path)


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
                    }
                )
    return pd.DataFrame(rows)


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
            }
        )
    return pd.DataFrame(rows, columns=["volcano", "date", "probability", "state", "since"])


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
    for colour in (PALE_BLUE, ORANGE, VERMILLION):
        assert _pixels_of(path, colour) > 200
    assert [entry.name for entry in folder_of(path.parent).iterdir()] == ["t.png"]


def test_a_quiet_volcano_shows_no_alarm(here: Place) -> None:
    """Only the legend has the colour of unrest."""
    quiet = _pairs().assign(positive=False, probability=0.1)
    calm = draw_timeline(_dates(["quiet"] * 15), quiet, here / "q.png", "Quiet")
    alarm = draw_timeline(_dates(ALL_STATES), _pairs(), here / "a.png", "Alarm")
    assert _pixels_of(calm, VERMILLION) < 600
    assert _pixels_of(alarm, VERMILLION) > 10 * _pixels_of(calm, VERMILLION)


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
    assert _pixels_of(path, VERMILLION) > 5_000


def test_a_pair_is_positive_negative_or_not_scored() -> None:
    table = pd.DataFrame(
        {"probability": [0.9, 0.2, np.nan, 0.5], "positive": [True, False, True, None]}
    )
    assert pair_kind(table).tolist() == ["positive", "negative", "not scored", "not scored"]


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
