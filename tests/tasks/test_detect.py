import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs.place import Folder
from catalogs.tables import DATES, write_table
from catalogs.volcanoes import find_volcano
from tasks.detect import daily_states

TAAL = find_volcano("taal")


def day(number: int) -> dt.date:
    return dt.date(2020, 1, 1) + dt.timedelta(days=6 * number)


def interferograms(dates: Sequence[Sequence[bool | None]]) -> pd.DataFrame:
    """One row for each verdict; None is a pair that could not be scored."""
    rows = [
        {
            "frame": f"frame-{place % 2}",
            "secondary_date": day(number),
            "score": np.nan if verdict is None else (2.0 if verdict else -2.0) + place / 10,
            "probability": np.nan if verdict is None else (0.9 if verdict else 0.1),
            "positive": verdict,
            "peak_latitude": 14.0 + place,
            "peak_longitude": 121.0,
        }
        for number, verdicts in enumerate(dates)
        for place, verdict in enumerate(verdicts)
    ]
    columns = ["frame", "secondary_date", "score", "probability", "positive", "peak_latitude",
               "peak_longitude"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([True, True], "unrest"),
        ([True, True, False, False], "unrest"),
        ([True, True, False, False, False], "watch"),
        ([True], "watch"),
        ([True, False], "watch"),
        ([False], "quiet"),
        ([False, False, None], "quiet"),
        ([None], "no data"),
        ([True, True, None, None, None], "unrest"),
    ],
)
def test_the_state_of_a_date(verdicts: list[bool | None], state: str) -> None:
    table = daily_states(interferograms([verdicts]), TAAL, "model", [])
    assert table["state"].tolist() == [state]
    assert table["pairs"].tolist() == [sum(verdict is not None for verdict in verdicts)]


def test_an_episode_runs_until_the_first_quiet_date() -> None:
    verdicts: list[list[bool | None]] = [
        [False],
        [True, True],
        [True],
        [None],
        [True, True],
        [False],
        [True],
        [True, True],
    ]
    table = daily_states(interferograms(verdicts), TAAL, "model", [])
    since = [None, day(1), day(1), day(1), day(1), None, None, day(7)]
    assert [None if pd.isna(value) else value for value in table["since"]] == since


def test_a_date_that_was_tried_in_vain_is_no_data_and_not_quiet() -> None:
    table = daily_states(interferograms([[False]]), TAAL, "model", [day(0), day(1)])
    assert table["state"].tolist() == ["quiet", "no data"]
    assert table["pairs"].tolist() == [1, 0]
    assert table["frames"].tolist() == ["frame-0", ""]


def test_the_place_is_that_of_the_strongest_positive_pair() -> None:
    table = daily_states(interferograms([[True, True, False], [False]]), TAAL, "model", [])
    assert table["peak_latitude"][0] == 15.0
    assert np.isnan(table["peak_latitude"][1])
    assert table["probability"][0] == pytest.approx(0.9)
    assert table["frames"][0] == "frame-0 frame-1"


def test_the_rows_fit_the_schema(tmp_path: Path) -> None:
    table = daily_states(interferograms([[True, True], [None]]), TAAL, "model", [day(3)])
    assert write_table(DATES, table, Folder(tmp_path))
    empty = daily_states(interferograms([]), TAAL, "model", [])
    assert empty.empty
    assert list(empty.columns) == [column.name for column in DATES.columns]
